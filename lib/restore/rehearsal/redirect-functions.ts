import type pg from "pg";
import { tryStatement } from "../../postgres/try-statement.ts";
import type { Caller, UserFunction } from "../../schema/user-functions.ts";
import { tableLabel } from "../../shared/table-name.ts";
import type { RelationCopies } from "./relation-copies.ts";
import { namesIn, replaceNames, spellings } from "./sql-names.ts";

/** A constraint, column or index whose function cannot be made to read the copies. */
export interface NotRedirected extends Caller {
  /** Completes a sentence: `public.f runs SQL that it puts together itself`. */
  why: string;
}

/**
 * Has the functions that constraints, generated columns and indexes call read the copies in place of the tables that
 * are restored: so they say here what they will say in the restore. Their text is replaced in this transaction, which
 * is rolled back; no other session sees it or waits for it.
 *
 * @param functions of the tables that are restored, read with an empty search_path
 */
export async function redirectFunctions(
  client: pg.ClientBase,
  functions: readonly UserFunction[],
  copies: RelationCopies,
): Promise<NotRedirected[]> {
  const called = reachable(functions);
  const unfit = new Map<number, string>();
  // Names in their text may be of copies, which are found when it runs.
  if (called.length > 0) await client.query("SET LOCAL check_function_bodies = off");
  for (const it of called) {
    const why = await redirect(client, it, copies);
    if (why !== null) unfit.set(it.oid, `${tableLabel(it)} ${why}`);
  }
  return called.flatMap(({ oid, callers }) => {
    const [why] = reachable(functions, [oid]).flatMap((it) => unfit.get(it.oid) ?? []);
    return why === undefined ? [] : callers.map((caller) => ({ ...caller, why }));
  });
}

/** Those that are called, and those that they name in turn. */
function reachable(
  functions: readonly UserFunction[],
  roots = functions.filter(({ callers }) => callers.length > 0).map(({ oid }) => oid),
): UserFunction[] {
  const found = new Set(functions.filter(({ oid }) => roots.includes(oid)));
  for (const it of found) {
    const { body } = partsOf(it);
    for (const other of functions)
      if (new RegExp(`${spellings(other.name)}\\s*\\(`).test(body)) found.add(other);
  }
  return [...found];
}

/** @returns why it cannot be; null where it is, or need not be */
async function redirect(
  client: pg.ClientBase,
  it: UserFunction,
  copies: RelationCopies,
): Promise<string | null> {
  const { head, body } = partsOf(it);
  if (it.definition === "") return "is in a language that cannot be looked into";
  if (/\bexecute\b/i.test(body)) return "runs SQL that it puts together itself";
  const read = await copies.namedIn(body);
  const [first] = read;
  if (!first) return null;
  if (!it.isReplaceable) return `reads ${tableLabel(first)}, and this role may not replace it`;
  const redirected = replaceNames(body, read);
  const bare = read.filter((relation) => namesIn(redirected, relation));
  const unread = read.find(({ isThere }) => !isThere);
  if (unread) return `reads ${tableLabel(unread)}, of which there can be no copy`;
  const lost = bare.find(({ isBare }) => !isBare);
  if (lost) return `reads ${tableLabel(lost)} by a name without its schema`;
  // What is temporary is found before all else, unless a search_path says otherwise.
  const path = /(?<=\n SET search_path TO )/;
  const text = (bare.length > 0 ? head.replace(path, "pg_temp, ") : head) + redirected;
  const isDone = text === it.definition || (await tryStatement(client, text));
  return isDone ? null : `reads ${tableLabel(first)}, and could not be made to read its copy`;
}

/** What comes before the body is the function's own name, and its types. */
function partsOf({ definition }: UserFunction): { head: string; body: string } {
  const at = Math.max(0, definition.search(/\n(?:AS \$|BEGIN ATOMIC|RETURN )/));
  return { head: definition.slice(0, at), body: definition.slice(at) };
}
