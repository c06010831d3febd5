/** What the host is told of: who has taken rows out, opened, replaced or deleted them. No row, no secret. */
import type { Actor, EncryptionMode, RestoreScope } from "./shared/api.ts";
import type { ErrorCode } from "./shared/error-codes.ts";

interface OperationEvent {
  /** When it happened, by the database's clock: ISO 8601, UTC. */
  at: string;
  /** Who began the operation. */
  actor: Actor;
  operationId: string;
  /** Of the file downloaded or uploaded. */
  fileName: string;
}

interface RestoreEvent extends OperationEvent {
  /** The id of the restore that this one undoes. */
  undoes: string | null;
}

interface Counts {
  tables: number;
  rows: number;
}

/** The file has left the server as a whole. */
interface BackupDownloaded extends OperationEvent, Counts {
  type: "backup.downloaded";
  sizeBytes: number;
  encryption: EncryptionMode;
}

/** Part of the file may have left the server. */
interface BackupNotDownloaded extends OperationEvent {
  type: "backup.failed" | "backup.cancelled" | "backup.interrupted";
  errorCode: ErrorCode;
  /** Who cancelled it. Null where nobody did: it failed, or the browser gave the download up. */
  cancelledBy: Actor | null;
}

/** A backup, or the safety backup of a restore, was opened to be checked. Its rows can be shown from now on. */
interface RestoreUnlocked extends RestoreEvent {
  type: "restore.unlocked";
}

/** Somebody has confirmed a restore. */
interface RestoreStarted extends RestoreEvent, Counts {
  type: "restore.started";
  mode: RestoreScope["mode"];
  /** Whether what is there now is kept first. */
  safetyBackup: boolean;
}

/** The database has been changed. */
interface RestoreSucceeded extends RestoreEvent, Counts {
  type: "restore.succeeded";
  canBeUndone: boolean;
}

/** Nothing has been changed. Also of a restore that was checked, and not started. */
interface RestoreNotDone extends RestoreEvent {
  type: "restore.failed" | "restore.cancelled" | "restore.interrupted";
  errorCode: ErrorCode;
  /** Who cancelled it. */
  cancelledBy: Actor | null;
}

/** An upload was deleted that has not been restored. */
export interface UploadDeleted {
  type: "upload.deleted";
  at: string;
  /** Null where it was too old. */
  actor: Actor | null;
  uploadId: string;
  fileName: string;
  sizeBytes: number;
  /** `refused`: no passphrase opens it, or too many were tried. */
  reason: "requested" | "refused" | "expired";
}

/** A restore cannot be undone any more. */
interface SafetyBackupRemoved {
  type: "safety-backup.removed";
  at: string;
  actor: null;
  /** The restore's. */
  operationId: string;
  fileName: string;
  sizeBytes: number;
  /** `replaced`: newer ones took its place. */
  reason: "replaced" | "expired";
}

export type BackupAdminEvent =
  | BackupDownloaded
  | BackupNotDownloaded
  | RestoreUnlocked
  | RestoreStarted
  | RestoreSucceeded
  | RestoreNotDone
  | UploadDeleted
  | SafetyBackupRemoved;

/** Nobody waits for it, and what it throws is logged. */
export type OnEvent = (event: BackupAdminEvent) => unknown;
