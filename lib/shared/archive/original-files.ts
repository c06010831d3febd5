/** Recognises the entries that are files of a backup by `@vorlefan/prisma-backup`. */
import type { Warning } from "../api.ts";
import { MAX_NAME_LENGTH, MAX_TABLES } from "../archive-format.ts";
import { isModestJson } from "../json-size.ts";
import { quote } from "./entry-names.ts";
import type { EntryReader } from "./entry-reader.ts";
import { damaged, truncated } from "./fault.ts";

/** One file with a table's rows. */
export interface OriginalFile {
  entry: string;
  /** The entry's name without `.json`: the table's name, as far as a file name can contain it. */
  name: string;
  sizeBytes: number;
  isEncrypted: boolean;
}

/** Maximum depth of JSON in its files: below the limits of JSON.stringify's recursion and PostgreSQL's own parser. */
export const MAX_ORIGINAL_DEPTH = 1000;
/** The original made each file from one JavaScript string, whose characters have at most three bytes. */
const MAX_FILE_BYTES = 3 * 2 ** 29;
/** Maximum size of a file that is read as a whole only to find out that it is not the original's. */
const MAX_FOREIGN_BYTES = 64 * 1024 * 1024;
const MAX_FOREIGN_VALUES = 2_500_000;

/** True if a file looks like one of the original's, complete or not. */
export async function looksOriginal(reader: EntryReader): Promise<boolean> {
  for (const { name } of candidates(reader)) {
    if (kindOf(await reader.readHead(name)) !== "other") return true;
  }
  return false;
}

/** Finds the files of tables. @throws ArchiveFault for a file that may be a table's and is incomplete */
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

/** Judges by the first bytes, read as latin1 so that no character is cut in two. */
function kindOf(head: string): "rows" | "encrypted" | "empty" | "other" {
  const text = head.replace(/^\xef\xbb\xbf/, "").trimStart();
  if (text === "") return "empty";
  if (text.startsWith("[")) return "rows";
  return /^\{\s*"(encryptedText|encrypted|iv)"\s*:\s*"/.test(text) ? "encrypted" : "other";
}

/** A complete JSON value that is no array is a foreign file. Anything else may be a table's file that was cut off. */
async function requireForeign(reader: EntryReader, name: string, sizeBytes: number): Promise<void> {
  const hint =
    "If this file is not part of the backup, move it to another place. Else copy the backup again, or use an older one.";
  const refuse = (what: string, cause?: unknown) =>
    damaged(`The file ${quote(name)} is ${what}.`, { hint, details: { entry: name }, cause });
  const limits = { maxDepth: MAX_ORIGINAL_DEPTH, maxValues: MAX_FOREIGN_VALUES };
  if (sizeBytes > MAX_FOREIGN_BYTES) throw refuse("not a table of the backup");
  const content = await reader.readBytes(name, sizeBytes);
  if (!isModestJson(content, limits)) throw refuse("not a table of the backup");
  try {
    JSON.parse(new TextDecoder().decode(content));
  } catch (cause) {
    throw refuse("not JSON, or not whole", cause);
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
