/** What a path holds, told from names and a first look at the content: a backup of ours, the original's, or none. */
import { stat } from "node:fs/promises";
import { BackupError, systemCodeOf } from "../errors.ts";
import { KEY_ENTRY, manifestEntryName } from "../shared/archive-format.ts";
import { isTableEntry } from "./archive-entries.ts";
import { invalidArchive } from "./archive-error.ts";
import { translateReadError } from "./entry-content.ts";
import type { EntrySource } from "./entry-source.ts";
import { openFolderSource } from "./folder-source.ts";
import { isOriginal } from "./original/open-original.ts";
import { openZipSource } from "./zip-source.ts";

/**
 * Opens the entries of a zip file or a folder.
 *
 * @throws NOT_FOUND, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function openEntrySource(path: string): Promise<EntrySource> {
  let stats: Awaited<ReturnType<typeof stat>>;
  try {
    stats = await stat(path);
  } catch (cause) {
    throw new BackupError("NOT_FOUND", `The backup cannot be opened (${systemCodeOf(cause)}).`, {
      hint: "Check its path: a folder or a zip file that the process may read.",
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

/** Whose backup the entries are. Null: neither ours nor the original's. */
export async function recognise(source: EntrySource): Promise<"ours" | "original" | null> {
  const { entries } = source;
  if (entries.has(manifestEntryName("recipients")) || entries.has(KEY_ENTRY)) return "ours";
  const hasTables = [...entries.keys()].some(isTableEntry);
  if (entries.has(PLAIN_MANIFEST) && (hasTables || (await beginsAsManifest(source)))) return "ours";
  if (await isOriginal(source)) return "original";
  return hasTables ? "ours" : null;
}

const PLAIN_MANIFEST = manifestEntryName("none");
const FIRST_LOOK_CHARACTERS = 1000;

/** The original writes so a table of this name: an array, or an object of encrypted text. */
async function beginsAsManifest(source: EntrySource): Promise<boolean> {
  try {
    for await (const chunk of source.read(PLAIN_MANIFEST)) {
      return /^\s*\{\s*"formatVersion"/.test(chunk.toString("utf8", 0, FIRST_LOOK_CHARACTERS));
    }
    return false;
  } catch (error) {
    throw translateReadError(error);
  }
}
