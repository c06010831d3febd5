import { stat } from "node:fs/promises";
import { BackupError, systemCodeOf } from "../errors.ts";
import { invalidArchive } from "./archive-error.ts";
import type { EntrySource } from "./entry-source.ts";
import { openFolderSource } from "./folder-source.ts";
import { openZipSource } from "./zip-source.ts";

/** @throws NOT_FOUND, ARCHIVE_INVALID, ARCHIVE_TRUNCATED */
export async function openEntrySource(path: string): Promise<EntrySource> {
  let stats: Awaited<ReturnType<typeof stat>>;
  try {
    stats = await stat(path);
  } catch (cause) {
    throw new BackupError("NOT_FOUND", `The backup cannot be opened (${systemCodeOf(cause)}).`, {
      hint: "Check the path. It must be a folder or a zip file that the process may read.",
      cause,
    });
  }
  if (stats.isDirectory()) return openFolderSource(path);
  if (!stats.isFile()) throw invalidArchive("This is neither a file nor a folder.");
  if (path.toLowerCase().endsWith(".json")) {
    throw invalidArchive("This is one table's file, not a backup.", {
      hint: "Give the folder that holds all of the backup's files, or its zip file.",
    });
  }
  return openZipSource(path);
}
