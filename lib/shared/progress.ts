import type { TableName } from "./requests.ts";

/** State and figures of a table at one moment. */
export interface TableProgress extends TableName {
  /** The Prisma model, if one maps this table. */
  model: string | null;
  state: "waiting" | "running" | "done";
  /** Rows completed so far. */
  rows: number;
  totalRows: number;
  /** False if `totalRows` is the planner's estimate, because the table is too large to count first. */
  totalIsExact: boolean;
  /** Bytes of JSON completed so far. */
  bytes: number;
}

/** Makes the progress of a planned table before anything happens with it. */
export const waitingTable = (
  { schema, name, model }: TableName & { model: string | null },
  totalRows: number,
  totalIsExact = true,
): TableProgress => ({
  schema,
  name,
  model,
  state: "waiting",
  rows: 0,
  totalRows,
  totalIsExact,
  bytes: 0,
});

/**
 * The phases of an operation, in order.
 * backup: preparing, dumping, finishing.
 * check of an upload: verifying. restore: preparing, emptying, loading, constraints, sequences, committing.
 * rehearsal: preparing, emptying (makes copies of the tables), loading, constraints, sequences, comparing.
 */
export type Phase =
  | "preparing"
  | "dumping"
  | "finishing"
  | "verifying"
  | "emptying"
  | "loading"
  | "constraints"
  | "sequences"
  | "comparing"
  | "committing";

/**
 * What an operation does now. Each stage has its own phases and tables.
 * restore: check → (rehearsal) → wait for the start → (safety-backup) → restore. A backup has one stage, backup.
 */
export type Stage = "backup" | "check" | "rehearsal" | "safety-backup" | "restore";

/** The events that the pipelines report. Totals are planned first. `table` events are throttled by the sender. */
export type ProgressEvent =
  /** The tables and the phase are reset. */
  | { type: "stage"; stage: Stage }
  | { type: "planned"; tables: TableProgress[] }
  | { type: "phase"; phase: Phase }
  /** What the operation waits for (other sessions, a standby), in a sentence. Null: it continues. */
  | { type: "waiting"; waitsFor: string | null }
  /** `index` is the table's index in the planned list. Figures are absolute, not increments. */
  | { type: "table"; index: number; state: TableProgress["state"]; rows: number; bytes: number };

export type OnProgress = (event: ProgressEvent) => void;

/** The state that results from the events. */
export interface Progress {
  stage: Stage;
  phase: Phase;
  tables: TableProgress[];
  /** What the operation waits for now, in a sentence. */
  waitsFor?: string;
}

export const NO_PROGRESS: Progress = { stage: "backup", phase: "preparing", tables: [] };

/** Returns `progress` with one event applied. Changes its list of tables in place, which may be of thousands. */
export function addProgress(progress: Progress, event: ProgressEvent): Progress {
  switch (event.type) {
    case "stage":
      return { ...NO_PROGRESS, stage: event.stage };
    case "planned":
      return { ...progress, tables: [...event.tables] };
    case "phase":
      return { ...progress, phase: event.phase };
    case "waiting": {
      const { waitsFor: _, ...others } = progress;
      return event.waitsFor === null ? others : { ...others, waitsFor: event.waitsFor };
    }
    case "table": {
      const { index, state, rows, bytes } = event;
      const table = progress.tables[index];
      if (table) progress.tables[index] = { ...table, state, rows, bytes };
      return progress;
    }
    default:
      throw event satisfies never;
  }
}

/** Sums the completed and expected rows over all tables. 0 of 0 before the plan is known. */
export function sumProgress(progress: Progress) {
  const sum = { rows: 0, totalRows: 0, bytes: 0 };
  for (const table of progress.tables) {
    sum.rows += table.rows;
    // If an estimate was too low, the progress must not exceed 100 %.
    sum.totalRows += table.state === "done" ? table.rows : Math.max(table.totalRows, table.rows);
    sum.bytes += table.bytes;
  }
  return sum;
}

const REPORT_EVERY_MS = 200;

/** Reports one table's progress: `running` at once and then at most five times per second, `done` always. */
export function reportTable(onProgress: OnProgress, index: number) {
  // The first batch may take long, and meanwhile the table must not appear to wait.
  onProgress({ type: "table", index, state: "running", rows: 0, bytes: 0 });
  let reportedAt = Date.now();
  return {
    running(rows: number, bytes: number): void {
      const now = Date.now();
      if (now - reportedAt < REPORT_EVERY_MS) return;
      reportedAt = now;
      onProgress({ type: "table", index, state: "running", rows, bytes });
    },
    done(rows: number, bytes: number): void {
      onProgress({ type: "table", index, state: "done", rows, bytes });
    },
  };
}
