/**
 * File access with only the methods that every substitute for `fs` has. Yarn Plug'n'Play's handles lack `sync`,
 * `Symbol.asyncDispose` and streamed content.
 */
import fs, { constants, createWriteStream, type WriteStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";

export type OpenFile = Pick<FileHandle, "read" | "stat" | "close"> & AsyncDisposable;

export async function openFile(path: string, flags?: number): Promise<OpenFile> {
  const file = await open(path, flags);
  const close = () => file.close();
  return {
    read: file.read.bind(file),
    stat: file.stat.bind(file),
    close,
    [Symbol.asyncDispose]: close,
  };
}

export interface NewFile {
  to: WriteStream;
  /** Resolves when the file is on disk, rejects if that fails. In both cases the file is closed. */
  closed: Promise<void>;
}

/** Creates a file that only its owner can read. @throws EEXIST if it exists */
export async function createFile(path: string): Promise<NewFile> {
  const to = createWriteStream(path, { flags: "wx", mode: 0o600, flush: true });
  const closed = new Promise<void>((resolve, reject) =>
    to.once("close", () => (to.errored ? reject(to.errored) : resolve())),
  );
  closed.catch(() => {});
  await new Promise((resolve, reject) => to.once("open", resolve).once("error", reject));
  return { to, closed };
}

/** Makes the names in a folder durable. Windows does not support this and does not need it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await promisify(fs.open)(path, constants.O_RDONLY);
  try {
    await promisify(fs.fsync)(folder);
  } finally {
    await promisify(fs.close)(folder);
  }
}
