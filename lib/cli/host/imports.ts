import path from "node:path";
import { formatNoun } from "../../shared/format.ts";
import { type Aliases, resolveSpecifier, specifierOf } from "./import-alias.ts";
import { maskSource, withoutComments } from "./source-text.ts";
import { isAside, type Source } from "./sources.ts";

/** A value that one of the app's modules imports from another one, or from a package. */
export interface Import {
  /** Absolute; null: a package. */
  file: string | null;
  specifier: string;
  /** `default` among them; `*` for all of them. */
  exported: string;
  local: string;
  /** The importing module, with comments and strings blank. */
  code: string;
}

/** What a module of the app exports, and how one gets at it. */
export interface Reference {
  /** As people write and read it: `lib/prisma.ts#prisma`. */
  name: string;
  /** As a module of `folder` imports it. */
  specifier(folder: string): string;
  /** `default` among them. */
  exported: string;
  /** What follows the name: `()`, or `.client`. */
  path: string;
  /** How many modules import it. */
  uses: number;
}

const IMPORT = /^[ \t]*import\s+(?!type\s)([\w$*{},\s]+?)\s*from\s*["']([^"'\n]+)["']/gm;

/** Every import of these modules, but types and those of files that only tests, scripts and seeds should import. */
export async function readImports(
  root: string,
  sources: readonly Source[],
  aliases: Aliases,
): Promise<Import[]> {
  const imports: Import[] = [];
  for (const { file: importer, text } of sources) {
    // The mount of an earlier run is no evidence.
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

/**
 * The imports that are what is looked for, those first that most modules import.
 *
 * @param recognise what follows the name where it is used as such; null where nothing tells that it is one
 */
export function rankReferences(
  root: string,
  imports: readonly Import[],
  aliases: Aliases,
  recognise: (found: Import) => string | null,
): Reference[] {
  const groups = new Map<string, { found: Import; paths: string[]; uses: number }>();
  for (const found of imports) {
    const path = recognise(found);
    // `* as db` and `db.prisma.user` is the export `prisma`.
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
  const module = file && isOwn ? path.relative(root, file).split(path.sep).join("/") : specifier;
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

/** A name in a pattern. */
export const escapeName = (name: string): string => name.replaceAll("$", "\\$");
