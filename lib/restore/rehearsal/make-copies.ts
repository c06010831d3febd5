import type pg from "pg";
import { type AsideConstraint, putConstraintsAside } from "../../postgres/constraints.ts";
import { type ForeignKeyRule, readForeignKeyRules } from "../../postgres/foreign-key-rules.ts";
import {
  type ComputedColumns,
  readComputedColumns,
  recompute,
} from "../../postgres/generated-columns.ts";
import { isKeyed, oidsOf, tablesOf } from "../../postgres/load.ts";
import { keepInCopy, keepKeys, overwriteInCopy } from "../../postgres/merge-rows.ts";
import { type CopiedLoad, createTableCopies } from "../../postgres/table-copies.ts";
import { readDomainRules, readTableRules, type TableRules } from "../../postgres/table-rules.ts";
import { suspendEventTriggers } from "../../postgres/triggers.ts";
import { readUserFunctions, type UserFunction } from "../../schema/user-functions.ts";
import type { RestoreMode } from "../../shared/api.ts";
import type { Violation } from "../../shared/rehearsal.ts";
import { tableKey } from "../../shared/table-name.ts";
import { readUncomputable } from "../recompute-columns.ts";
import type { Matched } from "./lock-for-reading.ts";
import { type NotRedirected, redirectFunctions } from "./redirect-functions.ts";
import { copiesOf } from "./relation-copies.ts";
import { uncomputable } from "./remedies.ts";

export interface CheckedLoad extends CopiedLoad {
  rules: TableRules;
}

export interface Checks {
  loads: CheckedLoad[];
  foreignKeys: ForeignKeyRule[];
  mode: RestoreMode;
}

export interface Copies {
  checks: Checks;
  /** Generated columns of the copies. They may depend on rows loaded later. */
  computed: ComputedColumns[];
  /** Functions that constraints, generated columns and indexes call. They read the tables until they are redirected. */
  functions: UserFunction[];
}

export async function makeCopies(client: pg.ClientBase, matched: Matched): Promise<Copies> {
  const { loads: planned } = matched.plan;
  const tables = tablesOf(planned);
  await suspendEventTriggers(client);
  const functions = await readUserFunctions(client, oidsOf(tables));
  // The tables' own constraints can stay, because the copies have none.
  const { dropped } = await putConstraintsAside(client, tables, { domainsAlone: true });
  const { loads } = await createTableCopies(client, planned);
  const computed = await readComputedColumns(
    client,
    loads.map(({ into }) => into),
  );
  const checks = await readChecks(client, loads, matched, dropped);
  return { checks, computed, functions };
}

/**
 * Reads the rules that the rows must fulfil.
 *
 * @param client with an empty search_path
 * @param ofDomains constraints of domains that are put aside during the load
 */
async function readChecks(
  client: pg.ClientBase,
  loads: readonly CopiedLoad[],
  { catalog, plan }: Pick<Matched, "catalog" | "plan">,
  ofDomains: readonly AsideConstraint[],
): Promise<Checks> {
  const ruled = await readTableRules(client, loads);
  const domainRules = await readDomainRules(client, loads, ofDomains);
  const oids = oidsOf(tablesOf(loads));
  const rows = await readForeignKeyRules(client, oids);
  const unchecked = new Set(
    catalog.foreignKeys
      .filter(({ insertsUnchecked }) => insertsUnchecked)
      .map(({ table, constraint }) => `${tableKey(table)} ${constraint}`),
  );
  const isLoaded = new Set(oids);
  const { mode } = plan.scope;
  return {
    mode,
    loads: ruled.map(({ rules, ...load }) => ({
      ...load,
      rules: { ...rules, rows: [...rules.rows, ...(domainRules.get(load.table.oid) ?? [])] },
    })),
    foreignKeys: rows.filter(({ from, constraint, fromOid, toOid }) => {
      const isUnchecked = unchecked.has(`${tableKey(from)} ${constraint}`);
      // A restore adds a foreign key from a table that stays again, and checks its rows whatever its triggers' state.
      if (!isLoaded.has(fromOid)) return mode !== "keep-existing";
      return !isUnchecked || (mode === "overwrite" && isLoaded.has(toOid));
    }),
  };
}

/** Makes the functions read the copies. @param client with an empty search_path @returns what cannot be redirected */
export async function redirectToCopies(
  client: pg.ClientBase,
  { functions, checks }: Copies,
  { catalog }: Matched,
): Promise<NotRedirected[]> {
  if (functions.length === 0) return [];
  return await redirectFunctions(client, functions, await copiesOf(client, checks.loads, catalog));
}

/** For a merge: gives each copy the content that its table would have. */
export async function completeCopies(
  client: pg.ClientBase,
  { loads, mode }: Checks,
  signal: AbortSignal,
): Promise<void> {
  const isOverwriting = mode === "overwrite";
  const complete = isOverwriting ? overwriteInCopy : keepInCopy;
  for (const load of loads.filter(isKeyed)) {
    signal.throwIfAborted();
    const { unique, rows } = load.rules;
    const isForNewRows =
      unique.some(({ drop }) => !drop.isValid) || rows.some((rule) => rule.isForNewRows);
    if (isOverwriting && isForNewRows) await keepKeys(client, load);
    await complete(client, load);
  }
}

/** Recomputes generated columns. @returns a violation for each table in which a restore cannot */
export async function recomputeCopies(
  client: pg.ClientBase,
  loads: readonly CheckedLoad[],
  computed: readonly ComputedColumns[],
): Promise<Violation[]> {
  const changed = await recompute(client, computed);
  const refused = changed.length > 0 ? await readUncomputable(client, loads) : [];
  return loads
    .filter(({ into }) => changed.some(({ name }) => name === into.name))
    .flatMap(({ table }) => refused.find(({ root }) => root === table.oid) ?? [])
    .map(uncomputable);
}
