import path from "node:path";
import { findInstalled } from "./installed.ts";
import { withoutComments } from "./source-text.ts";
import { findModule, nameIn, readText, withoutExtension } from "./sources.ts";

/** One entry of `paths`: `@/*` and the folders that it stands for, or a bare name and its file. */
interface Alias {
  /** As written in the configuration. */
  pattern: string;
  /** Absolute paths. */
  targets: string[];
}

/** The names under which a host's modules can be imported. */
export interface Aliases {
  list: Alias[];
  /** Whether there is a tsconfig.json. Next creates one as soon as the app has a TypeScript module. */
  isTypeScript: boolean;
}

interface TsConfig {
  extends?: string | string[];
  compilerOptions?: { baseUrl?: string; paths?: Record<string, string[]> };
}

/** Reads the aliases of tsconfig.json or jsconfig.json, and of the files that it extends. */
export async function readAliases(root: string): Promise<Aliases> {
  for (const name of ["tsconfig.json", "jsconfig.json"]) {
    const list = await readConfig(path.join(root, name), 0);
    if (list) return { list, isTypeScript: name === "tsconfig.json" };
  }
  return { list: [], isTypeScript: false };
}

async function readConfig(file: string, depth: number): Promise<Alias[] | null> {
  const text = await readText(file);
  if (text === null || depth > 5) return null;
  const config = parseJsonWithComments(text) as TsConfig | null;
  const folder = path.dirname(file);
  const { baseUrl, paths } = config?.compilerOptions ?? {};
  if (paths) {
    const base = path.resolve(folder, baseUrl ?? ".");
    return Object.entries(paths).map(([pattern, targets]) => ({
      pattern,
      targets: targets.map((target) => path.resolve(base, target)),
    }));
  }
  // In TypeScript, the last file in `extends` wins.
  for (const parent of [config?.extends ?? []].flat().toReversed()) {
    const inherited = await readConfig(await findConfig(folder, parent), depth + 1);
    if (inherited && inherited.length > 0) return inherited;
  }
  return [];
}

async function findConfig(folder: string, parent: string): Promise<string> {
  const withEnd = parent.endsWith(".json") ? parent : `${parent}.json`;
  if (/^\.{1,2}\//.test(parent)) return path.resolve(folder, withEnd);
  const [first = "", second = ""] = parent.split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  const installed = await findInstalled(folder, name);
  return path.join(installed ?? folder, withEnd.slice(name.length + 1) || "tsconfig.json");
}

function parseJsonWithComments(text: string): unknown {
  try {
    return JSON.parse(withoutComments(text).replaceAll(/,(\s*[}\]])/g, "$1"));
  } catch {
    return null;
  }
}

/** Preferred, because a person would write these. */
const USUAL = ["@/*", "~/*", "#/*", "src/*"];

/** Returns how a module in `folder` imports `file`. Without an extension, because not every host allows one. */
export function specifierOf(file: string, folder: string, { list }: Aliases): string {
  const target = /\.[mc]js$/.test(file) ? file : withoutExtension(file);
  const rank = ({ pattern }: Alias) =>
    (USUAL.indexOf(pattern) + USUAL.length + 1) % (USUAL.length + 1);
  for (const { pattern, targets } of list.toSorted((a, b) => rank(a) - rank(b))) {
    for (const it of targets) {
      if (!pattern.endsWith("*")) {
        if (withoutExtension(it) === withoutExtension(file)) return pattern;
        continue;
      }
      if (!it.endsWith("*")) continue;
      const prefix = it.slice(0, -1);
      if (target.startsWith(prefix) && target.length > prefix.length)
        return pattern.slice(0, -1) + target.slice(prefix.length).split(path.sep).join("/");
    }
  }
  const relative = nameIn(folder, target);
  return relative.startsWith(".") ? relative : `./${relative}`;
}

/** Returns the file that an import in a module of `folder` refers to. Null if it refers to a package. */
export async function resolveSpecifier(
  specifier: string,
  folder: string,
  { list }: Aliases,
): Promise<string | null> {
  if (/^\.{1,2}(?:\/|$)/.test(specifier)) return findModule(path.resolve(folder, specifier));
  for (const { pattern, targets } of list) {
    const isExact = !pattern.endsWith("*");
    if (isExact ? pattern !== specifier : !specifier.startsWith(pattern.slice(0, -1))) continue;
    for (const target of targets) {
      const found = await findModule(target.replace(/\*$/, specifier.slice(pattern.length - 1)));
      if (found) return found;
    }
  }
  return null;
}
