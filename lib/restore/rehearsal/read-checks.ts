import type pg from "pg";
import type { AsideConstraint } from "../../postgres/constraints.ts";
import { oidsOf, tablesOf } from "../../postgres/load.ts";
import type { CopiedLoad } from "../../postgres/table-copies.ts";
import {
  FOREIGN_KEY_RULES_SQL,
  type ForeignKeyRule,
  readDomainRules,
  readTableRules,
  type TableRules,
} from "../../postgres/table-rules.ts";
import type { RestoreMode } from "../../shared/api.ts";
import { tableKey } from "../../shared/table-name.ts";
import type { Matched } from "./lock-for-reading.ts";

export interface CheckedLoad extends CopiedLoad {
  rules: TableRules;
}

export interface Checks {
  loads: CheckedLoad[];
  foreignKeys: ForeignKeyRule[];
  mode: RestoreMode;
}

/**
 * Reads the rules that the rows must fulfil.
 *
 * @param client with an empty search_path
 * @param ofDomains constraints of domains that are put aside during the load
 */
export async function readChecks(
  client: pg.ClientBase,
  loads: readonly CopiedLoad[],
  { catalog, plan }: Pick<Matched, "catalog" | "plan">,
  ofDomains: readonly AsideConstraint[],
): Promise<Checks> {
  const ruled = await readTableRules(client, loads);
  const domainRules = await readDomainRules(client, loads, ofDomains);
  const oids = oidsOf(tablesOf(loads));
  const { rows } = await client.query<ForeignKeyRule>(FOREIGN_KEY_RULES_SQL, [oids]);
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
