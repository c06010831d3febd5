import { BackupError, ownError } from "./errors.ts";
import { describeStatementError } from "./postgres/errors/statement-error.ts";
import type { ErrorReport } from "./shared/api.ts";

/**
 * Converts any error to a BackupError: itself if it is one, ABORTED for an abort, PostgreSQL's own message for an error
 * of PostgreSQL, and INTERNAL for everything else.
 */
export const toBackupError = (error: unknown): BackupError =>
  ownError(error) ??
  describeStatementError(error) ??
  new BackupError("INTERNAL", "Something unexpected went wrong.", {
    hint: "This is a mistake of prisma-backup-admin: please report it. The details are in the app's log, or in a terminal where PRISMA_BACKUP_DEBUG=1 is set.",
    cause: error,
  });

/** Returns what a person or a stored operation may know about an error. */
export function toErrorReport(error: unknown): ErrorReport {
  const { code, message, hint, details } = toBackupError(error);
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  };
}
