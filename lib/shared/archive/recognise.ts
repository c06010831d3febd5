/** Recognises which software wrote a backup, from its entries' names and the beginning of their content. */
import { KEY_ENTRY, manifestEntryName } from "../archive-format.ts";
import { isTableEntry } from "./entry-names.ts";
import type { EntryReader } from "./entry-reader.ts";
import { notABackup } from "./fault.ts";
import { looksOriginal } from "./original-files.ts";

/** Null: neither ours nor one by `@vorlefan/prisma-backup`. */
export async function recognise(reader: EntryReader): Promise<"ours" | "original" | null> {
  const { entries } = reader;
  if (entries.has(manifestEntryName("recipients")) || entries.has(KEY_ENTRY)) return "ours";
  const hasTables = [...entries.keys()].some((name) => isTableEntry(name));
  if (entries.has(PLAIN_MANIFEST) && (hasTables || (await beginsAsManifest(reader)))) return "ours";
  if (await looksOriginal(reader)) return "original";
  return hasTables ? "ours" : null;
}

const PLAIN_MANIFEST = manifestEntryName("none");

/** The original writes a table of this name as an array, or as an object with encrypted text. */
const beginsAsManifest = async (reader: EntryReader): Promise<boolean> =>
  /^\s*\{\s*"formatVersion"/.test(await reader.readHead(PLAIN_MANIFEST));

/** The reason for refusing a zip in which `recognise` finds nothing. */
export const noBackupInZip = () =>
  notABackup(
    "This is a zip file, but not a backup.",
    "A backup holds a manifest and a folder named tables. A backup of @vorlefan/prisma-backup holds one JSON file per table. Choose the zip file as it was downloaded.",
  );
