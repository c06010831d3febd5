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
  /** As `pnpm@10.18.0`. */
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
    /** A package's folder, whatever its `exports` say. @throws where `folder` does not depend on it */
    resolveToUnqualified(name: string, folder: string): string | null;
  } | null;
}

/** Where a package that a folder's modules import is installed, links followed, or null. */
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

/** The version of a package that is installed for a folder, or null. */
export async function installedVersion(folder: string, name: string): Promise<string | null> {
  const installed = await findInstalled(folder, name);
  return installed === null ? null : ((await readPackage(installed))?.version ?? null);
}

/** The major version that is installed, or that package.json asks for. */
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
