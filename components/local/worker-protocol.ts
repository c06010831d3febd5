/** What the page asks of the worker, and what it answers. */
import type { Unlock } from "../../lib/shared/api.ts";
import type { Fault, LocalVerdict } from "./archive-problem.ts";
import type { Column } from "./cells.ts";
import type { LocalReport } from "./local-archive.ts";
import type { LocalContents } from "./local-archive-session.ts";

export interface ShownRow {
  /** In the table's array in the archive, from 1. */
  place: number;
  /** In the order of the columns, cut to what a cell can show. */
  cells: Array<string | null>;
}

export interface TableInfo {
  columns: Column[];
  rows: number;
}

/** Each method with its arguments and its result. */
export interface WorkerMethods {
  /** Looks at a file, and keeps it open where it is a backup that fits into memory. */
  open: {
    args: { file: Blob; maxBytes?: number };
    result: { report: LocalReport; isOpen: boolean };
  };
  unlock: { args: Unlock; result: LocalContents };
  verify: { args: null; result: LocalVerdict };
  /** Holds a table's rows, and lets go of those of any other. */
  openTable: { args: { index: number }; result: TableInfo };
  closeTable: { args: null; result: null };
  /** Rows of the open table; of those that were found, where there was a search. */
  rows: { args: { from: number; to: number; isFound: boolean }; result: ShownRow[] };
  /** One row's JSON, whole and indented. */
  row: { args: { place: number }; result: string };
  /** Finds rows; how many so far comes as progress. An empty query finds nothing. */
  search: { args: { query: string }; result: { found: number } };
  /** Places of the found rows. */
  foundPlaces: { args: { max: number }; result: number[] };
  csv: { args: { index: number; forSpreadsheet: boolean }; result: Blob };
}

export type WorkerProgress =
  | {
      type: "tables";
      /** What changed since the last time, by the table's place. */
      tables: Array<[index: number, state: TableState, rows: number, bytes: number]>;
    }
  | { type: "search"; found: number; scanned: number };

export type TableState = "waiting" | "running" | "done" | "damaged";

export type ToWorker =
  | {
      [Method in keyof WorkerMethods]: {
        id: number;
        method: Method;
        args: WorkerMethods[Method]["args"];
      };
    }[keyof WorkerMethods]
  | { cancel: number };

export type FromWorker =
  /** Said once, by itself: the browser let it start. */
  | { isReady: true }
  | { id: number; progress: WorkerProgress }
  | { id: number; result: unknown }
  | { id: number; failure: Failure };

export type Failure =
  | { name: "fault"; verdict: Fault }
  | { name: "cancelled" }
  | { name: "error"; message: string };
