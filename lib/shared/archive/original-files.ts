/** Which entries are files of a backup that `@vorlefan/prisma-backup` wrote. */
import type { Warning } from "../api.ts";
import { MAX_NAME_LENGTH, MAX_TABLES } from "../archive-format.ts";
import { isModestJson } from "../json-size.ts";
import { quote } from "./entry-names.ts";
import type { EntryReader } from "./entry-reader.ts";
import { damaged, truncated } from "./fault.ts";

/** One file that holds a table's rows. */
export interface OriginalFile {
  entry: string;
  /** Of its entry, without `.json`: the table's name as far as a file's name can hold it. */
  name: string;
  sizeBytes: number;
  isEncrypted: boolean;
}

/** Of JSON in its files: below what JSON.stringify's recursion and PostgreSQL's own parser bear. */
export const MAX_ORIGINAL_DEPTH = 1000;
/** It made each file of one JavaScript string, whose characters have three bytes at most. */
const MAX_FILE_BYTES = 3 * 2 ** 29;
/** Of a file that is read whole only to see that it is somebody else's. */
const MAX_FOREIGN_BYTES = 64 * 1024 * 1024;
const MAX_FOREIGN_VALUES = 2_500_000;

/** True if a file looks like one of the original's, whole or not. */
export async function looksOriginal(reader: EntryReader): Promise<boolean> {
  for (const { name } of candidates(reader)) {
    if (kindOf(await reader.readHead(name)) !== "other") return true;
  }
  return false;
}

/**
 * The files that hold tables, and what is said of the ones that do not.
 *
 * @throws ArchiveFault for a file that may be a table's and is not whole
 */
export async function findOriginalFiles(
  reader: EntryReader,
): Promise<{ files: OriginalFile[]; warnings: Warning[] }> {
  const found = candidates(reader);
  if (found.length > MAX_TABLES) {
    throw damaged(`The backup has ${found.length} files, more than any has.`);
  }
  const files: OriginalFile[] = [];
  for (const { name, sizeBytes } of found) {
    const kind = kindOf(await reader.readHead(name));
    if (kind === "empty") {
      throw truncated(`The file ${quote(name)} is empty.`, { details: { entry: name } });
    }
    if (kind === "other") {
      await requireForeign(reader, name, sizeBytes);
      continue;
    }
    if (name.length > MAX_NAME_LENGTH) {
      throw damaged(`The file ${quote(name)} has a longer name than any table.`);
    }
    if (sizeBytes > MAX_FILE_BYTES) {
      throw damaged(`The file ${quote(name)} is larger than the original could write.`, {
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
  const ignored = [...reader.entries.keys(), ...reader.others].filter((name) => !kept.has(name));
  return { files, warnings: ignored.length === 0 ? [] : [ignoredWarning(ignored)] };
}

/** The original wrote no folders. */
const candidates = ({ entries }: EntryReader): Array<{ name: string; sizeBytes: number }> =>
  [...entries.values()].filter(({ name }) => /^[^./][^/]*\.json$/i.test(name));

/** By its first bytes, read as latin1 so that no character is cut in two. */
function kindOf(head: string): "rows" | "encrypted" | "empty" | "other" {
  const text = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (text === "") return "empty";
  if (text.startsWith("[")) return "rows";
  return /^\{\s*"(encryptedText|encrypted|iv)"\s*:\s*"/.test(text) ? "encrypted" : "other";
}

/** A whole JSON value that is no array is somebody else's file; anything else may be a table's that was cut off. */
async function requireForeign(reader: EntryReader, name: string, sizeBytes: number): Promise<void> {
  const hint =
    "If this file is not part of the backup, move it to another place. Else copy the backup again, or use an older one.";
  const details = { entry: name };
  if (sizeBytes > MAX_FOREIGN_BYTES) {
    throw damaged(`The file ${quote(name)} is not a table of the backup.`, {
      hint,
      details,
    });
  }
  const content = await reader.readBytes(name, sizeBytes);
  if (!isModestJson(content, { maxDepth: MAX_ORIGINAL_DEPTH, maxValues: MAX_FOREIGN_VALUES })) {
    throw damaged(`The file ${quote(name)} is not a table of the backup.`, {
      hint,
      details,
    });
  }
  try {
    JSON.parse(new TextDecoder().decode(content));
  } catch (cause) {
    throw damaged(`The file ${quote(name)} is not JSON, or not whole.`, {
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
