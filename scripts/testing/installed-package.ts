import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../run.ts";

interface Manifest {
  files: string[];
  dependencies: Record<string, string>;
}

/**
 * Puts the built package into a project's node_modules as npm would: its own files, copied, and beside them its
 * dependencies, and nothing that it does not declare.
 *
 * @param others further packages of this repository, or scopes of them, that the project has, such as peers
 */
export async function installPackage(modules: string, others: string[] = []): Promise<void> {
  const { files, dependencies }: Manifest = JSON.parse(
    await readFile(path.join(ROOT, "package.json"), "utf8"),
  );
  const folder = path.join(modules, "prisma-backup-admin");
  for (const file of ["package.json", ...files]) {
    await cp(path.join(ROOT, file), path.join(folder, file), { recursive: true });
  }
  for (const name of new Set([...Object.keys(dependencies), ...others])) {
    await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
    await symlink(path.join(ROOT, "node_modules", name), path.join(modules, name));
  }
}
