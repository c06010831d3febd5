import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { readPackage } from "./installed.ts";
import { endOfBracket, maskSource, withoutComments } from "./source-text.ts";
import { readText } from "./sources.ts";

/** The facts that can be read from the text of a host's schema.prisma. */
export interface PrismaSchema {
  /** Absolute path of the file, or of the folder of files. */
  path: string;
  /** For example `postgresql`. Null if the text names none. */
  provider: string | null;
  generators: Array<{ provider: string; output: string | null }>;
  /** With `prisma`, relations have no foreign keys in the database. */
  relationMode: string | null;
  /** Environment variables that connection strings come from. */
  environmentNames: string[];
  models: SchemaModel[];
  views: Set<string>;
  enums: Map<string, string[]>;
}

/** In the shape of Prisma's own DMMF. */
interface SchemaModel {
  name: string;
  dbName: string | null;
  schema: string | null;
  fields: Array<{
    name: string;
    kind: "object" | "scalar";
    type: string;
    isList: boolean;
    /** Also true for the primary key. */
    isUnique: boolean;
    dbName: string | null;
    relationName: string | null;
    relationFromFields: string[];
  }>;
}

/** The places where `prisma` itself looks. A path in a configuration file comes first. */
const CONFIGS = ["prisma.config", ".config/prisma"].flatMap((name) =>
  ["ts", "mts", "cts", "js", "mjs", "cjs"].map((end) => `${name}.${end}`),
);
const USUAL = [
  "prisma/schema.prisma",
  "schema.prisma",
  "prisma/schema",
  "src/prisma/schema.prisma",
];

export async function readPrismaSchema(root: string): Promise<PrismaSchema | null> {
  const configured = await configuredPath(root);
  for (const candidate of configured ? [configured.path] : USUAL.map((it) => path.join(root, it))) {
    const text = await readSchemaText(candidate);
    if (text !== null) {
      const schema = parsePrismaSchema(text, candidate);
      schema.environmentNames.push(...(configured?.environmentNames ?? []));
      return schema;
    }
  }
  return null;
}

async function configuredPath(root: string) {
  for (const name of CONFIGS) {
    const text = await readText(path.join(root, name));
    if (text === null) continue;
    const code = withoutComments(text);
    const folder = path.dirname(path.join(root, name));
    const value = /\bschema\s*:\s*((?:path\.)?(?:join|resolve)\s*\([^)]*\)|["'`][^"'`]*["'`])/.exec(
      code,
    )?.[1];
    const parts = [...(value ?? "").matchAll(/["'`]([^"'`]*)["'`]/g)].map(([, part = ""]) => part);
    const environmentNames = namesOfEnvironment(code);
    if (parts.length > 0) return { path: path.resolve(folder, ...parts), environmentNames };
    const usual = await firstUsual(root);
    return usual === null ? null : { path: usual, environmentNames };
  }
  const inPackage = (await readPackage(root))?.prisma?.schema;
  return inPackage ? { path: path.resolve(root, inPackage), environmentNames: [] } : null;
}

async function firstUsual(root: string): Promise<string | null> {
  for (const name of USUAL) {
    const file = path.join(root, name);
    if (await stat(file).catch(() => null)) return file;
  }
  return null;
}

const namesOfEnvironment = (code: string): string[] => [
  ...new Set(
    [...code.matchAll(/\benv(?:<[^>]*>)?\(\s*["'](\w+)["']|\bprocess\.env\.(\w+)/g)].map(
      ([, called, read]) => called ?? read ?? "",
    ),
  ),
];

/** Reads a file, or joins all files of a folder. */
async function readSchemaText(target: string): Promise<string | null> {
  const found = await stat(target).catch(() => null);
  if (!found) return null;
  if (found.isFile()) return readFile(target, "utf8");
  const names = (await readdir(target, { recursive: true })).filter((name) =>
    name.endsWith(".prisma"),
  );
  const texts = await Promise.all(
    names.toSorted().map((name) => readFile(path.join(target, name), "utf8")),
  );
  return texts.length === 0 ? null : texts.join("\n");
}

interface Block {
  keyword: string;
  name: string;
  /** One statement per line. */
  lines: string[];
}

/** @param file the path that the text was read from */
export function parsePrismaSchema(text: string, file: string): PrismaSchema {
  const blocks = readBlocks(text);
  const of = (...keywords: string[]) => blocks.filter(({ keyword }) => keywords.includes(keyword));
  const setting = ({ lines }: Block, key: string): string | null =>
    lines.map((line) => new RegExp(`^${key}\\s*=\\s*"([^"]*)"`).exec(line)?.[1]).find(Boolean) ??
    null;
  const [datasource] = of("datasource");
  const tables = of("model", "view");
  const names = new Set(tables.map(({ name }) => name));
  return {
    path: file,
    provider: datasource ? setting(datasource, "provider") : null,
    generators: of("generator")
      .map((block) => ({
        provider: setting(block, "provider") ?? "",
        output: setting(block, "output"),
      }))
      .filter(({ provider }) => /^prisma-client(?:-js)?$/.test(provider)),
    relationMode: datasource ? setting(datasource, "relationMode") : null,
    environmentNames: namesOfEnvironment((datasource?.lines ?? []).join("\n")),
    models: tables.map((block) => toModel(block, names)),
    views: new Set(of("view").map(({ name }) => name)),
    enums: new Map(
      of("enum").map(({ name, lines }) => [
        name,
        lines.flatMap((line) => /^(\w+)/.exec(line)?.[1] ?? []),
      ]),
    ),
  };
}

function readBlocks(text: string): Block[] {
  const plain = withoutComments(text);
  const code = maskSource(text);
  return [
    ...code.matchAll(/^[ \t]*(model|view|enum|type|generator|datasource)\s+(\w+)\s*\{/gm),
  ].map((match) => {
    const [whole, keyword = "", name = ""] = match;
    const at = match.index + whole.length;
    const end = endOfBracket(code, at - 1) - 1;
    const lines: string[] = [];
    let line = "";
    let depth = 0;
    // Arguments may span several lines.
    for (let i = at; i < end; i++) {
      if ("([".includes(code[i] ?? "")) depth++;
      if (")]".includes(code[i] ?? "")) depth--;
      if (code[i] === "\n" && depth <= 0) {
        lines.push(line.trim());
        line = "";
      } else line += plain[i];
    }
    lines.push(line.trim());
    return { keyword, name, lines: lines.filter((it) => it !== "") };
  });
}

function toModel({ name, lines }: Block, names: ReadonlySet<string>): SchemaModel {
  const attribute = (attributeName: string) =>
    lines
      .map(
        (line) => new RegExp(`^@@${attributeName}\\(\\s*(?:\\w+:\\s*)?"([^"]*)"`).exec(line)?.[1],
      )
      .find(Boolean) ?? null;
  const fields = lines.flatMap((line) => {
    const [, field, type = "", arity, rest = ""] =
      /^(\w+)\s+(\w+)(?:\("[^)]*"\))?(\[\]|\?)?(.*)$/s.exec(line) ?? [];
    if (field === undefined) return [];
    const isObject = names.has(type);
    const relation = /@relation\(([^)]*)\)/s.exec(rest)?.[1] ?? "";
    const given = /^\s*(?:name:\s*)?"([^"]*)"|\bname:\s*"([^"]*)"/.exec(relation);
    return [
      {
        name: field,
        kind: isObject ? ("object" as const) : ("scalar" as const),
        type,
        isList: arity === "[]",
        isUnique: /@(?:id|unique)\b/.test(rest),
        dbName: /@map\(\s*(?:name:\s*)?"([^"]*)"/.exec(rest)?.[1] ?? null,
        relationName: isObject
          ? (given?.[1] ?? given?.[2] ?? [name, type].toSorted().join("To"))
          : null,
        relationFromFields:
          /\bfields:\s*\[([^\]]*)\]/
            .exec(relation)?.[1]
            ?.split(",")
            .map((it) => it.trim())
            .filter(Boolean) ?? [],
      },
    ];
  });
  return { name, dbName: attribute("map"), schema: attribute("schema"), fields };
}
