import { chmod, lstat, mkdir, statfs } from "node:fs/promises";
import { BackupError } from "../errors.ts";

/**
 * Makes a folder that only the app's user may read, where it is missing.
 *
 * @throws CONFIG_INVALID where it belongs to somebody else, or is none
 */
export async function openPrivateDirectory(
  directory: string,
  { what, option }: { what: string; option: string },
): Promise<void> {
  const unsafe = (reason: string) =>
    new BackupError("CONFIG_INVALID", `The folder for ${what}, ${directory}, ${reason}.`, {
      hint: `Give createBackupAdmin \`${option}\`, a folder that belongs to the app's user alone: on a shared volume one below it, which is then made.`,
    });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const stats = await lstat(directory);
  if (!stats.isDirectory()) throw unsafe("is not a folder of its own");
  // Windows has neither; there the user's own temporary folder is private.
  if (!process.getuid) return;
  if (stats.uid !== process.getuid()) throw unsafe("belongs to another user");
  if ((stats.mode & 0o077) !== 0) await chmod(directory, 0o700);
}

/** What the disk has for this user. */
export async function readFreeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
