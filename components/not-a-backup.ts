import type { ArchiveVerdict } from "../lib/shared/archive-verdict.ts";

/** JSZip reads a whole file into memory. Of larger files, only the beginning and the end are read. */
export const LOOK_INSIDE_MAX_BYTES = 500_000_000;

/** Why a file cannot be restored. */
export interface NotABackup {
  kind: "not-a-backup";
  verdict: Extract<ArchiveVerdict, "not-a-backup" | "incomplete" | "damaged">;
  message: string;
  hint: string;
}

export const notABackup = (
  message: string,
  hint: string,
  verdict: NotABackup["verdict"] = "not-a-backup",
): NotABackup => ({ kind: "not-a-backup", verdict, message, hint });

export const NO_BACKUP_IN_ZIP = notABackup(
  "This is a zip file, but not a backup.",
  "A backup holds a manifest and a folder named tables, or one JSON file per table where @vorlefan/prisma-backup wrote it. Choose the file as it was downloaded.",
);
