import { describeStatementError } from "./postgres/database-error.ts";
import type { ErrorReport } from "./shared/api.ts";
import { ERROR_STATUS, type ErrorCode } from "./shared/error-codes.ts";

export interface BackupErrorOptions {
  /** What to do next, in one or two sentences. */
  hint?: string;
  /** Facts for a machine: table, column, constraint, limits. Never a row's values, never SQL, never a secret. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The only error that leaves this library on purpose.
 *
 * `message` says what happened, `hint` what to do next; both are written for a person and hold no
 * stack, SQL, secret or row value. The original error, if there is one, is the `cause`.
 */
export class BackupError extends Error {
  override readonly name = "BackupError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: BackupErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/**
 * Anything thrown, as a BackupError: itself if it is one, ABORTED for an abort, what PostgreSQL said where it is from
 * there, INTERNAL otherwise.
 */
export function toBackupError(error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  if (isAbort(error)) {
    // An abort that carries a reason of ours (`controller.abort(new BackupError(…))`) is that reason.
    if (error instanceof Error && error.cause instanceof BackupError) return error.cause;
    return new BackupError("ABORTED", "The operation was cancelled.", { cause: error });
  }
  const ofDatabase = describeStatementError(error);
  if (ofDatabase) return ofDatabase;
  return new BackupError("INTERNAL", "Something unexpected went wrong.", {
    hint: "This is a mistake of prisma-backup-admin: please report it. The details are in the app's log, or in a terminal where PRISMA_BACKUP_DEBUG=1 is set.",
    cause: error,
  });
}

/** What a person, or a stored operation, is told about an error. */
export function toErrorReport(error: unknown): ErrorReport {
  const { code, message, hint, details } = toBackupError(error);
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  };
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "AbortError" || ("code" in error && error.code === "ABORT_ERR"))
  );
}
