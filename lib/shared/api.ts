/**
 * The requests and responses that the panel and the route handlers exchange.
 *
 * Routes, below the mount's `/api`:
 *
 *   GET    overview                     → Overview
 *   GET    operations                   → ListedOperation[] (newest first, 50 at most)
 *   GET    activity?ActivityFilter      → Activity: all operations, page by page
 *   GET    operations/:id?KnownOperation → Operation, without its plan where that is known
 *   POST   operations/:id/cancel        → Operation
 *   POST   backups        CreateBackup  → 201 Operation, then its archive by
 *   GET    backups/:id/archive          → the zip, streamed, once
 *   *      uploads[/:id]                → the tus protocol, 1.0.0
 *   GET    uploads/:id                  → StoredUpload
 *   POST   restores       CreateRestore → 201 Operation, which checks the uploaded archive, or an undo's safety backup
 *   POST   restores/:id/plan PlanRestore → 202 Operation: plans and rehearses a restore that waits, which then waits again
 *   GET    restores/:id/rehearsal       → RehearsalReport, of a restore that waits for its start
 *   POST   restores/:id/start StartRestore → 202 Operation
 *
 * Every failure is an ErrorResponse with the status of its code.
 */
import type { ErrorCode } from "./error-codes.ts";
import type { Progress, Stage } from "./progress.ts";
import type { EncryptionMode, RestoreScope, TableName } from "./requests.ts";
import type { WarningCode } from "./warning-codes.ts";

export type {
  CreateBackup,
  CreateRestore,
  EncryptionChoice,
  EncryptionMode,
  Exclusion,
  PlanRestore,
  RestoreMode,
  RestoreScope,
  StartRestore,
  TableName,
  Unlock,
} from "./requests.ts";

export interface ErrorReport {
  code: ErrorCode;
  /** What happened, and whether anything changed. */
  message: string;
  /** What to do next. */
  hint?: string;
  details?: Record<string, unknown>;
}
export interface ErrorResponse {
  error: ErrorReport;
}

export interface Actor {
  /** Stable: a user id or e-mail address. */
  id: string;
  /** As shown to other admins. */
  name: string;
}

/** Something a person should know before relying on a backup or starting a restore. */
export interface Warning {
  code: WarningCode;
  message: string;
  table?: TableName;
}

/** A foreign key as an edge of the insertion order: `from` refers to `to`, so `to` comes first. */
export interface OrderEdge {
  constraint: string;
  from: TableName;
  to: TableName;
  columns: string[];
  referencedColumns: string[];
  /** `NO ACTION`, `RESTRICT`, `CASCADE`, `SET NULL` or `SET DEFAULT`. */
  onDelete: string;
  /** Prisma relation, as `Post.author`, where one maps this foreign key. */
  relation: string | null;
  /** What the edge does to the order. */
  role: "orders" | "self" | "cycle";
}

/** A strongly connected component of the foreign-key graph: one table, or the tables of a cycle. */
export interface OrderComponent {
  tables: TableName[];
  /** True where the tables refer to each other in a circle. */
  cyclic: boolean;
  /** 0 for components that refer to nothing; else one more than the highest that it refers to. */
  level: number;
}

export interface InsertionOrder {
  /** Parents first; ties by name. */
  components: OrderComponent[];
  edges: OrderEdge[];
}

export interface OverviewTable extends TableName {
  model: string | null;
  kind: "table" | "partitioned table";
  rows: number;
  rowsAreExact: boolean;
  /** False where the server cannot read its rows: it is damaged, or this is a standby and the table is unlogged. */
  isReadable: boolean;
  /** Whose it is where it is not the app's, such as Supabase's: then it is only in a backup where it is chosen. */
  platform?: string;
  /** With indexes and TOAST. */
  sizeBytes: number;
  columns: number;
}

/** Where the Prisma schema and the database disagree, or the archive and the database. */
export interface Drift {
  kind:
    | "table-missing"
    | "table-added"
    | "column-missing"
    | "column-added"
    | "type-changed"
    | "relation-missing";
  table: TableName;
  column?: string;
  message: string;
  /** A restore cannot go on with this. */
  blocks: boolean;
  /** What to do about it, where it blocks or may not be what is meant. */
  remedy?: string;
}

/** What the app demands of every backup. */
export interface EncryptionPolicy {
  /** The ways that are allowed. */
  encryption: EncryptionMode[];
  /** Every backup is for these as well. Then no other way is allowed. */
  recipients: string[];
}

export interface Overview {
  database: {
    name: string;
    /** `host:port`, without credentials. */
    server: string;
    serverVersion: string;
    sizeBytes: number;
    encoding: string;
    /** It takes no writes: nothing can be restored, nor an operation recorded. */
    isStandby: boolean;
  };
  tables: OverviewTable[];
  insertionOrder: InsertionOrder;
  warnings: Warning[];
  /** Prisma schema against database. Empty where they agree. */
  drift: Drift[];
  limits: { maxUploadBytes: number };
  policy: EncryptionPolicy;
  actor: Actor;
}

/** What the server has of an upload so far, whether it is whole or not. */
export interface StoredUpload {
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

export type OperationKind = "backup" | "restore";

/**
 * backup: pending (made, download not begun) → running → succeeded | failed | cancelled | interrupted
 * restore: running with stage check, then rehearsal → ready (waits for a person) → running with these stages again, while
 * it is planned anew → ready → … → running with stage safety-backup, then restore → …
 * `interrupted` is an operation whose process died.
 */
export type OperationState =
  | "pending"
  | "running"
  | "ready"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "interrupted";

export const isEnded = (state: OperationState): boolean =>
  state === "succeeded" || state === "failed" || state === "cancelled" || state === "interrupted";

export interface ManifestSummary {
  /** Null where `@vorlefan/prisma-backup` wrote the backup: then it says nothing of the next two either. */
  formatVersion: number | null;
  createdAt: string | null;
  tool: string;
  database: { name: string; serverVersion: string } | null;
  encryption: EncryptionMode;
  tables: Array<TableName & { model: string | null; rows: number; jsonBytes: number }>;
  sequences: number;
  migrations: Array<{ name: string; finished: boolean }>;
  warnings: Warning[];
}

/** A backup that `@vorlefan/prisma-backup` wrote. */
export const isOfOriginal = ({ formatVersion }: { formatVersion: number | null }): boolean =>
  formatVersion === null;

export interface Check {
  /** `structure`, `manifest`, `key`, `stored-digests`, `json-digests`, `row-counts`, `schema`, `privileges`, … */
  name: string;
  state: "passed" | "failed" | "warning";
  /** A sentence for a person. */
  message: string;
  /** What to do about it, where it failed. */
  remedy?: string;
  /** Part of that remedy. */
  leaveOut?: LeaveOut;
}

/** Tables that the others can do without. How to leave them out is said where the person stands: page, terminal, script. */
export interface LeaveOut {
  tables: TableName[];
  /** Of which all tables are among these. */
  wholeSchemas: string[];
  /** Of which several tables are among these, and not all; they too could be left out as a whole. */
  partSchemas?: string[];
}

export interface RehearsalSummary {
  wouldSucceed: boolean;
  elapsedMs: number;
  /** Rows over all tables; null where some tables cannot be compared. */
  changes: { added: number; removed: number; changed: number; same: number } | null;
  violations: number;
}

/** Whether what is there now can be kept before the restore. */
export interface SafetyBackupPlan {
  possible: boolean;
  /** A sentence: where it is kept and with what it opens, or why it cannot be made. */
  message: string;
  /** An upper bound. */
  neededBytes: number;
  freeBytes: number;
}

/** The outcome of checking an archive against this database. What `start` does is exactly this. */
export interface RestorePlan {
  scope: RestoreScope;
  /** Null where the plan was not rehearsed. The whole report is its own resource. */
  rehearsal: RehearsalSummary | null;
  /** Whether the person who restores is among the backup's users; null where that cannot be told. */
  actorIsInBackup: boolean | null;
  /** Prisma's, in the order of their names. */
  migrations: Array<{ name: string; inBackup: boolean; inDatabase: boolean }>;
  safetyBackup: SafetyBackupPlan | null;
  manifest: ManifestSummary;
  checks: Check[];
  /** In which the tables will be loaded: the database's own foreign keys decide. */
  insertionOrder: InsertionOrder;
  /** Archive against database. */
  drift: Drift[];
  warnings: Warning[];
  tables: Array<
    TableName & {
      model: string | null;
      /** In the archive. */
      rows: number;
      /** In the database at the time of the check; an estimate for large tables. */
      rowsNow: number;
      /** The database has no such table. */
      isMissing?: boolean;
      /** What is there now cannot be read, as the server's storage is damaged. */
      isDamaged?: boolean;
      /** Whose it is where it is not the app's: then it is only restored where it is chosen. */
      platform?: string;
      /** `merge`: rows are added or changed, and none is removed. */
      action: "replace" | "merge" | "skip";
      /** Why a table is skipped. */
      reason?: string;
    }
  >;
  /** False where a check failed or a drift blocks; `start` is then refused. */
  canStart: boolean;
}

interface ResultTable extends TableName {
  model: string | null;
  /** Of the archive. */
  rows: number;
  jsonBytes: number;
  /** Of the table's JSON in the archive, in hex; null where the original's backup has none. */
  jsonSha256?: string | null;
  /** restore: in the database, exact. */
  rowsBefore?: number;
  rowsAfter?: number;
}

/** What a restore was made from, or a backup has made. */
export interface ArchiveIdentity {
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

/** What was there before a restore, kept on the server. */
export interface SafetyBackup {
  createdAt: string;
  sizeBytes: number;
  /** As the restored archive: the same passphrase or identity opens it. */
  encryption: EncryptionMode;
  /** False once newer ones have taken its place, or it is too old. */
  isKept: boolean;
  /** Until then at most. */
  keptUntil: string;
}

/** Everything that was done, for those who ask later: newest first. */
export interface Activity {
  operations: ListedOperation[];
  /** Of operations that the filter lets through, on all pages. */
  total: number;
}

/** Query parameters. */
export interface ActivityFilter {
  kind?: OperationKind;
  state?: OperationState;
  /** Part of a file's name, a person's name or id, an operation's id, or a sha256. */
  search?: string;
  /** From 1; 25 operations each. */
  page?: number;
}

export const ACTIVITY_PAGE_LENGTH = 25;

export interface OperationResult {
  elapsedMs: number;
  /** Tables, with their final figures. */
  tables: ResultTable[];
  rows: number;
  jsonBytes: number;
  sequences: number;
  /** restore: as they stand after it. */
  sequenceStates?: Array<TableName & { lastValue: string; isCalled: boolean }>;
  warnings: Warning[];
  /** backup: size of the zip. */
  archiveBytes?: number;
  fileName?: string;
}

export interface Operation {
  id: string;
  kind: OperationKind;
  state: OperationState;
  actor: Actor;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  /** The database's own clock at the time of the response, to compute elapsed times with. */
  now: string;
  encryption: EncryptionMode | null;
  /** Name of the file downloaded or uploaded. */
  fileName: string;
  cancelRequested: boolean;
  /** Who has asked for it to be cancelled. Null where nobody has: a download that was given up ends so, too. */
  cancelledBy: Actor | null;
  /** restore: from the end of its check on. backup: when it has succeeded. */
  archive: ArchiveIdentity | null;
  /** restore: where one was made. */
  safetyBackup: SafetyBackup | null;
  /** restore: id of the restore that this one undoes. */
  undoes: string | null;
  progress: Progress;
  /** restore, from `ready` on. */
  plan: RestorePlan | null;
  result: OperationResult | null;
  error: ErrorReport | null;
  /** restore: what is true of the database. `unknown` only while an interrupted one is being settled. */
  changed: "nothing" | "everything" | "unknown";
}

/** Query parameters: state and `startedAt` of an earlier answer. While these stay, so does the plan, which may be large. */
export interface KnownOperation {
  state: OperationState;
  startedAt: string | null;
}

/** An operation as lists show it: small, whatever the archive was. Its plan and result are in the operation itself. */
export interface ListedOperation extends Omit<Operation, "progress" | "plan" | "result" | "error"> {
  /** While it runs. Rows are of all tables; null before these are known. */
  progress: { stage: Stage; rows: number | null; totalRows: number | null } | null;
  /** Of its plan, where it has one. */
  canStart: boolean | null;
  /** Of its result, where it has one. */
  rows: number | null;
  archiveBytes: number | null;
}
