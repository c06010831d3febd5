import { realpath } from "node:fs/promises";
import path from "node:path";
import { type Aliases, resolveSpecifier, specifierOf } from "./import-alias.ts";
import { dependenciesOf, findInstalled, readPackage } from "./installed.ts";
import { readExports, readSpecifiers } from "./module-exports.ts";
import { type ClientExport, readClientExports } from "./prisma-client-exports.ts";
import { findModule, readText, type Source, withoutExtension } from "./sources.ts";

/** Where a host's PrismaClient comes from. */
interface FoundClient extends ClientExport {
  /** Absolute. */
  file: string;
  /** As a module of `folder` names it in an import. */
  specifier(folder: string): string;
}

/** Modules that make a client but export none. */
export interface ClientSearch {
  found: FoundClient | null;
  unexported: string[];
}

/** The module that gives the app its client: one of its own, or of a package of the same repository. */
export async function findClient(
  root: string,
  sources: readonly Source[],
  aliases: Aliases,
): Promise<ClientSearch> {
  const candidates: FoundClient[] = [];
  const unexported: string[] = [];
  for (const { file, text } of sources) {
    const [first] = readClientExports(text);
    if (first)
      candidates.push({
        ...first,
        file,
        specifier: (folder) => specifierOf(file, folder, aliases),
      });
    else if (/\bnew\s+PrismaClient\b/.test(text)) unexported.push(file);
  }
  if (candidates.length > 1) {
    const uses = await countUses(sources, aliases);
    const rank = ({ file, isFunction }: FoundClient) =>
      (uses.get(withoutExtension(file)) ?? 0) - (isFunction ? 0.5 : 0);
    candidates.sort((a, b) => rank(b) - rank(a) || a.file.length - b.file.length);
  }
  const found = candidates[0] ?? (await findInWorkspace(root, aliases));
  return { found: found ?? null, unexported };
}

/** How many modules import each, by its path without extension. */
async function countUses(
  sources: readonly Source[],
  aliases: Aliases,
): Promise<ReadonlyMap<string, number>> {
  const uses = new Map<string, number>();
  for (const { file, text } of sources) {
    for (const specifier of new Set(readSpecifiers(text))) {
      const target = await resolveSpecifier(specifier, path.dirname(file), aliases);
      if (target === null) continue;
      const key = withoutExtension(target);
      uses.set(key, (uses.get(key) ?? 0) + 1);
    }
  }
  return uses;
}

async function findInWorkspace(root: string, aliases: Aliases): Promise<FoundClient | null> {
  for (const { specifier, file } of await workspaceModules(root, aliases)) {
    const [first] = await readPassedClients(file, 0);
    if (first) return { ...first, file, specifier: () => specifier };
  }
  return null;
}

/** What the app may import of other packages of its repository: linked ones, and aliases that leave its folder. */
async function workspaceModules(root: string, aliases: Aliases) {
  const modules: Array<{ specifier: string; file: string }> = [];
  const realRoot = await realpath(root);
  for (const { pattern, targets } of aliases.list) {
    if (pattern.includes("*")) continue;
    for (const target of targets) {
      const file = await findModule(target);
      if (file && !file.startsWith(root + path.sep)) modules.push({ specifier: pattern, file });
    }
  }
  for (const name of Object.keys(await dependenciesOf(root))) {
    const folder = await findInstalled(root, name);
    if (!folder || folder.split(path.sep).includes("node_modules") || folder === realRoot) continue;
    const { exports, module, main } = (await readPackage(folder)) ?? {};
    const entries = entriesOf(exports);
    if (entries.length === 0) {
      for (const it of [module, main, "index", "src/index"]) if (it) entries.push([".", it]);
    }
    for (const [key, target] of entries) {
      const file = await findModule(path.join(folder, target));
      if (file) modules.push({ specifier: name + key.slice(1), file });
    }
  }
  return modules;
}

/** The entries of a package's `exports` and their files; of each the first that its conditions name. */
function entriesOf(exports: unknown): Array<[string, string]> {
  if (typeof exports === "string") return [[".", exports]];
  if (typeof exports !== "object" || exports === null) return [];
  const isConditions = Object.keys(exports).every((key) => !key.startsWith("."));
  return Object.entries(isConditions ? { ".": exports } : exports).flatMap(([key, target]) =>
    key.includes("*") ? [] : filesOf(target).map((file): [string, string] => [key, file]),
  );
}

/** Types first leads to sources, where a package is not built. */
const filesOf = (target: unknown): string[] =>
  typeof target === "string"
    ? [target]
    : typeof target === "object" && target !== null
      ? Object.values(target)
          .flatMap(filesOf)
          .filter((file) => !/\.d\.[cm]?ts$/.test(file))
      : [];

/** The clients that a module exports, its own and those of modules beside it. */
async function readPassedClients(file: string, depth: number): Promise<ClientExport[]> {
  const text = await readText(file);
  if (text === null || depth > 4) return [];
  const clients = readClientExports(text);
  const { passedOn, all } = readExports(text);
  const others = async (from: string): Promise<ClientExport[]> => {
    const target = from.startsWith(".")
      ? await findModule(path.resolve(path.dirname(file), from))
      : null;
    return target === null ? [] : readPassedClients(target, depth + 1);
  };
  for (const [exported, { name, from }] of passedOn) {
    const passed = (await others(from)).find((client) => client.name === name);
    if (passed) clients.push({ ...passed, name: exported });
  }
  for (const from of all) {
    for (const client of await others(from)) if (client.name !== "default") clients.push(client);
  }
  return clients;
}
