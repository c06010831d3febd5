/**
 * The requests and responses that the panel and the route handlers (lib/http/routes.ts) exchange. Every failure is an
 * ErrorResponse with the status of its code.
 */
import type { ErrorCode } from "./error-codes.ts";
import type { Progress, Stage } from "./progress.ts";
import type {
  EncryptionMode,
  OperationKind,
  OperationState,
  RestoreScope,
  TableName,
} from "./requests.ts";
import type { WarningCode } from "./warning-codes.ts";

export type {
  ActivityFilter,
  CreateBackup,
  CreateRestore,
  EncryptionChoice,
  EncryptionMode,
  Exclusion,
  OperationKind,
  OperationState,
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
  /** The name shown to other admins. */
  name: string;
}

/** Something to know before relying on a backup or starting a restore. */
export interface Warning {
  code: WarningCode;
  message: string;
  table?: TableName;
}

/** A foreign key as an edge of the table order: `from` refers to `to`, so `to` comes first. */
export interface OrderEdge {
  constraint: string;
  from: TableName;
  to: TableName;
  columns: string[];
  referencedColumns: string[];
  /** `NO ACTION`, `RESTRICT`, `CASCADE`, `SET NULL` or `SET DEFAULT`. */
  onDelete: string;
  /** Prisma relation, such as `Post.author`, if one maps this foreign key. */
  relation: string | null;
  /** How the edge affects the order. */
  role: "orders" | "self" | "cycle";
}

/** A strongly connected component of the foreign-key graph: one table, or the tables of a cycle. */
export interface OrderComponent {
  tables: TableName[];
  /** True if the tables refer to each other in a cycle. */
  cyclic: boolean;
  /** 0 for components that refer to nothing. Otherwise one more than the highest level that it refers to. */
  level: number;
}

export interface InsertionOrder {
  /** Parents first, equal ones by name. */
  components: OrderComponent[];
  edges: OrderEdge[];
}

export interface OverviewTable extends TableName {
  model: string | null;
  kind: "table" | "partitioned table";
  rows: number;
  rowsAreExact: boolean;
  /** False if the server cannot read its rows: the table is damaged, or it is unlogged and this is a standby. */
  isReadable: boolean;
  /** The hosting platform that owns the table, such as Supabase. Backed up only if it is chosen. */
  platform?: string;
  /** Includes indexes and TOAST. */
  sizeBytes: number;
  columns: number;
}

/** A difference between the Prisma schema and the database, or between the archive and the database. */
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
  /** Whether it prevents a restore. */
  blocks: boolean;
  /** What to do if it blocks, or if it may not be intended. */
  remedy?: string;
}

/** The app's requirements for the encryption of backups. */
export interface EncryptionPolicy {
  /** The allowed modes. */
  encryption: EncryptionMode[];
  /** Public keys that open every backup in addition to the chosen ones. If there are any, no other mode is allowed. */
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
    /** Whether the server accepts no writes. Then nothing can be restored, and no operation can be recorded. */
    isStandby: boolean;
  };
  tables: OverviewTable[];
  insertionOrder: InsertionOrder;
  warnings: Warning[];
  /** Differences between the Prisma schema and the database. Empty if they agree. */
  drift: Drift[];
  limits: { maxUploadBytes: number };
  policy: EncryptionPolicy;
  actor: Actor;
}

/** What the server has received of an upload, complete or not. */
export type StoredUpload = ArchiveIdentity;

export const isEnded = (state: OperationState): boolean =>
  state === "succeeded" || state === "failed" || state === "cancelled" || state === "interrupted";

export interface ManifestSummary {
  /** Null if `@vorlefan/prisma-backup` wrote the backup. Then the next two are null as well. */
  formatVersion: number | null;
  createdAt: string | null;
  tool: string;
  database: { name: string; serverVersion: string } | null;
  encryption: EncryptionMode;
  tables: Array<TableName & { model: string | null; rows: number; jsonBytes: number }>;
  /** How many there were to choose from. Undefined if the backup does not say it, as older ones. */
  tablesInDatabase?: number;
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
  /** What to do if the check failed. */
  remedy?: string;
  /** The tables that the remedy suggests to leave out. */
  leaveOut?: LeaveOut;
}

/** Tables that the others do not need. The page, terminal or script says how to leave them out. */
export interface LeaveOut {
  tables: TableName[];
  /** Schemas of which all tables are in `tables`. */
  wholeSchemas: string[];
  /** Schemas of which several tables, but not all, are in `tables`. They could also be left out as a whole. */
  partSchemas?: string[];
}

export interface RehearsalSummary {
  wouldSucceed: boolean;
  elapsedMs: number;
  /** Rows over all tables. Null if some tables cannot be compared. */
  changes: { added: number; removed: number; changed: number; same: number } | null;
  violations: number;
}

/** Whether the current data can be saved before the restore. */
export interface SafetyBackupPlan {
  possible: boolean;
  /** A sentence: where the safety backup is kept and what opens it, or why it cannot be made. */
  message: string;
  /** An upper bound, in bytes. */
  neededBytes: number;
  freeBytes: number;
}

/** The result of checking an archive against this database. `start` does exactly what the plan says. */
export interface RestorePlan {
  /** The same for plans of the same scope that match the same state of the database. A start is only for what was seen. */
  id: string;
  scope: RestoreScope;
  /** Null if there was no trial run. The full report is a separate resource. */
  rehearsal: RehearsalSummary | null;
  /** Whether the person who restores is among the backup's users. Null if that is unknown. */
  actorIsInBackup: boolean | null;
  /** Prisma's migrations, sorted by name. */
  migrations: Array<{ name: string; inBackup: boolean; inDatabase: boolean }>;
  safetyBackup: SafetyBackupPlan | null;
  manifest: ManifestSummary;
  checks: Check[];
  /** The order in which tables are loaded, from the database's own foreign keys. */
  insertionOrder: InsertionOrder;
  /** Differences between the archive and the database. */
  drift: Drift[];
  warnings: Warning[];
  tables: Array<
    TableName & {
      model: string | null;
      /** Number of rows in the archive. */
      rows: number;
      /** Number of rows in the database at the time of the check. An estimate for large tables. */
      rowsNow: number;
      /** Whether the database lacks this table. */
      isMissing?: boolean;
      /** Whether the table's current rows cannot be read, because the server's storage is damaged. */
      isDamaged?: boolean;
      /** The hosting platform that owns the table. Restored only if it is chosen. */
      platform?: string;
      /** `merge`: rows are added or changed, but not removed. */
      action: "replace" | "merge" | "skip";
      /** Why a table is skipped. */
      reason?: string;
    }
  >;
  /** False if a check failed or a difference blocks. Then `start` is refused. */
  canStart: boolean;
}

interface ResultTable extends TableName {
  model: string | null;
  /** Number of rows in the archive. */
  rows: number;
  jsonBytes: number;
  /** SHA-256 of the table's JSON in the archive, in hexadecimal. Null for the original's backups, which have none. */
  jsonSha256?: string | null;
  /** restore: exact number of rows in the database. */
  rowsBefore?: number;
  rowsAfter?: number;
}

/** Identifies the archive from which a restore was made, or which a backup has made. */
export interface ArchiveIdentity {
  sizeBytes: number;
  /** In hexadecimal. */
  sha256: string;
}

/** The data from before a restore, kept on the server. */
export interface SafetyBackup {
  createdAt: string;
  sizeBytes: number;
  /** The same as for the restored archive: the same passphrase or private key opens it. */
  encryption: EncryptionMode;
  /** False after newer ones replaced it, or when it is too old. */
  isKept: boolean;
  /** The time at which it is removed at the latest. */
  keptUntil: string;
}

/** All operations, newest first, for the audit trail. */
export interface Activity {
  operations: ListedOperation[];
  /** Number of operations that match the filter, on all pages. */
  total: number;
}

export const ACTIVITY_PAGE_LENGTH = 25;

export interface OperationResult {
  elapsedMs: number;
  /** The tables with their final figures. */
  tables: ResultTable[];
  /** backup: how many there were to choose from. Older backups did not record it. */
  tablesInDatabase?: number;
  rows: number;
  jsonBytes: number;
  sequences: number;
  /** restore: the sequences' states after it. */
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
  /** The database's clock at the time of the response, for computing elapsed times. */
  now: string;
  encryption: EncryptionMode | null;
  /** Name of the downloaded or uploaded file. */
  fileName: string;
  cancelRequested: boolean;
  /** Who requested the cancellation. Null for a download that was given up, which also ends as cancelled. */
  cancelledBy: Actor | null;
  /** restore: set once its check has ended. backup: set once it has succeeded. */
  archive: ArchiveIdentity | null;
  /** restore: set if a safety backup was made. */
  safetyBackup: SafetyBackup | null;
  /** restore: id of the restore that this one undoes. */
  undoes: string | null;
  progress: Progress;
  /** restore: set from `ready` on. */
  plan: RestorePlan | null;
  result: OperationResult | null;
  error: ErrorReport | null;
  /** restore: whether the database was changed. `unknown` only while an interrupted restore is being settled. */
  changed: "nothing" | "everything" | "unknown";
}

/** Query parameters, from an earlier answer. While they are unchanged, so is the plan, and it is not sent again. */
export interface KnownOperation {
  state: OperationState;
  startedAt: string | null;
}

/** An operation in a list: small, whatever the archive's size. The operation itself has its plan and result. */
export interface ListedOperation extends Omit<Operation, "progress" | "plan" | "result" | "error"> {
  /** Present while it runs. Rows are the sum over all tables, and null until the tables are known. */
  progress: { stage: Stage; rows: number | null; totalRows: number | null } | null;
  /** From its plan, if it has one. */
  canStart: boolean | null;
  /** From its result, if it has one. */
  rows: number | null;
  archiveBytes: number | null;
  tables: number | null;
  tablesInDatabase: number | null;
}
