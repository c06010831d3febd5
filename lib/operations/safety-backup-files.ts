/** The folder of safety backups: one zip per restore, named after its id. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { PARTIAL_SUFFIX } from "../shared/archive-format.ts";
import { isPrivateFile, openPrivateDirectory, readFreeBytes } from "./private-directory.ts";

export interface SafetyBackupFiles {
  pathOf(restoreId: string): string;
  /** @throws CONFIG_INVALID if the folder belongs to another user */
  exists(restoreId: string): Promise<boolean>;
  /** Creates the folder. @throws CONFIG_INVALID @returns the free bytes of its disk */
  open(): Promise<{ freeBytes: number }>;
  /** Returns the ids of restores that have a file, complete or not. */
  list(): Promise<string[]>;
  remove(restoreId: string): Promise<void>;
}

const SUFFIX = ".zip";
const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.zip(?:\.partial)?$/;

/** Creates no folder yet, because an app that never restores needs none. */
export function openSafetyBackupFiles(directory: string): SafetyBackupFiles {
  const openDirectory = () =>
    openPrivateDirectory(directory, { what: "safety backups", option: "safetyBackupDir" });
  const pathOf = (restoreId: string) => path.join(directory, restoreId + SUFFIX);
  return {
    pathOf,
    async exists(restoreId) {
      await openDirectory();
      return isPrivateFile(pathOf(restoreId));
    },
    async open() {
      await openDirectory();
      return { freeBytes: await readFreeBytes(directory) };
    },
    async list() {
      const names = await readdir(directory).catch(() => []);
      return [...new Set(names.flatMap((name) => NAME.exec(name)?.[1] ?? []))];
    },
    async remove(restoreId) {
      for (const suffix of ["", PARTIAL_SUFFIX])
        await rm(pathOf(restoreId) + suffix, { force: true });
    },
  };
}
