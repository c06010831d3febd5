import { stat } from "node:fs/promises";
import { invalidArchive, unopenable } from "./archive-error.ts";
import type { EntrySource } from "./entry-source.ts";
import { openFolderSource } from "./folder-source.ts";
import { openZipSource } from "./zip-source.ts";

/** @throws NOT_FOUND, ARCHIVE_INVALID, ARCHIVE_TRUNCATED */
export async function openEntrySource(path: string): Promise<EntrySource> {
  const stats = await stat(path).catch((cause) => {
    throw unopenable(cause);
  });
  if (stats.isDirectory()) return openFolderSource(path);
  if (!stats.isFile()) throw invalidArchive("This is neither a file nor a folder.");
  if (path.toLowerCase().endsWith(".json")) {
    throw invalidArchive("This is one table's file, not a backup.", {
      hint: "Give the folder that holds all of the backup's files, or its zip file.",
    });
  }
  return openZipSource(path);
}
