import { chmod, lstat, mkdir, statfs } from "node:fs/promises";
import { BackupError } from "../errors.ts";

/** Rights of others: of a group, which a shared volume may give it, and of everybody. */
const OTHERS = 0o077;
const EVERYBODY_WRITES = 0o002;

/**
 * Makes a folder that only the app's user may read, where it is missing. To be called before each use: the name of one
 * below the system's temporary folder can be guessed, and once it is cleaned away, somebody else may make it.
 *
 * @throws CONFIG_INVALID where it is none, belongs to somebody else, or everybody may write into it
 */
export async function openPrivateDirectory(
  directory: string,
  { what, option }: { what: string; option: string },
): Promise<void> {
  const unsafe = (reason: string, remedy = "") =>
    new BackupError(
      "CONFIG_INVALID",
      `The folder for ${what}, ${directory}, ${reason}. Nothing was written there or read from it.`,
      {
        hint: `${remedy}Give createBackupAdmin \`${option}\`, a folder that belongs to the app's user alone: on a shared volume one below it, which is then made.`,
      },
    );
  const failure = await mkdir(directory, { recursive: true, mode: 0o700 }).then(
    () => null,
    (error: unknown) => error,
  );
  const stats = await lstat(directory).catch(() => null);
  if (!stats) throw unsafe(`cannot be made (${codeOf(failure)})`);
  // Windows has neither owner nor mode; there the user's own temporary folder is private.
  const isPosix = process.getuid !== undefined;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  const facts = isPosix ? `, of the user ${stats.uid} and with the mode ${mode},` : "";
  if (!stats.isDirectory())
    throw unsafe(
      `is ${stats.isSymbolicLink() ? "a link" : "a file"}${facts} and not a folder of its own`,
    );
  if (!isPosix) return;
  const user = process.getuid?.();
  if (stats.uid !== user)
    throw unsafe(
      `belongs to another user: to ${stats.uid} with the mode ${mode}, and the app is the user ${user}`,
    );
  if ((stats.mode & EVERYBODY_WRITES) !== 0)
    throw unsafe(
      `belongs to the app's user, ${user}, but has the mode ${mode}: everybody may have put something into it`,
      "Look at what is in it, remove what is not yours, and run chmod 700 on it. Or: ",
    );
  if ((stats.mode & OTHERS) !== 0) await chmod(directory, 0o700);
}

/** Whether it is a file of the app's user, and no link to one. */
export async function isPrivateFile(file: string): Promise<boolean> {
  const stats = await lstat(file).catch(() => null);
  return stats?.isFile() === true && (!process.getuid || stats.uid === process.getuid());
}

/** What the disk has for this user. */
export async function readFreeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown error";
