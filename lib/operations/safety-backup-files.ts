/** Where safety backups lie: one zip for each restore, named by its id. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { PARTIAL_SUFFIX } from "../shared/archive-format.ts";
import { isPrivateFile, openPrivateDirectory, readFreeBytes } from "./private-directory.ts";

export interface SafetyBackupFiles {
  pathOf(restoreId: string): string;
  /** @throws CONFIG_INVALID where the folder is somebody else's */
  exists(restoreId: string): Promise<boolean>;
  /** Makes the folder. @throws CONFIG_INVALID @returns what its disk has room for */
  open(): Promise<{ freeBytes: number }>;
  /** Of the restores that something is there for, be it complete or not. */
  list(): Promise<string[]>;
  remove(restoreId: string): Promise<void>;
}

const SUFFIX = ".zip";
const NAME = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.zip(?:\.partial)?$/;

/** Makes nothing yet: who never restores needs no folder. */
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
