import type { EncryptionMode } from "../../lib/shared/api.ts";
import { findMode } from "../../lib/shared/archive/entries.ts";
import { isTableEntry } from "../../lib/shared/archive/entry-names.ts";
import { ArchiveFault } from "../../lib/shared/archive/fault.ts";
import { findOriginalFiles } from "../../lib/shared/archive/original-files.ts";
import { noBackupInZip, recognise } from "../../lib/shared/archive/recognise.ts";
import { MAX_STORED_MANIFEST_BYTES, manifestEntryName } from "../../lib/shared/archive-format.ts";
import { LOOK_INSIDE_MAX_BYTES, type NotABackup, refusalOf } from "./not-a-backup.ts";
import { checkEnds, ZipEntries } from "./zip-entries.ts";

export type LocalReport =
  | {
      kind: "backup";
      encryption: EncryptionMode;
      tables: number;
      /** Known only for an unencrypted backup of a known version. Others need their key. */
      manifest: { createdAt: string; tool: string; databaseName: string } | null;
    }
  /** A backup that `@vorlefan/prisma-backup` wrote. */
  | { kind: "original"; tables: number; isEncrypted: boolean }
  /** A complete zip that is too large to look inside in the browser. */
  | { kind: "large-zip" }
  | NotABackup;

/** Tells from its structure what kind of file was chosen. A quick look, not a verification. */
export async function inspectArchive(file: Blob, maxBytes?: number): Promise<LocalReport> {
  return (await openZip(file, maxBytes)).report;
}

/** Like `inspectArchive`, and also returns the entries if the file is a backup that fits into memory. */
export async function openZip(
  file: Blob,
  maxBytes: number = LOOK_INSIDE_MAX_BYTES,
): Promise<{ report: LocalReport; entries: ZipEntries | null }> {
  try {
    const { entryCount } = await checkEnds(file);
    if (file.size > maxBytes) return { report: { kind: "large-zip" }, entries: null };
    const entries = await ZipEntries.open(file, entryCount);
    return { report: await inspectEntries(entries), entries };
  } catch (error) {
    if (error instanceof ArchiveFault) return { report: refusalOf(error), entries: null };
    throw error;
  }
}

/** @throws ArchiveFault */
async function inspectEntries(zip: ZipEntries): Promise<LocalReport> {
  switch (await recognise(zip)) {
    case "ours": {
      const encryption = findMode(zip);
      const tables = [...zip.entries.keys()].filter((name) => isTableEntry(name)).length;
      const manifest = encryption === "none" ? await lookAtManifest(zip) : null;
      return { kind: "backup", encryption, tables, manifest };
    }
    case "original": {
      const { files } = await findOriginalFiles(zip);
      const isEncrypted = files.some((file) => file.isEncrypted);
      return { kind: "original", tables: files.length, isEncrypted };
    }
    case null:
      throw noBackupInZip();
  }
}

/** Only for the title. Opening the backup checks whether the manifest is valid. */
async function lookAtManifest(zip: ZipEntries) {
  try {
    const bytes = await zip.readBytes(manifestEntryName("none"), MAX_STORED_MANIFEST_BYTES);
    const { createdAt, tool, database } = JSON.parse(new TextDecoder().decode(bytes));
    const known = [createdAt, tool, database.name].every((value) => typeof value === "string");
    return known && !Number.isNaN(Date.parse(createdAt))
      ? { createdAt, tool, databaseName: database.name }
      : null;
  } catch {
    return null;
  }
}
