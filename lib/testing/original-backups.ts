/** Shared by the tests of the original's backups. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Archive } from "../archive/archive.ts";
import { openArchive } from "../archive/archive-reader.ts";
import type { Unlock } from "../shared/api.ts";
import { temporaryFolder } from "./archives.ts";

/** Returns the path of a sample that the original itself wrote. */
export const fixture = (path: string): string =>
  new URL(`../archive/original/fixtures/${path}`, import.meta.url).pathname;

export const PASSWORD = { passphrase: "a-very-strong-password" };

/** Makes a folder of these files and removes it after the test. */
export async function folderOf(files: Record<string, string | Buffer>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return folder;
}

/** Makes a file of rows as 0.4.0 writes it, with the original's code except for the query. */
export function tableFile(tableName: string, rows: object[]): string {
  return JSON.stringify(
    rows.map((row) => ({ ...row, __table_name: tableName, __row_count: rows.length })),
  );
}

export async function opened(path: string, unlock: Unlock = {}): Promise<Archive> {
  const archive = await openArchive(path);
  try {
    await archive.unlock(unlock);
    return archive;
  } catch (error) {
    await archive.close();
    throw error;
  }
}
