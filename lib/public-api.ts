export type { Action, Authorize, BackupAdminOptions, Logger, Visitor } from "./config.ts";
export { BackupError } from "./errors.ts";
export type { BackupAdminEvent } from "./events.ts";
export { type BackupAdmin, createBackupAdmin } from "./http/create-backup-admin.ts";
export { type BackupSummary, PrismaBackup, type PrismaBackupArgs } from "./prisma-backup.ts";
export { PrismaRestore, type PrismaRestoreArgs, type RestoreSummary } from "./prisma-restore.ts";
export type { Drift, RestorePlan, Warning } from "./shared/api.ts";
export type { ErrorCode } from "./shared/error-codes.ts";
export type { OnProgress, ProgressEvent } from "./shared/progress.ts";
