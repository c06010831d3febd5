import { link, lstat, mkdir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DigestStream } from "../archive/digest.ts";
import type { EntrySink } from "../archive/entry-sink.ts";
import { createFile, syncFolder } from "../archive/files.ts";
import { createFolderSink } from "../archive/folder-sink.ts";
import { BackupError, systemCodeOf } from "../errors.ts";
import { CONFLICT_ATTEMPTS, isRecoveryConflict } from "../postgres/errors/standby.ts";
import type { OperationResult } from "../shared/api.ts";
import { PARTIAL_SUFFIX } from "../shared/archive-format.ts";
import { type RunBackupOptions, runBackup } from "./run-backup.ts";

export interface CreateBackupFileOptions extends Omit<RunBackupOptions, "output"> {
  /** Path of the new file or folder. Its parent folder must exist. */
  path: string;
  /** One zip file, or a folder with the same entries as files. */
  kind: "zip" | "folder";
  /** Receives every byte of a zip before it is written to disk. */
  digest?: DigestStream;
}

/**
 * Backs up into a new file or folder that only its owner can read. It is written as `<path>.partial` and renamed when
 * it is complete and on disk. A failure leaves nothing behind. An existing file or folder is never overwritten.
 *
 * @returns the result, with `archiveBytes`: size of the zip, or of all the folder's files
 * @throws BackupError: as `runBackup`; REQUEST_INVALID if the path is taken or cannot be written
 */
export async function createBackupFile(options: CreateBackupFileOptions): Promise<OperationResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await createOnce(options);
    } catch (error) {
      // On a standby, a new attempt may avoid the recovery conflict.
      const isPassing = error instanceof BackupError && isRecoveryConflict(error.cause);
      if (!isPassing || options.digest || attempt === CONFLICT_ATTEMPTS) throw error;
    }
  }
}

async function createOnce(options: CreateBackupFileOptions): Promise<OperationResult> {
  const { path, kind, digest, ...backup } = options;
  if (kind === "zip") await refuseFolder(path);
  if (await exists(path)) throw taken(path);
  const partial = `${path}${PARTIAL_SUFFIX}`;
  const output = await createPartial(partial, options);
  try {
    const result = await runBackup({ ...backup, output: output.to });
    await output.closed.catch((error) => {
      throw unwritable(path, error);
    });
    await moveIntoPlace(partial, path, kind);
    return result;
  } catch (error) {
    await output.closed.catch(() => {});
    // If this fails, the remainder is not taken for a backup, because of its suffix. Report the original error.
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/**
 * Creates the file exclusively, because two runs to the same path must not mix. `closed` settles when everything is on
 * disk or has failed. Then no file is open.
 */
async function createPartial(
  partial: string,
  { path, kind, digest }: CreateBackupFileOptions,
): Promise<{ to: Writable | EntrySink; closed: Promise<unknown> }> {
  try {
    if (kind === "folder") {
      await mkdir(partial, { mode: 0o700 });
      const to = createFolderSink(partial);
      return { to, closed: to.done };
    }
    const { to, closed } = await createFile(partial);
    if (!digest) return { to, closed };
    // If one of the two fails, the other fails too.
    pipeline(digest, to).catch(() => {});
    return { to: digest, closed };
  } catch (cause) {
    const code = systemCodeOf(cause);
    if (code !== "EEXIST") throw unwritable(path, cause);
    throw new BackupError("REQUEST_INVALID", `${partial} exists already. No backup was made.`, {
      hint: "Another process is writing it, or a process was killed. If it was killed, delete the file. It is no backup.",
      cause,
    });
  }
}

/** The name appears only after the bytes are on disk, so a file or folder with this name is always complete. */
async function moveIntoPlace(partial: string, path: string, kind: "zip" | "folder"): Promise<void> {
  try {
    if (kind === "folder" || !(await linkFile(partial, path))) {
      // Renaming would replace a file or an empty folder that was created in the meantime.
      if (await exists(path)) throw taken(path);
      await rename(partial, path);
    }
    await syncFolder(dirname(resolve(path)));
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw unwritable(path, error);
  }
}

/** Gives a file its name unless the name is taken. @returns false if the file system does not support links */
async function linkFile(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") throw taken(to);
    return false;
  }
  await unlink(from);
  return true;
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** @throws BackupError REQUEST_INVALID if the path is a folder, or only a folder can have this name */
async function refuseFolder(path: string): Promise<void> {
  const isFolder = await stat(path)
    .then((it) => it.isDirectory())
    .catch(() => false);
  if (!isFolder && !path.endsWith("/") && !path.endsWith(sep)) return;
  throw new BackupError(
    "REQUEST_INVALID",
    `${path} names a folder, and a backup is one file. No backup was made.`,
    { hint: `Name the file as well, such as ${join(path, "backup.zip")}.` },
  );
}

const taken = (path: string): BackupError =>
  new BackupError("REQUEST_INVALID", `${path} exists already. No backup was made.`, {
    hint: "Choose another name; a backup is never overwritten.",
  });

const unwritable = (path: string, cause: unknown): BackupError =>
  new BackupError(
    "REQUEST_INVALID",
    systemCodeOf(cause) === "ENOENT"
      ? `${path} cannot be written: there is no folder ${dirname(path)}. No backup was made.`
      : `${path} cannot be written (${systemCodeOf(cause)}). No backup was made.`,
    { hint: "Choose a folder that exists and may be written to.", cause },
  );
