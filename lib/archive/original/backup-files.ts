/** Which entries of a source are files of a backup that `@vorlefan/prisma-backup` wrote. */
import type { Warning } from "../../shared/api.ts";
import { MAX_NAME_LENGTH, MAX_TABLES } from "../../shared/archive-format.ts";
import { isModestJson } from "../../shared/json-size.ts";
import { invalidArchive, truncatedArchive } from "../archive-error.ts";
import { translateReadError } from "../entry-content.ts";
import type { EntrySource } from "../entry-source.ts";
import { quote } from "../zip-structure.ts";
import { MAX_DEPTH } from "./split-rows.ts";

/** One file that holds a table's rows. */
export interface BackupFile {
  entry: string;
  /** Of its entry, without `.json`: the table's name as far as a file's name can hold it. */
  name: string;
  sizeBytes: number;
  isEncrypted: boolean;
}

const HEAD_BYTES = 4096;
/** It made each file of one JavaScript string, whose characters have three bytes at most. */
const MAX_FILE_BYTES = 3 * 2 ** 29;
/** Of a file that is read whole only to see that it is somebody else's. */
const MAX_FOREIGN_BYTES = 64 * 1024 * 1024;
const MAX_FOREIGN_VALUES = 2_500_000;

/** True where a file looks like one of the original's, whole or not. */
export async function isOriginal(source: EntrySource): Promise<boolean> {
  for (const { name } of candidates(source)) {
    const kind = kindOf(await readHead(source, name));
    if (kind !== "other") return true;
  }
  return false;
}

/**
 * The files that hold tables, and what is said of the ones that do not.
 *
 * @throws ARCHIVE_INVALID or ARCHIVE_TRUNCATED for a file that may be a table's and is not whole
 */
export async function findBackupFiles(
  source: EntrySource,
): Promise<{ files: BackupFile[]; warnings: Warning[] }> {
  const found = candidates(source);
  if (found.length > MAX_TABLES) {
    throw invalidArchive(`The backup has ${found.length} files, more than any has.`);
  }
  const files: BackupFile[] = [];
  for (const { name, sizeBytes } of found) {
    const kind = kindOf(await readHead(source, name));
    if (kind === "empty") {
      throw truncatedArchive(`The file ${quote(name)} is empty.`, { details: { entry: name } });
    }
    if (kind === "other") {
      await requireForeign(source, name, sizeBytes);
      continue;
    }
    if (name.length > MAX_NAME_LENGTH) {
      throw invalidArchive(`The file ${quote(name)} has a longer name than any table.`);
    }
    if (sizeBytes > MAX_FILE_BYTES) {
      throw invalidArchive(`The file ${quote(name)} is larger than the original could write.`, {
        details: { entry: name },
      });
    }
    files.push({
      entry: name,
      name: name.slice(0, -".json".length),
      sizeBytes,
      isEncrypted: kind === "encrypted",
    });
  }
  const kept = new Set(files.map(({ entry }) => entry));
  const ignored = [...source.entries.keys(), ...source.others].filter((name) => !kept.has(name));
  return { files, warnings: ignored.length === 0 ? [] : [ignoredWarning(ignored)] };
}

/** The original wrote no folders. */
const candidates = ({ entries }: EntrySource): Array<{ name: string; sizeBytes: number }> =>
  [...entries.values()].filter(({ name }) => /^[^./][^/]*\.json$/i.test(name));

async function readHead(source: EntrySource, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source.read(name)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= HEAD_BYTES) break;
    }
  } catch (error) {
    throw translateReadError(error);
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES).toString("latin1");
}

/** By its first bytes, read as latin1 so that no character is cut in two. */
function kindOf(head: string): "rows" | "encrypted" | "empty" | "other" {
  const text = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (text === "") return "empty";
  if (text.startsWith("[")) return "rows";
  return /^\{\s*"(encryptedText|encrypted|iv)"\s*:\s*"/.test(text) ? "encrypted" : "other";
}

/** A whole JSON value that is no array is somebody else's file; anything else may be a table's that was cut off. */
async function requireForeign(source: EntrySource, name: string, sizeBytes: number): Promise<void> {
  const hint =
    "If this file is not part of the backup, move it to another place. Else copy the backup again, or use an older one.";
  const details = { entry: name };
  if (sizeBytes > MAX_FOREIGN_BYTES) {
    throw invalidArchive(`The file ${quote(name)} is not a table of the backup.`, {
      hint,
      details,
    });
  }
  const content = await source.readBytes(name, sizeBytes);
  if (!isModestJson(content, { maxDepth: MAX_DEPTH, maxValues: MAX_FOREIGN_VALUES })) {
    throw invalidArchive(`The file ${quote(name)} is not a table of the backup.`, {
      hint,
      details,
    });
  }
  try {
    JSON.parse(content.toString().replace(/^\ufeff/, ""));
  } catch (cause) {
    throw invalidArchive(`The file ${quote(name)} is not JSON, or not whole.`, {
      hint,
      details,
      cause,
    });
  }
}

const NAMED = 3;

function ignoredWarning(names: string[]): Warning {
  const some = names.slice(0, NAMED).map(quote).join(", ");
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return {
    code: "ORIGINAL_FILES_IGNORED",
    message: `Files that are not tables of the backup are ignored: ${some}${more}.`,
  };
}
