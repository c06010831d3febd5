import { cutDetails } from "./cut-details.ts";
import { ERROR_STATUS, type ErrorCode } from "./shared/error-codes.ts";
import { clip } from "./shared/warnings.ts";

export interface BackupErrorOptions {
  /** What to do next, in one or two sentences. */
  hint?: string;
  /** Facts for programs: table, column, constraint, limits. Never a row's values, never SQL, never a secret. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The only error that this library throws on purpose. `message` says what happened, `hint` what to do next, both for a
 * person, without stack, SQL, secret or row value. The original error, if there is one, is the `cause`.
 */
export class BackupError extends Error {
  override readonly name = "BackupError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: BackupErrorOptions = {}) {
    // An archive's names and texts may be in all of these, which are stored, logged and shown.
    super(clip(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint && clip(options.hint);
    this.details = options.details && cutDetails(options.details);
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** Returns the BackupError behind an error: itself, the reason of an abort, or ABORTED. Null for others. */
export function ownError(error: unknown): BackupError | null {
  if (error instanceof BackupError) return error;
  if (!isAbort(error)) return null;
  // If the abort was caused by a BackupError (`controller.abort(new BackupError(…))`), that error counts.
  if (error.cause instanceof BackupError) return error.cause;
  return new BackupError("ABORTED", "The operation was cancelled.", { cause: error });
}

/** Returns the code that the operating system or Node gives an error, for example ENOENT, for use in a sentence. */
export const systemCodeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown error";

function isAbort(error: unknown): error is Error {
  return (
    error instanceof Error &&
    (error.name === "AbortError" || ("code" in error && error.code === "ABORT_ERR"))
  );
}
