import type { Aliases } from "../host/import-alias.ts";
import { escapeName, type Import, type Reference, rankReferences } from "../host/imports.ts";
import { withoutComments } from "../host/source-text.ts";
import { readText } from "../host/sources.ts";

const QUERIES =
  "\\$(?:transaction|queryRaw|queryRawUnsafe|executeRaw|executeRawUnsafe|extends|connect|disconnect)|" +
  "\\w+\\s*\\.\\s*(?:find(?:Many|Unique|First)(?:OrThrow)?|(?:create|update)Many(?:AndReturn)?|deleteMany|upsert|groupBy|aggregate)";

/** The usual names of a client. They decide if only the module that makes the value suggests that it is one. */
const USUAL = /(?:prisma|db|database|client)$/i;

/** Finds what the app's modules import as a PrismaClient: they query with it, or its module makes one. */
export async function findClients(
  root: string,
  imports: readonly Import[],
  aliases: Aliases,
): Promise<Reference[]> {
  const makers = new Set<string>();
  for (const file of new Set(imports.flatMap(({ file }) => file ?? []))) {
    const text = (await readText(file)) ?? "";
    if (/\bPrismaClient\b/.test(text) && /\bnew\s/.test(withoutComments(text))) makers.add(file);
  }
  const queried = new Set(
    imports
      .filter((it) => queriedAs(it) !== null)
      .map(({ file, exported }) => `${file}#${exported}`),
  );
  return rankReferences(root, imports, aliases, (it) => {
    const path = queriedAs(it);
    if (path !== null || queried.has(`${it.file}#${it.exported}`)) return path;
    const isMade = it.file !== null && makers.has(it.file) && it.exported !== "*";
    if (!isMade || !USUAL.test(it.local) || /^[A-Z]/.test(it.local)) return null;
    return new RegExp(`\\b${escapeName(it.local)}\\(\\)`).test(it.code) ? "()" : "";
  });
}

/** Returns what comes between the name and the model in a query, usually nothing. Null if there is no query. */
function queriedAs({ local, code }: Import): string | null {
  const name = escapeName(local);
  if (new RegExp(`\\b[pP]rismaAdapter\\(\\s*${name}\\s*[,)]`).test(code)) return "";
  const query = (of: string, pattern: string) =>
    new RegExp(`(?<![\\w$.])${of}((?:\\(\\))?(?:\\s*\\.\\s*\\w+)*?)\\s*\\.\\s*(?:${pattern})\\b`);
  const path = query(name, QUERIES).exec(code)?.[1]?.replaceAll(/\s/g, "");
  // `db.query.users.findMany` is a query of Drizzle.
  if (path !== undefined) return /\.query$/.test(path) ? null : path;
  const kept = new RegExp(`\\b(?:const|let|var)\\s+([\\w$]+)\\s*=\\s*${name}\\(\\)`).exec(
    code,
  )?.[1];
  return kept && query(escapeName(kept), QUERIES).test(code) ? "()" : null;
}
