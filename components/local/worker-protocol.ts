/** The requests from the page to the worker, and its answers. */
import type { Unlock } from "../../lib/shared/api.ts";
import type { Fault, LocalVerdict } from "./archive-problem.ts";
import type { Column } from "./cells.ts";
import type { LocalReport } from "./local-archive.ts";
import type { LocalContents } from "./local-archive-session.ts";

export interface ShownRow {
  /** Position in the table's array in the archive, from 1. */
  place: number;
  /** In the order of the columns, cut to the length that a cell can show. */
  cells: Array<string | null>;
}

export interface TableInfo {
  columns: Column[];
  rows: number;
}

/** Each method with its arguments and its result. */
export interface WorkerMethods {
  /** Inspects a file, and keeps it open if it is a backup that fits into memory. */
  open: {
    args: { file: Blob; maxBytes?: number };
    result: { report: LocalReport; isOpen: boolean };
  };
  unlock: { args: Unlock; result: LocalContents };
  verify: { args: null; result: LocalVerdict };
  /** Loads a table's rows, and frees those of any other table. */
  openTable: { args: { index: number }; result: TableInfo };
  closeTable: { args: null; result: null };
  /** Returns rows of the open table. With `isFound`, counts only the rows that the search found. */
  rows: { args: { from: number; to: number; isFound: boolean }; result: ShownRow[] };
  /** Returns one row's JSON, complete and indented. */
  row: { args: { place: number }; result: string };
  /** Searches rows. Reports the number found so far as progress. An empty query finds nothing. */
  search: { args: { query: string }; result: { found: number } };
  /** Positions of the found rows. */
  foundPlaces: { args: { max: number }; result: number[] };
  csv: { args: { index: number; forSpreadsheet: boolean }; result: Blob };
}

export type WorkerProgress =
  /** What has changed since the last report of a verification. */
  | { type: "tables"; tables: TableChange[] }
  /** Of the one table that is read. */
  | { type: "bytes"; bytes: number }
  | { type: "search"; found: number; scanned: number };

export type TableChange = [index: number, state: TableState, rows: number, bytes: number];

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
  /** Sent once when the worker starts, which shows that the browser allows it. */
  | { isReady: true }
  | { id: number; progress: WorkerProgress }
  | { id: number; result: unknown }
  | { id: number; failure: Failure };

export type Failure =
  | { name: "fault"; verdict: Fault }
  | { name: "cancelled" }
  | { name: "error"; message: string };
