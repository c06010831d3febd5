/** What a rehearsal of a restore has found. Values are text, cut at `SAMPLE_CHARACTERS`; they are never logged. */
import type { Drift, ErrorReport, TableName, Warning } from "./api.ts";

export const SAMPLE_CHARACTERS = 200;
/** Of each kind, in each table. */
export const MAX_SAMPLES = 20;
/** Of each constraint. */
export const MAX_VIOLATING_ROWS = 100;

/** NULL is null. A longer one ends with an ellipsis. */
export type SampleValue = string | null;

export interface RowSample {
  change: "added" | "removed" | "changed";
  /** In the order of the table's `key`; empty where there is none. */
  key: SampleValue[];
  /** As the row is now, in the order of the table's `sampleColumns`; null where it is added. */
  before: SampleValue[] | null;
  /** As it will be; null where it is removed. */
  after: SampleValue[] | null;
  /** Those that differ, where the row is changed. */
  changedColumns: string[];
}

/** Rows of a table by what a restore does to them. */
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
  /** What tells a row: the primary key, else a unique key. Empty where there is neither: then whole rows are compared, and none is `changed`. */
  key: string[];
  /** What is there now cannot be read, nor counted. */
  isDamaged?: boolean;
  /** Null where the rows cannot be compared, since some are refused or repeat a key, or it is damaged. */
  changes: RowChanges | null;
  /** At most 800; all are compared. */
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
  /** Its place in the archive, from 1, where a value of it is refused. */
  row?: number;
  /** How many rows have these values, where that is what violates. */
  times?: number;
}

/** A constraint, or a column's type, that rows of the backup do not fulfil. */
export interface Violation {
  kind: ViolationKind;
  /** Whose rows they are. */
  table: TableName;
  constraint: string | null;
  /** What tells a row of the table. */
  key: string[];
  /** What the constraint is about. */
  columns: string[];
  /** Of a foreign key. */
  refersTo?: TableName;
  /** Rows that violate it; of a repeated key all but one. Null where only some are known. */
  total: number | null;
  /** At most `MAX_VIOLATING_ROWS`. */
  rows: ViolatingRow[];
  /** A sentence, without values. */
  message: string;
  /** What to do about it. */
  remedy: string;
}

/** What becomes of those who sign in: counts alone. */
export interface RightsChanges {
  /** Whose they are. */
  table: TableName;
  /** Null where it cannot be told. */
  admins: { added: number; removed: number } | null;
  /** Of people who are there now and then. Null where it cannot be told. */
  passwordsChanged: number | null;
}

export interface RehearsalReport {
  /** True where a restore would have succeeded, as far as `notRehearsed` allows. */
  wouldSucceed: boolean;
  elapsedMs: number;
  steps: Array<{ name: "tables" | "loading" | "constraints" | "comparing"; elapsedMs: number }>;
  /** What stands in the way before any row is looked at; then nothing was loaded. */
  obstacles: ErrorReport[];
  drift: Drift[];
  /** In insertion order. */
  tables: RehearsedTable[];
  violations: Violation[];
  /** Null where the sign-in's tables do not change, or are not known. */
  rights: RightsChanges | null;
  warnings: Warning[];
  /** Sentences on what only the restore itself can tell. */
  notRehearsed: string[];
}
