import { constants, type Dirent } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { BackupError, systemCodeOf } from "../errors.ts";
import { isSystemFile, quote } from "../shared/archive/entry-names.ts";
import { MAX_ENTRIES } from "../shared/archive-format.ts";
import { invalidArchive } from "./archive-error.ts";
import { EntrySource, readRange, type StoredEntry } from "./entry-source.ts";
import { openFile } from "./files.ts";

/** The only folder inside a backup. */
const TABLES_FOLDER = "tables";

/** Do not follow links, and do not wait for the other end of a pipe. Windows has neither flag. */
const READ_FILE = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a folder whose files are a backup's entries: its own and those below `tables/`.
 *
 * @throws NOT_FOUND, ARCHIVE_INVALID for a folder with more files than a backup can have
 */
export async function openFolderSource(path: string): Promise<EntrySource> {
  const entries = new Map<string, StoredEntry>();
  const others: string[] = [];

  async function list(folder: string): Promise<void> {
    for await (const found of await openFolder(join(path, folder))) {
      const name = folder ? `${folder}/${found.name}` : found.name;
      if (isSystemFile(name)) continue;
      await add(found, name);
      if (entries.size + others.length > MAX_ENTRIES) {
        throw invalidArchive("The folder holds more files than any backup has.", {
          hint: "Give the folder of one backup.",
        });
      }
    }
  }

  async function add(found: Dirent, name: string): Promise<void> {
    if (found.isFile()) {
      const { size } = await readingFile(name, lstat(join(path, name)));
      entries.set(name, { name, sizeBytes: size });
    } else if (!found.isDirectory()) others.push(name);
    else if (name === TABLES_FOLDER) await list(name);
    else others.push(`${name}/`);
  }

  await list("");
  return new FolderSource(path, entries, others);
}

class FolderSource extends EntrySource {
  readonly kind = "folder";
  readonly sizeBytes: number;
  readonly entries: EntrySource["entries"];
  readonly others: readonly string[];
  readonly #path: string;

  constructor(path: string, entries: EntrySource["entries"], others: readonly string[]) {
    super();
    this.#path = path;
    this.entries = entries;
    this.others = others;
    this.sizeBytes = [...entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    const { sizeBytes } = this.entry(name);
    await using file = await readingFile(name, openFile(join(this.#path, name), READ_FILE));
    if (!(await file.stat()).isFile()) throw notAFile(name);
    yield* readRange(file, 0, sizeBytes);
  }

  async close(): Promise<void> {}
}

/** A link or special file is never read, because it may lead anywhere. */
export function notAFile(name: string): BackupError {
  return invalidArchive(`${quote(name)} in the folder is a link or special file.`, {
    hint: "Give a copy of the folder with the files themselves in it, for example by cp -rL.",
  });
}

const openFolder = (path: string) =>
  opendir(path).catch((cause) => {
    const message = `The folder cannot be opened (${systemCodeOf(cause)}).`;
    throw new BackupError("NOT_FOUND", message, { cause });
  });

const readingFile = <T>(name: string, reading: Promise<T>): Promise<T> =>
  reading.catch((cause) => {
    const code = systemCodeOf(cause);
    if (code === "ELOOP" || code === "EMLINK") throw notAFile(name);
    throw new BackupError(
      "NOT_FOUND",
      `The file ${quote(name)} cannot be read (${code}). Nothing was changed.`,
      { hint: "Make sure that this user may read every file of the folder.", cause },
    );
  });
