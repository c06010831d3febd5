import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { inspectDirectory } from "../../operations/private-directory.ts";
import { formatBytes } from "../../shared/format.ts";
import { DEFAULT_MAX_UPLOAD_BYTES, UPLOAD_SPARE_BYTES } from "../../shared/limits.ts";
import { type Finding, findingsOf } from "./finding.ts";

/**
 * Whether the folder for uploads is the app's alone, by the rule that the app itself has before each use.
 *
 * @param directory one that is not there yet is made by the app
 */
export async function checkUploadFolder(directory: string): Promise<Finding[]> {
  const { found, ok, problem } = findingsOf("Server");
  const folder = path.resolve(directory);
  const state = await inspectDirectory(folder, "this command");
  if (state === null) return found;
  if ("unsafe" in state) {
    problem(
      "UPLOAD_DIR",
      `The folder for uploads, ${folder}, ${state.unsafe}. The app refuses to use such a folder.`,
      `Run doctor as the app's user. If it says the same: ${state.remedy ?? ""}Give createBackupAdmin an \`uploadDir\` that belongs to the app's user alone.`,
    );
  } else ok("UPLOAD_DIR", `The folder for uploads, ${folder}, belongs to this user alone.`);
  return found;
}

/** As `statfs` has it, on Linux. */
const TMPFS = 0x01021994;

/**
 * Whether an archive of this database has room where uploads rest.
 *
 * @param directory `uploadDir`; undefined: the default, below the system's temporary folder
 * @param databaseBytes null where it is not known
 */
export async function checkSpace(
  directory: string | undefined,
  databaseBytes: number | null,
): Promise<Finding[]> {
  const { found, ok, warning, problem } = findingsOf("Server");
  const folder = await nearest(path.resolve(directory ?? os.tmpdir()));
  const other =
    "give createBackupAdmin an `uploadDir` elsewhere, and doctor the same by --upload-dir";
  try {
    await access(folder, constants.W_OK);
  } catch {
    problem(
      "UPLOAD_DIR",
      `${folder} cannot be written to: no archive can be uploaded.`,
      `Make it writable for the app's user, or ${other}.`,
    );
    return found;
  }
  const { bavail, bsize, type } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const free = `${formatBytes(freeBytes)} free in ${folder}`;
  if (freeBytes < UPLOAD_SPARE_BYTES) {
    problem("SPACE", `Only ${free}: no archive can be uploaded.`, `Make room, or ${other}.`);
  } else if (databaseBytes !== null && freeBytes < databaseBytes + UPLOAD_SPARE_BYTES) {
    warning(
      "SPACE",
      `Only ${free}, and the database has ${formatBytes(databaseBytes)}: its archive is smaller, but may not fit.`,
      `Make room, or ${other}.`,
    );
  } else ok("SPACE", `Room for uploads: ${free}.`);
  if (type === TMPFS) {
    warning(
      "SPACE",
      `${folder} is in memory, and so are uploads on their way.`,
      `Better ${other}.`,
    );
  }
  if (databaseBytes !== null && databaseBytes > DEFAULT_MAX_UPLOAD_BYTES) {
    warning(
      "MAX_UPLOAD",
      `The database has ${formatBytes(databaseBytes)}, and an upload may have ${formatBytes(DEFAULT_MAX_UPLOAD_BYTES)} unless \`maxUploadBytes\` says otherwise.`,
      "Raise `maxUploadBytes` in the options of createBackupAdmin, or restore from a terminal.",
    );
  }
  return found;
}

/** The folder itself, or the first above it that is there. */
async function nearest(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => null);
  return found || path.dirname(folder) === folder ? folder : nearest(path.dirname(folder));
}
