import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type BackupError, toBackupError } from "../errors.ts";
import { invalidArchive } from "./archive-error.ts";
import { type EntrySource, isSystemFile } from "./entry-source.ts";
import { openEntrySource, recognise } from "./recognise-backup.ts";

/** Ends the name of what is being written, or was never finished. */
export const PARTIAL_SUFFIX = ".partial";

/**
 * The backups, zip files and folders, directly below a folder: their names, sorted. What may be one but cannot be
 * opened, because it is damaged or may not be read, is among them: who wants the only backup must hear of it.
 * What is unfinished is not. Looks at structures only, and needs no secret.
 */
export async function findBackups(folder: string): Promise<string[]> {
  const backups: string[] = [];
  for (const found of await readdir(folder, { withFileTypes: true })) {
    const { name } = found;
    if (name.endsWith(PARTIAL_SUFFIX) || isSystemFile(name)) continue;
    // A link, as `latest`, would be a backup twice.
    const isCandidate = found.isFile()
      ? name.toLowerCase().endsWith(".zip")
      : found.isDirectory() && !name.startsWith(".");
    if (isCandidate && (await mayBeBackup(join(folder, name)))) backups.push(name);
  }
  return backups.sort();
}

async function mayBeBackup(path: string): Promise<boolean> {
  try {
    const source = await openEntrySource(path);
    try {
      return (await recognise(source)) !== null;
    } finally {
      await source.close();
    }
  } catch (error) {
    return toBackupError(error).code !== "INTERNAL";
  }
}

/** Whether a path is a backup, ours or the original's, as far as its structure tells. */
export async function isBackup(path: string): Promise<boolean> {
  const source = await openEntrySource(path);
  try {
    return (await recognise(source)) !== null;
  } finally {
    await source.close();
  }
}

/** Why nothing at this path is recognised, for whoever gave it. */
export async function notABackup(source: EntrySource, path: string): Promise<BackupError> {
  if (source.kind === "zip") {
    return invalidArchive("The file is a zip, but not a backup: it has no manifest.", {
      hint: "Choose the zip file that was downloaded from the backup page, as it is.",
    });
  }
  const backups = await findBackups(path);
  if (backups.length > 0) {
    return invalidArchive(`The folder is not a backup itself, but holds ${backups.length}.`, {
      hint: `Give the path of one of them, as ${backups[0]}.`,
      details: { backups },
    });
  }
  return invalidArchive("The folder is not a backup: it has no manifest.", {
    hint: "Give the folder that was written by a backup, or the zip file.",
  });
}
