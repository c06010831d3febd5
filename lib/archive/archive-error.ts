import { BackupError, type BackupErrorOptions, systemCodeOf } from "../errors.ts";
import { ArchiveFault, damaged, differs, truncated } from "../shared/archive/fault.ts";

/** The archive was changed since it was written, or never was one. */
export const invalidArchive = (what: string, options?: BackupErrorOptions): BackupError =>
  toArchiveError(damaged(what, options));

export const truncatedArchive = (what: string, options?: BackupErrorOptions): BackupError =>
  toArchiveError(truncated(what, options));

export const digestMismatch = (entry: string, cause?: unknown): BackupError =>
  toArchiveError(differs(entry, undefined, cause));

/**
 * Makes the server's error of a fault that browser and server share. Reading changes nothing, and the message says so.
 */
export function toArchiveError(fault: ArchiveFault): BackupError {
  const { code, message, hint, details, cause } = fault;
  return new BackupError(code, `${message} Nothing was changed.`, { hint, details, cause });
}

export const unopenable = (cause: unknown): BackupError =>
  new BackupError("NOT_FOUND", `The backup cannot be opened (${systemCodeOf(cause)}).`, {
    hint: "Check the path. It must be a folder or a zip file that the process may read.",
    cause,
  });

export const notUnlocked = (): BackupError =>
  new BackupError("INTERNAL", "The backup is not unlocked yet.");

/** @param word what the software that wrote the backup calls it */
export const passphraseNeeded = (word: "passphrase" | "password"): BackupError =>
  new BackupError("WRONG_PASSPHRASE", "This backup is protected by a passphrase.", {
    hint: `Give the ${word} of this backup.`,
  });

/** Applies these rules. @throws BackupError instead of an ArchiveFault */
export function judged<Result>(judge: () => Result): Result {
  try {
    return judge();
  } catch (error) {
    return throwJudged(error);
  }
}

/** The same for a promise: `await judging.catch(throwJudged)` */
export function throwJudged(error: unknown): never {
  throw error instanceof ArchiveFault ? toArchiveError(error) : error;
}
