import { BackupError, type BackupErrorOptions } from "../errors.ts";

const NEW_COPY =
  "Download or copy the archive again and compare the sizes; else use an older backup.";

/** The archive is not as it was written, or never was one. Reading changes nothing, and says so. */
export function invalidArchive(what: string, options: BackupErrorOptions = {}): BackupError {
  return new BackupError("ARCHIVE_INVALID", `${what} Nothing was changed.`, {
    hint: NEW_COPY,
    ...options,
  });
}

/** The archive ends too early. */
export function truncatedArchive(what: string, options: BackupErrorOptions = {}): BackupError {
  return new BackupError("ARCHIVE_TRUNCATED", `${what} Nothing was changed.`, {
    hint: "The download or copy was probably cut off. Download or copy the archive again and compare the sizes; else use an older backup.",
    ...options,
  });
}

/** Bytes differ from what the manifest says. */
export function digestMismatch(entry: string, cause?: unknown): BackupError {
  return new BackupError(
    "DIGEST_MISMATCH",
    `The archive's entry ${entry} is not what was backed up: its content differs from the manifest. Nothing was changed.`,
    { hint: NEW_COPY, details: { entry }, cause },
  );
}
