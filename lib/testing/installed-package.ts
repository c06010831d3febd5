import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../scripts/run.ts";

interface Manifest {
  files: string[];
  dependencies: Record<string, string>;
}

interface InstallOptions {
  /** The output of `npm pack`. Default: the same files, copied from this repository. */
  tarball?: string;
  /** More packages of this repository for the project, or whole scopes, for example peers. */
  others?: string[];
}

/**
 * Installs the built package into a project's node_modules as npm would: its own files, its dependencies next to them,
 * and nothing that it does not declare.
 */
export async function installPackage(modules: string, options: InstallOptions): Promise<void> {
  const manifest = await readFile(path.join(ROOT, "package.json"), "utf8");
  const { files, dependencies }: Manifest = JSON.parse(manifest);
  const { tarball, others = [] } = options;
  const folder = path.join(modules, "prisma-backup-admin");
  await mkdir(folder, { recursive: true });
  if (tarball === undefined) {
    for (const file of ["package.json", ...files]) {
      await cp(path.join(ROOT, file), path.join(folder, file), { recursive: true });
    }
  } else {
    const args = ["--extract", "--strip-components=1", "--file", tarball, "--directory", folder];
    await promisify(execFile)("tar", args);
  }
  for (const name of new Set([...Object.keys(dependencies), ...others])) {
    await mkdir(path.dirname(path.join(modules, name)), { recursive: true });
    await symlink(path.join(ROOT, "node_modules", name), path.join(modules, name));
  }
}
