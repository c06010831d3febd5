import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BackupError } from "../errors.ts";
import { isSystemFile } from "../shared/archive/entry-names.ts";
import { noBackupInZip, recognise } from "../shared/archive/recognise.ts";
import { PARTIAL_SUFFIX } from "../shared/archive-format.ts";
import { formatNoun } from "../shared/format.ts";
import { invalidArchive, toArchiveError } from "./archive-error.ts";
import type { EntrySource } from "./entry-source.ts";
import { openEntrySource } from "./open-entry-source.ts";

/**
 * Finds the backups, zip files and folders, directly below a folder. What is damaged or unreadable but may be a backup
 * is among them: the only backup must not be skipped silently. Returns their names, sorted.
 */
export async function findBackups(folder: string): Promise<string[]> {
  return (await listBackups(folder)).map(({ name }) => name);
}

interface Found {
  name: string;
  whose: Awaited<ReturnType<typeof recognise>> | "unknown";
}

async function listBackups(folder: string): Promise<Found[]> {
  const backups: Found[] = [];
  for (const found of await readdir(folder, { withFileTypes: true })) {
    const { name } = found;
    if (name.endsWith(PARTIAL_SUFFIX) || isSystemFile(name)) continue;
    // A link, such as `latest`, would list a backup twice.
    const isCandidate = found.isFile()
      ? name.toLowerCase().endsWith(".zip")
      : found.isDirectory() && !name.startsWith(".");
    if (!isCandidate) continue;
    const whose = await look(join(folder, name));
    if (whose !== null) backups.push({ name, whose });
  }
  return backups.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function look(path: string): Promise<Found["whose"]> {
  try {
    await using source = await openEntrySource(path);
    return await recognise(source);
  } catch (error) {
    if (error instanceof BackupError) return "unknown";
    throw error;
  }
}

export async function isBackup(path: string): Promise<boolean> {
  await using source = await openEntrySource(path);
  return (await recognise(source)) !== null;
}

/**
 * The original wrote into the given folder itself. If newer backups are beside its files, it is unclear which are
 * meant.
 *
 * @throws ARCHIVE_INVALID
 */
export async function requireNoNewer(source: EntrySource, path: string): Promise<void> {
  if (source.kind === "zip") return;
  const newer = (await listBackups(path)).filter(({ whose }) => whose === "ours");
  if (newer.length === 0) return;
  const backups = newer.map(({ name }) => name);
  throw invalidArchive(
    `The folder holds the files of an older backup, and ${formatNoun(newer.length, "newer one")}.`,
    {
      hint: `Give the path of the backup that you mean, such as ${backups.at(-1)}. For the older one, move its files to a folder of their own.`,
      details: { backups },
    },
  );
}

export async function notABackup(source: EntrySource, path: string): Promise<BackupError> {
  if (source.kind === "zip") return toArchiveError(noBackupInZip());
  const backups = await findBackups(path);
  if (backups.length > 0) {
    return invalidArchive(
      `The folder is not a backup itself, but holds ${formatNoun(backups.length, "backup")}.`,
      {
        hint: `Give the path of one of them, such as ${backups[0]}.`,
        details: { backups },
      },
    );
  }
  if (path.replace(/[\\/]+$/, "").endsWith(PARTIAL_SUFFIX)) {
    return invalidArchive("The folder is a backup that was never finished.", {
      hint: "Use another backup, and delete this one.",
    });
  }
  return invalidArchive("The folder is not a backup: it has no manifest.", {
    hint: "Give the folder that was written by a backup, or the zip file.",
  });
}
