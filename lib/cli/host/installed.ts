import { realpath } from "node:fs/promises";
import module from "node:module";
import path from "node:path";
import { readText } from "./sources.ts";

export interface PackageJson {
  name?: string;
  version?: string;
  main?: string;
  module?: string;
  exports?: unknown;
  workspaces?: string[] | { packages?: string[] };
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  engines?: Record<string, string>;
  /** For example `pnpm@10.18.0`. */
  packageManager?: string;
  prisma?: { schema?: string };
}

export async function readPackage(folder: string): Promise<PackageJson | null> {
  const text = await readText(path.join(folder, "package.json"));
  try {
    return text === null ? null : (JSON.parse(text) as PackageJson);
  } catch {
    return null;
  }
}

/** What Yarn Plug'n'Play adds to `node:module`: https://yarnpkg.com/advanced/pnpapi */
interface PnpModule {
  findPnpApi?(folder: string): {
    /** Returns a package's folder and ignores its `exports`. @throws if `folder` does not depend on it */
    resolveToUnqualified(name: string, folder: string): string | null;
  } | null;
}

/** Returns where a package that modules in `folder` can import is installed, with links resolved, or null. */
export async function findInstalled(folder: string, name: string): Promise<string | null> {
  const root = path.resolve(folder);
  const pnp = (module as PnpModule).findPnpApi?.(`${root}/`);
  if (pnp) {
    try {
      return pnp.resolveToUnqualified(name, `${root}/`);
    } catch {
      return null;
    }
  }
  for (let at = root; ; at = path.dirname(at)) {
    const found = await realpath(path.join(at, "node_modules", name)).catch(() => null);
    if (found) return found;
    if (path.dirname(at) === at) return null;
  }
}

export async function installedVersion(folder: string, name: string): Promise<string | null> {
  const installed = await findInstalled(folder, name);
  return installed === null ? null : ((await readPackage(installed))?.version ?? null);
}

/** Returns the major version that is installed, else the one that package.json requires. */
export async function majorOf(root: string, name: string): Promise<number | null> {
  const { dependencies, devDependencies } = (await readPackage(root)) ?? {};
  const version =
    (await installedVersion(root, name)) ?? dependencies?.[name] ?? devDependencies?.[name];
  if (version === "beta" || version === "canary") return name === "next-auth" ? 5 : null;
  const major = /\d+/.exec(version ?? "")?.[0];
  return major === undefined ? null : Number(major);
}

export async function dependenciesOf(root: string): Promise<Record<string, string>> {
  const { dependencies, devDependencies, peerDependencies } = (await readPackage(root)) ?? {};
  return { ...peerDependencies, ...devDependencies, ...dependencies };
}
