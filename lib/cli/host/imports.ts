import path from "node:path";
import { formatNoun } from "../../shared/format.ts";
import { type Aliases, resolveSpecifier, specifierOf } from "./import-alias.ts";
import { maskSource, withoutComments } from "./source-text.ts";
import { isAside, nameIn, type Source } from "./sources.ts";

/** A value that a module of the app imports from another module or a package. */
export interface Import {
  /** Absolute path. Null for a package. */
  file: string | null;
  specifier: string;
  /** The exported name; may be `default`. `*` stands for all exports. */
  exported: string;
  local: string;
  /** The importing module, with comments and strings blanked. */
  code: string;
}

/** An export of one of the app's modules, and how to use it. */
export interface Reference {
  /** The name that people read and write: `lib/prisma.ts#prisma`. */
  name: string;
  /** The specifier with which a module in `folder` imports it. */
  specifier(folder: string): string;
  /** May be `default`. */
  exported: string;
  /** What follows the name: `()`, or `.client`. */
  path: string;
  /** How many modules import it. */
  uses: number;
}

const IMPORT = /^[ \t]*import\s+(?!type\s)([\w$*{},\s]+?)\s*from\s*["']([^"'\n]+)["']/gm;

/** Reads all imports of these modules, except types and files that only tests, scripts and seeds should import. */
export async function readImports(
  root: string,
  sources: readonly Source[],
  aliases: Aliases,
): Promise<Import[]> {
  const imports: Import[] = [];
  for (const { file: importer, text } of sources) {
    // Ignore the files that an earlier `init` wrote. They are no evidence.
    if (text.includes("prisma-backup-admin")) continue;
    const code = maskSource(text);
    for (const [, clause = "", specifier = ""] of withoutComments(text).matchAll(IMPORT)) {
      const file = await resolveSpecifier(specifier, path.dirname(importer), aliases);
      if (file ? isAside(root, file) : specifier.startsWith(".")) continue;
      for (const name of namesOf(clause)) imports.push({ ...name, file, specifier, code });
    }
  }
  return imports;
}

/** `a, { b as c, type D }`, `* as e`. */
function namesOf(clause: string): Array<{ exported: string; local: string }> {
  const [, braces = ""] = /\{([^}]*)\}/.exec(clause) ?? [];
  const [, all] = /\*\s*as\s+([\w$]+)/.exec(clause) ?? [];
  const [, standard] = /^([\w$]+)/.exec(clause) ?? [];
  return [
    ...(standard ? [{ exported: "default", local: standard }] : []),
    ...(all ? [{ exported: "*", local: all }] : []),
    ...braces.split(",").flatMap((it) => {
      const [exported, local = exported] = it.trim().split(/\s+as\s+/);
      return exported && local && !/^type\s/.test(exported) ? [{ exported, local }] : [];
    }),
  ];
}

/** Most frequent imports first. @param recognise returns what follows the name in a use that proves it, else null */
export function rankReferences(
  root: string,
  imports: readonly Import[],
  aliases: Aliases,
  recognise: (found: Import) => string | null,
): Reference[] {
  const groups = new Map<string, { found: Import; paths: string[]; uses: number }>();
  for (const found of imports) {
    const path = recognise(found);
    // `* as db` with `db.prisma.user` uses the export `prisma`.
    const [, member, rest = ""] =
      found.exported === "*" ? (/^\.(\w+)(.*)$/.exec(path ?? "") ?? []) : [];
    if (found.exported === "*" && member === undefined) continue;
    const named = member === undefined ? found : { ...found, exported: member };
    const key = `${named.file ?? named.specifier}#${named.exported}`;
    const group = groups.get(key) ?? { found: named, paths: [], uses: 0 };
    group.uses++;
    if (path !== null) group.paths.push(member === undefined ? path : rest);
    groups.set(key, group);
  }
  return [...groups.values()]
    .filter(({ paths }) => paths.length > 0)
    .map(({ found, paths, uses }) => ({
      ...toReference(root, found, aliases),
      path: mostFrequent(paths),
      uses,
    }))
    .map((it) => ({ ...it, name: it.name + it.path }))
    .toSorted((a, b) => b.uses - a.uses);
}

const mostFrequent = (texts: readonly string[]): string => {
  const count = (text: string) => texts.filter((it) => it === text).length;
  return texts.toSorted((a, b) => count(b) - count(a))[0] ?? "";
};

export function toReference(
  root: string,
  { file, specifier, exported }: Pick<Import, "file" | "specifier" | "exported">,
  aliases: Aliases,
): Reference {
  const isOwn = file?.startsWith(root + path.sep);
  const module = file && isOwn ? nameIn(root, file) : specifier;
  return {
    name: `${module}#${exported}`,
    specifier: (folder) =>
      file && (isOwn || specifier.startsWith(".")) ? specifierOf(file, folder, aliases) : specifier,
    exported,
    path: "",
    uses: 0,
  };
}

export const describe = ({ name, uses }: Reference): string =>
  uses === 0 ? name : `${name} (imported by ${formatNoun(uses, "module")})`;

export const escapeName = (name: string): string => name.replaceAll("$", "\\$");
