import { chmod, lstat, mkdir, statfs } from "node:fs/promises";
import path from "node:path";
import { BackupError, systemCodeOf } from "../errors.ts";

/** Permissions of other users: the group's (a shared volume may set them) and everybody's. */
const OTHERS = 0o077;
const EVERYBODY_WRITES = 0o002;

/**
 * Makes a folder that only the app's user can read. Call it before each use: the name of a temporary folder can be
 * guessed, and another user may make it after a cleanup.
 * @throws CONFIG_INVALID if it is not a folder, belongs to another user, or everybody may write to it
 */
export async function openPrivateDirectory(
  directory: string,
  { what, option }: { what: string; option: string },
): Promise<void> {
  const failure = await mkdir(directory, { recursive: true, mode: 0o700 }).then(
    () => null,
    (error: unknown) => error,
  );
  const found = (await inspectDirectory(directory)) ?? {
    unsafe: `cannot be made (${systemCodeOf(failure)})`,
  };
  if ("unsafe" in found) {
    throw new BackupError(
      "CONFIG_INVALID",
      `The folder for ${what}, ${directory}, ${found.unsafe}. Nothing was written there or read from it.`,
      {
        hint: `${found.remedy ?? ""}Give createBackupAdmin \`${option}\`, a folder that belongs to the app's user alone: on a shared volume one below it, which is then made.`,
      },
    );
  }
  if ((found.mode & OTHERS) !== 0) await chmod(directory, 0o700);
}

/** Returns a folder's mode, or why it cannot be used. Null if it is missing. @param user the expected owner */
export async function inspectDirectory(
  directory: string,
  user = "the app",
): Promise<{ unsafe: string; remedy?: string } | { mode: number } | null> {
  // With a slash at the end of the name, lstat would follow a link.
  const stats = await lstat(path.resolve(directory)).catch(() => null);
  if (!stats) return null;
  // Windows has neither owner nor mode. There the user's own temporary folder is private.
  const uid = process.getuid?.();
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  const facts = uid === undefined ? "" : `, of the user ${stats.uid} and with the mode ${mode},`;
  if (!stats.isDirectory()) {
    const kind = stats.isSymbolicLink() ? "a link" : "a file";
    return { unsafe: `is ${kind}${facts} and not a folder of its own` };
  }
  if (uid === undefined) return { mode: 0o700 };
  if (stats.uid !== uid) {
    return {
      unsafe: `belongs to another user: to ${stats.uid} with the mode ${mode}, and ${user} is the user ${uid}`,
    };
  }
  if ((stats.mode & EVERYBODY_WRITES) !== 0) {
    return {
      unsafe: `belongs to the user of ${user}, ${uid}, but has the mode ${mode}: everybody may have put something into it`,
      remedy: "Look at what is in it, remove what is not yours, and run chmod 700 on it. Or: ",
    };
  }
  return { mode: stats.mode };
}

/** Whether it is a regular file that the app's user owns, and not a link. */
export async function isPrivateFile(file: string): Promise<boolean> {
  const stats = await lstat(file).catch(() => null);
  return stats?.isFile() === true && (!process.getuid || stats.uid === process.getuid());
}

/** Returns the bytes that this user can still write to the disk. */
export async function readFreeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
