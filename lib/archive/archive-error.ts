import { BackupError, type BackupErrorOptions } from "../errors.ts";
import { ArchiveFault, damaged, differs, truncated } from "../shared/archive/fault.ts";

/** The archive is not as it was written, or never was one. Reading changes nothing, and says so. */
export const invalidArchive = (what: string, options?: BackupErrorOptions): BackupError =>
  toArchiveError(damaged(what, options));

/** The archive ends too early. */
export const truncatedArchive = (what: string, options?: BackupErrorOptions): BackupError =>
  toArchiveError(truncated(what, options));

/** Bytes differ from what the manifest says. */
export const digestMismatch = (entry: string, cause?: unknown): BackupError =>
  toArchiveError(differs(entry, undefined, cause));

/** What the rules of browser and server find, as the server says it. Reading changes nothing. */
export function toArchiveError(fault: ArchiveFault): BackupError {
  const { code, message, hint, details, cause } = fault;
  return new BackupError(code, `${message} Nothing was changed.`, { hint, details, cause });
}

/** Judges by those rules. @throws BackupError in place of an ArchiveFault */
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
