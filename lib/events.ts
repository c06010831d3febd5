/** The events that the host app receives: who downloaded, opened, replaced or deleted rows. No row, no secret. */
import type { Actor, EncryptionMode, RestoreScope } from "./shared/api.ts";
import type { ErrorCode } from "./shared/error-codes.ts";

interface OperationEvent {
  /** When it happened, by the database's clock, in ISO 8601 and UTC. */
  at: string;
  /** Who began the operation. */
  actor: Actor;
  operationId: string;
  /** The name of the downloaded or uploaded file. */
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

/** The whole file has left the server. */
interface BackupDownloaded extends OperationEvent, Counts {
  type: "backup.downloaded";
  sizeBytes: number;
  encryption: EncryptionMode;
}

/** Part of the file may have left the server. */
interface BackupNotDownloaded extends OperationEvent {
  type: "backup.failed" | "backup.cancelled" | "backup.interrupted";
  errorCode: ErrorCode;
  /** Who cancelled it. Null if it failed or the browser broke off the download. */
  cancelledBy: Actor | null;
}

/** A backup, or the safety backup of a restore, was opened for the check. From now on its rows can be shown. */
interface RestoreUnlocked extends RestoreEvent {
  type: "restore.unlocked";
}

/** A person has confirmed a restore. */
interface RestoreStarted extends RestoreEvent, Counts {
  type: "restore.started";
  mode: RestoreScope["mode"];
  /** Whether the current data is backed up first. */
  safetyBackup: boolean;
}

/** The database has been changed. */
interface RestoreSucceeded extends RestoreEvent, Counts {
  type: "restore.succeeded";
  canBeUndone: boolean;
}

/** Nothing was changed. Also sent for a restore that was checked and not started. */
interface RestoreNotDone extends RestoreEvent {
  type: "restore.failed" | "restore.cancelled" | "restore.interrupted";
  errorCode: ErrorCode;
  cancelledBy: Actor | null;
}

/** An upload was deleted without having been restored. */
export interface UploadDeleted {
  type: "upload.deleted";
  at: string;
  /** Null if it expired. */
  actor: Actor | null;
  uploadId: string;
  fileName: string;
  sizeBytes: number;
  /** `refused`: no passphrase opens it, or too many were tried. */
  reason: "requested" | "refused" | "expired";
}

/** A restore can no longer be undone. */
interface SafetyBackupRemoved {
  type: "safety-backup.removed";
  at: string;
  actor: null;
  /** The id of the restore. */
  operationId: string;
  fileName: string;
  sizeBytes: number;
  /** `replaced`: those of newer restores took its place. */
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

/** The operation does not wait for it. What it throws is logged. */
export type OnEvent = (event: BackupAdminEvent) => unknown;
