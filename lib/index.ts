import "server-only";

export type { Authorize, BackupAdminOptions, Logger, Visitor } from "./config.ts";
export { BackupError } from "./errors.ts";
export { type BackupAdmin, createBackupAdmin } from "./http/create-backup-admin.ts";
