import { glob, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../../../scripts/run.ts";

interface LockedPackage {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** Measures all packages that are installed along with this one, in bytes. Neither this package nor its peers count. */
export async function measureDependencies(): Promise<{ packages: number; bytes: number }> {
  const lock = await readFile(path.join(ROOT, "package-lock.json"), "utf8");
  const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(lock);
  const found = new Set<string>();
  const follow = (folder: string) => {
    const { dependencies, optionalDependencies } = packages[folder] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const target = resolve(packages, folder, name);
      if (target === undefined || found.has(target)) continue;
      found.add(target);
      follow(target);
    }
  };
  follow("");
  const sizes = await Promise.all([...found].map((folder) => sizeOf(path.join(ROOT, folder))));
  return { packages: found.size, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Resolves a package as Node does: in the folder's own node_modules, then in those of its parent folders. */
function resolve(packages: object, folder: string, name: string): string | undefined {
  for (
    let from = folder;
    ;
    from = from.slice(0, Math.max(0, from.lastIndexOf("node_modules/") - 1))
  ) {
    const candidate = path.posix.join(from, "node_modules", name);
    if (candidate in packages) return candidate;
    if (from === "") return undefined;
  }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  // Packages inside it are counted separately.
  const exclude = (name: string) => name.split("/").includes("node_modules");
  for await (const file of glob("**/*", { cwd: folder, exclude })) {
    const { size, isFile } = await stat(path.join(folder, file)).then((it) => ({
      size: it.size,
      isFile: it.isFile(),
    }));
    if (isFile) bytes += size;
  }
  return bytes;
}
