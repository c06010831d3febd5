import type pg from "pg";
import { tryStatement } from "../../postgres/savepoint.ts";
import type { Caller, UserFunction } from "../../schema/user-functions.ts";
import { tableLabel } from "../../shared/table-name.ts";
import type { RelationCopies } from "./relation-copies.ts";
import { namesIn, replaceNames, spellings, withoutComments } from "./sql-names.ts";

/** A constraint, column or index that calls a function which cannot be made to read the copies. */
export interface NotRedirected extends Caller {
  /** Completes a sentence: `public.f runs SQL that it puts together itself`. */
  why: string;
  /** Evaluating it may change something that a rollback does not undo, such as a sequence. */
  mayWrite?: boolean;
}

/**
 * Makes functions read the copies instead of the tables, so that they give the same results as in the restore. Their
 * text is replaced in this transaction, which is rolled back. Other sessions neither see this nor wait for it.
 *
 * @param functions of the restored tables, read with an empty search_path
 */
export async function redirectFunctions(
  client: pg.ClientBase,
  functions: readonly UserFunction[],
  copies: RelationCopies,
): Promise<NotRedirected[]> {
  const roots = functions.filter(({ callers }) => callers.length > 0);
  // The new text names copies that can only be found when it runs.
  if (roots.length > 0) await client.query("SET LOCAL check_function_bodies = off");
  const unfit = new Map<UserFunction, Unfit>();
  for (const it of reachable(functions, copies, roots)) {
    const found = await redirect(client, it, copies);
    if (found) unfit.set(it, { ...found, why: `${tableLabel(it)} ${found.why}` });
  }
  return roots.flatMap((root) => {
    const reasons = reachable(functions, copies, [root]).flatMap((it) => unfit.get(it) ?? []);
    const worst = reasons.find(({ mayWrite }) => mayWrite) ?? reasons[0];
    return worst ? root.callers.map((caller) => ({ ...caller, ...worst })) : [];
  });
}

type Unfit = Pick<NotRedirected, "why" | "mayWrite">;

/** The functions, and all that their texts use: by a call, an operator, a type's cast or check, or through a view. */
function reachable(
  functions: readonly UserFunction[],
  { views }: RelationCopies,
  roots: readonly UserFunction[],
): UserFunction[] {
  const found = new Set(roots);
  const seen = new Set<object>();
  const texts = roots.map(({ definition }) => definition);
  for (const text of texts) {
    const plain = withoutComments(text);
    for (const it of functions) {
      if (found.has(it) || !callsIn(plain, it)) continue;
      found.add(it);
      texts.push(it.definition);
    }
    for (const view of views) {
      if (seen.has(view) || !namesIn(plain, view)) continue;
      seen.add(view);
      texts.push(view.sql);
    }
  }
  return [...found];
}

const callsIn = (text: string, { name, operators, types }: UserFunction): boolean =>
  new RegExp(`${spellings(name)}\\s*\\(`).test(text) ||
  operators.some((operator) => text.includes(operator)) ||
  types.some((type) => new RegExp(spellings(type)).test(text));

const WRITES =
  /\b(?:insert\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into|truncate|nextval|setval|notify|pg_notify|copy|create|alter|drop)\b/i;

/** @returns why the function cannot be redirected. Null if it is redirected, or need not be. */
async function redirect(
  client: pg.ClientBase,
  it: UserFunction,
  copies: RelationCopies,
): Promise<Unfit | null> {
  const { head, body } = partsOf(it);
  const plain = withoutComments(body);
  if (it.definition === "") return { why: "is in a language that cannot be looked into" };
  if (WRITES.test(plain))
    return { why: "changes something each time it is called", mayWrite: true };
  if (/\bexecute\b/i.test(plain)) return { why: "runs SQL that it puts together itself" };
  if (/\bU&"/i.test(plain)) return { why: "has names that are written in codes" };
  const read = await copies.namedIn(body);
  const hidden = (await copies.namedIn(plain)).find((relation) => !read.includes(relation));
  if (hidden) return { why: `has a comment within the name ${tableLabel(hidden)}` };
  const [first] = read;
  if (!first) return null;
  if (!it.isReplaceable)
    return { why: `reads ${tableLabel(first)}, and this role may not replace it` };
  const redirected = replaceNames(body, read);
  const bare = read.filter((relation) => namesIn(redirected, relation));
  const unread = read.find(({ isThere }) => !isThere);
  if (unread) return { why: `reads ${tableLabel(unread)}, of which there can be no copy` };
  const lost = bare.find(({ isBare }) => !isBare);
  if (lost) return { why: `reads ${tableLabel(lost)} by a name without its schema` };
  // Temporary relations are found first, unless a search_path says otherwise.
  const path = /(?<=\n SET search_path TO )/;
  const text = (bare.length > 0 ? head.replace(path, "pg_temp, ") : head) + redirected;
  const isDone = text === it.definition || (await tryStatement(client, text)) === null;
  return isDone
    ? null
    : { why: `reads ${tableLabel(first)}, and could not be made to read its copy` };
}

function partsOf({ definition }: UserFunction): { head: string; body: string } {
  const at = Math.max(0, definition.search(/\n(?:AS \$|BEGIN ATOMIC|RETURN )/));
  return { head: definition.slice(0, at), body: definition.slice(at) };
}
