import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { inspectDirectory } from "../../operations/private-directory.ts";
import { formatBytes } from "../../shared/format.ts";
import { DEFAULT_MAX_UPLOAD_BYTES, UPLOAD_SPARE_BYTES } from "../../shared/limits.ts";
import type { Report } from "./finding.ts";

/** Checks that only the app can use the folder for uploads, by the rule that the app applies before each use. */
export async function checkUploadFolder({ ok, problem }: Report, directory: string): Promise<void> {
  const folder = path.resolve(directory);
  const state = await inspectDirectory(folder, "this command");
  if (state === null) return;
  if ("unsafe" in state) {
    problem(
      "UPLOAD_DIR",
      `The folder for uploads, ${folder}, ${state.unsafe}. The app refuses to use such a folder.`,
      `Run doctor as the app's user. If it says the same: ${state.remedy ?? ""}Give createBackupAdmin an \`uploadDir\` that belongs to the app's user alone.`,
    );
  } else ok("UPLOAD_DIR", `The folder for uploads, ${folder}, belongs to this user alone.`);
}

/** The file system type that `statfs` returns on Linux. */
const TMPFS = 0x01021994;

/** Checks that a backup of this database fits on the disk for uploads. @param directory default: the temporary one */
export async function checkSpace(
  { ok, warning, problem }: Report,
  directory: string | undefined,
  databaseBytes: number | null,
): Promise<void> {
  const folder = await nearest(path.resolve(directory ?? os.tmpdir()));
  const other =
    "give createBackupAdmin an `uploadDir` elsewhere, and doctor the same by --upload-dir";
  try {
    await access(folder, constants.W_OK);
  } catch {
    problem(
      "UPLOAD_DIR",
      `${folder} cannot be written to: no backup can be uploaded.`,
      `Make it writable for the app's user, or ${other}.`,
    );
    return;
  }
  const { bavail, bsize, type } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const free = `${formatBytes(freeBytes)} free in ${folder}`;
  if (freeBytes < UPLOAD_SPARE_BYTES) {
    problem("SPACE", `Only ${free}: no backup can be uploaded.`, `Make room, or ${other}.`);
  } else if (databaseBytes !== null && freeBytes < databaseBytes + UPLOAD_SPARE_BYTES) {
    warning(
      "SPACE",
      `Only ${free}, and the database has ${formatBytes(databaseBytes)}: its backup is smaller, but may not fit.`,
      `Make room, or ${other}.`,
    );
  } else ok("SPACE", `Room for uploads: ${free}.`);
  if (type === TMPFS) {
    warning("SPACE", `${folder} is in memory, so uploads take memory.`, `Better ${other}.`);
  }
  if (databaseBytes !== null && databaseBytes > DEFAULT_MAX_UPLOAD_BYTES) {
    warning(
      "MAX_UPLOAD",
      `The database has ${formatBytes(databaseBytes)}, and an upload may have ${formatBytes(DEFAULT_MAX_UPLOAD_BYTES)} unless \`maxUploadBytes\` says otherwise.`,
      "Raise `maxUploadBytes` in the options of createBackupAdmin, or restore from a terminal.",
    );
  }
}

/** Returns the folder itself, or its nearest parent that exists. */
async function nearest(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => null);
  return found || path.dirname(folder) === folder ? folder : nearest(path.dirname(folder));
}
