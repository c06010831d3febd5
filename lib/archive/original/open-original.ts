import { BackupError } from "../../errors.ts";
import type { Archive } from "../archive-reader.ts";
import type { EntrySource } from "../entry-source.ts";

export { isOriginal } from "./backup-files.ts";

/**
 * Opens a backup that `@vorlefan/prisma-backup` 0.3.5 or 0.4.0 wrote. It owns the source from here on, also where
 * it fails.
 *
 * @throws ARCHIVE_INVALID or ARCHIVE_TRUNCATED for a file that is not whole
 */
export async function openOriginal(source: EntrySource): Promise<Archive> {
  await source.close();
  throw new BackupError("FORMAT_UNSUPPORTED", "Backups of the original cannot be read yet.");
}
