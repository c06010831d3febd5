/** The report of a restore's trial run. Values are text, cut at `SAMPLE_CHARACTERS`. They are never logged. */
import type { Drift, ErrorReport, TableName, Warning } from "./api.ts";

export const SAMPLE_CHARACTERS = 200;
/** Maximum number of samples of each kind in each table. */
export const MAX_SAMPLES = 20;
/** Maximum number of rows listed for each constraint. */
export const MAX_VIOLATING_ROWS = 100;

/** NULL is null. A cut value ends with an ellipsis. */
export type SampleValue = string | null;

export interface RowSample {
  change: "added" | "removed" | "changed";
  /** In the order of the table's `key`. Empty if it has none. */
  key: SampleValue[];
  /** The row's current values, in the order of the table's `sampleColumns`. Null if the row is added. */
  before: SampleValue[] | null;
  /** The row's values after the restore. Null if it is removed. */
  after: SampleValue[] | null;
  /** The columns that differ, if the row is changed. */
  changedColumns: string[];
}

/** Numbers of a table's rows, by what a restore does to them. */
export interface RowChanges {
  added: number;
  removed: number;
  changed: number;
  same: number;
}

export interface RehearsedTable extends TableName {
  model: string | null;
  rowsNow: number;
  rowsInBackup: number;
  /** The columns of the primary key, else of a unique one. Without any, whole rows are compared, and none is `changed`. */
  key: string[];
  /** Whether the current rows can be neither read nor counted. */
  isDamaged?: boolean;
  /** Null if the rows cannot be compared, because some are refused, a key repeats, or the table is damaged. */
  changes: RowChanges | null;
  /** At most 800 columns. The comparison uses all. */
  sampleColumns: string[];
  samples: RowSample[];
}

type ViolationKind =
  | "value"
  | "not-null"
  | "check"
  | "partition"
  | "unique"
  | "exclusion"
  | "foreign-key";

export interface ViolatingRow {
  /** In the order of the violation's `key`. */
  key: SampleValue[];
  /** In the order of the violation's `columns`. */
  values: SampleValue[];
  /** The row's place in the archive, from 1, if one of its values is refused. */
  row?: number;
  /** How many rows have these values, if the repetition is the violation. */
  times?: number;
}

/** A constraint or a column's type that rows of the backup violate. */
export interface Violation {
  kind: ViolationKind;
  /** The table of the rows. */
  table: TableName;
  constraint: string | null;
  /** The columns that identify a row. */
  key: string[];
  /** The columns of the constraint. */
  columns: string[];
  /** For a foreign key. */
  refersTo?: TableName;
  /** Number of rows that violate it. For a repeated key, all but one. Null if only some are known. */
  total: number | null;
  /** At most `MAX_VIOLATING_ROWS`. */
  rows: ViolatingRow[];
  /** A sentence, without values. */
  message: string;
  remedy: string;
}

/** How a restore changes the people who can sign in. Only counts, no names. */
export interface RightsChanges {
  /** The table of the people. */
  table: TableName;
  /** Null if unknown. */
  admins: { added: number; removed: number } | null;
  /** Counts people who exist both before and after. Null if unknown. */
  passwordsChanged: number | null;
}

export interface RehearsalReport {
  /** True if the restore would have succeeded, except for what `notRehearsed` names. */
  wouldSucceed: boolean;
  elapsedMs: number;
  steps: Array<{ name: "tables" | "loading" | "constraints" | "comparing"; elapsedMs: number }>;
  /** What prevents the restore before any row is examined. If there are any, nothing was loaded. */
  obstacles: ErrorReport[];
  drift: Drift[];
  /** In table order. */
  tables: RehearsedTable[];
  violations: Violation[];
  /** Null if the tables with the people who sign in do not change, or are not known. */
  rights: RightsChanges | null;
  warnings: Warning[];
  /** Sentences about what only the restore itself can tell. */
  notRehearsed: string[];
}
