import JSZip from "jszip";
import type { EncryptionMode } from "../lib/shared/api.ts";
import {
  LOOK_INSIDE_MAX_BYTES,
  NO_BACKUP_IN_ZIP,
  type NotABackup,
  notABackup,
} from "./not-a-backup.ts";
import { inspectOriginal, type OriginalBackup } from "./original-backup.ts";
import { isOfTheSystem } from "./system-file.ts";

export type LocalReport =
  | {
      kind: "backup";
      encryption: EncryptionMode;
      tables: number;
      /** Known only for an unencrypted backup of a known version. Others need their key. */
      manifest: { createdAt: string; tool: string; databaseName: string } | null;
    }
  | ({ kind: "original" } & OriginalBackup)
  /** A complete zip that is too large to look inside in the browser. */
  | { kind: "large-zip" }
  | NotABackup;

/** Tells from its structure what kind of file was chosen. A quick look, not a verification. */
export async function inspectArchive(file: Blob, maxBytes?: number): Promise<LocalReport> {
  return (await openZip(file, maxBytes)).report;
}

/**
 * The entries of a zip by name, without folders, without files of the operating system, and without a folder that wraps
 * all entries.
 */
export type ZipEntries = ReadonlyMap<string, JSZip.JSZipObject>;

/** Like `inspectArchive`, and also returns the entries if the file is a backup that fits into memory. */
export async function openZip(
  file: Blob,
  maxBytes: number = LOOK_INSIDE_MAX_BYTES,
): Promise<{ report: LocalReport; entries: ZipEntries | null }> {
  const problem = await findProblem(file);
  if (problem) return { report: problem, entries: null };
  if (file.size > maxBytes) return { report: { kind: "large-zip" }, entries: null };
  const bytes = await file.arrayBuffer();
  let zip: JSZip;
  try {
    zip = await JSZip.loadAsync(bytes);
  } catch (error) {
    const isCut = error instanceof Error && /missing \d+ bytes/.test(error.message);
    return { report: isCut ? INCOMPLETE_ZIP : DAMAGED_ZIP, entries: null };
  }
  const entries = entriesOf(zip);
  const report = await inspectEntries(entries);
  return { report, entries: report.kind === "not-a-backup" ? null : entries };
}

function entriesOf(zip: JSZip): ZipEntries {
  const files = Object.values(zip.files).filter(({ dir, name }) => !dir && !isOfTheSystem(name));
  const folder = files[0]?.name.split("/", 1)[0] ?? "";
  const isWrapped = folder !== "tables" && files.every(({ name }) => name.startsWith(`${folder}/`));
  const prefixLength = isWrapped ? folder.length + 1 : 0;
  return new Map(files.map((file) => [file.name.slice(prefixLength), file]));
}

const INCOMPLETE_ZIP = notABackup(
  "This zip file is incomplete: a part of it is missing.",
  "The download or a copy was cut off, so it cannot be restored. Choose another copy of the backup.",
  "incomplete",
);

const DAMAGED_ZIP = notABackup(
  "This zip file is damaged.",
  "It may have been changed on the way. Choose another copy of the backup.",
  "damaged",
);

/** Looks for problems at the beginning and the end of a file. */
async function findProblem(file: Blob): Promise<NotABackup | null> {
  if (file.size === 0) {
    return notABackup(
      "This file is empty.",
      "The download probably failed. Choose another backup.",
    );
  }
  if (!(await startsAsZip(file))) {
    return notABackup(
      "This is not a backup: it is no zip file.",
      "A backup made here is a .zip file. Choose the file as it was downloaded, or its whole folder where it was unpacked.",
    );
  }
  if (!(await endsAsZip(file))) {
    return notABackup(
      "This zip file is incomplete: its end is missing.",
      "The download or a copy was cut off, so it cannot be restored. Choose another copy of the backup.",
      "incomplete",
    );
  }
  return null;
}

async function inspectEntries(entries: ZipEntries): Promise<LocalReport> {
  const names = [...entries.keys()];
  const tables = names.filter((name) => /^tables\/.+\.json(\.zst)?(\.age)?$/.test(name)).length;
  if (names.includes("manifest.json.age")) {
    const encryption = names.includes("key.age") ? "passphrase" : "recipients";
    return { kind: "backup", encryption, tables, manifest: null };
  }
  const entry = entries.get("manifest.json");
  const text = entry && (await entry.async("string").catch(() => ""));
  const manifest = text && readManifest(text);
  if (manifest) return { kind: "backup", encryption: "none", tables, manifest };
  // The backup may have a newer version. In this case its manifest says so when it is opened.
  if (text && (tables > 0 || /^\s*\{\s*"formatVersion"/.test(text))) {
    return { kind: "backup", encryption: "none", tables, manifest: null };
  }
  const original = tables === 0 && (await inspectOriginal(entries.values()).catch(() => null));
  if (original) return { kind: "original", ...original };
  if (tables > 0) {
    return notABackup(
      "This backup is incomplete: it has no readable manifest.",
      "It was never finished, or was packed again without all of its files. Choose the file as it was downloaded.",
      "incomplete",
    );
  }
  return NO_BACKUP_IN_ZIP;
}

function readManifest(
  text: string,
): { createdAt: string; tool: string; databaseName: string } | null {
  try {
    const { createdAt, tool, database } = JSON.parse(text);
    const known = [createdAt, tool, database.name].every((value) => typeof value === "string");
    return known && !Number.isNaN(Date.parse(createdAt))
      ? { createdAt, tool, databaseName: database.name }
      : null;
  } catch {
    return null;
  }
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

/** Checks for a local header, or for the end record of an empty zip. */
async function startsAsZip(file: Blob): Promise<boolean> {
  const [p, k, third, fourth] = await bytesOf(file.slice(0, 4));
  return (
    p === 0x50 && k === 0x4b && ((third === 3 && fourth === 4) || (third === 5 && fourth === 6))
  );
}

/** Whether the file ends with an end-of-central-directory record and a comment of the length that it declares. */
async function endsAsZip(file: Blob): Promise<boolean> {
  const RECORD = 22;
  const MAX_COMMENT = 0xffff;
  const tail = await bytesOf(file.slice(Math.max(0, file.size - RECORD - MAX_COMMENT)));
  const view = new DataView(tail.buffer);
  for (let at = tail.length - RECORD; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    if (at + RECORD + view.getUint16(at + 20, true) === tail.length) return true;
  }
  return false;
}
