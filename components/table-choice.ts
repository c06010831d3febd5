import type { OrderEdge, TableName } from "../lib/shared/api.ts";
import { formatNoun, formatTables } from "../lib/shared/format.ts";
import { tableKey } from "../lib/shared/table-name.ts";

/** The app's tables, which are chosen by default, without the hosting platform's. */
export const appTables = <Table extends { platform?: string }>(tables: readonly Table[]): Table[] =>
  tables.filter(({ platform }) => platform === undefined);

/** Returns `All 25 tables` or `1 of 25 tables`. Another owner's table counts only if it is chosen. */
export function describeChoice<Table extends { platform?: string }>(
  chosen: readonly Table[],
  tables: readonly Table[],
): string {
  const total =
    appTables(tables).length + chosen.filter(({ platform }) => platform !== undefined).length;
  return chosen.length === total && total > 1
    ? `All ${formatNoun(total, "table")}`
    : formatTables(chosen.length, total);
}

/** Returns `Supabase's · 3 rows`: names the owner of a table that is not the app's. */
export const withOwner = ({ platform }: { platform?: string }, figures: string): string =>
  platform === undefined ? figures : `${platform}’s · ${figures}`;

/** References from chosen tables to tables that are left out. The restored rows may lack their parents. */
export function referencesLeftOut(chosen: ReadonlySet<string>, edges: OrderEdge[]): OrderEdge[] {
  return edges.filter((edge) => chosen.has(tableKey(edge.from)) && !chosen.has(tableKey(edge.to)));
}

/**
 * References from tables that are left out to chosen ones. Their rows stay, but the rows that they refer to may not.
 */
export function referencesInto(chosen: ReadonlySet<string>, edges: OrderEdge[]): OrderEdge[] {
  return edges.filter((edge) => !chosen.has(tableKey(edge.from)) && chosen.has(tableKey(edge.to)));
}

/**
 * Returns one reference to each table that chosen tables refer to, directly or indirectly, and that is not chosen. The
 * nearest tables come first.
 */
export function missingParents(chosen: ReadonlySet<string>, edges: OrderEdge[]): OrderEdge[] {
  const all = new Set(chosen);
  const missing: OrderEdge[] = [];
  for (const key of all) {
    for (const edge of edges) {
      if (tableKey(edge.from) !== key || all.has(tableKey(edge.to))) continue;
      all.add(tableKey(edge.to));
      missing.push(edge);
    }
  }
  return missing;
}

/** Keys of tables that refer to chosen ones, directly or indirectly, and that are not chosen. */
function missingChildren(chosen: ReadonlySet<string>, edges: OrderEdge[]): Set<string> {
  const all = new Set(chosen);
  for (const key of all) {
    for (const { from, to } of edges) if (tableKey(to) === key) all.add(tableKey(from));
  }
  return new Set([...all].filter((key) => !chosen.has(key)));
}

/**
 * Returns the tables that refer to chosen ones, directly or indirectly, are not chosen, and have fewer rows now than in
 * the backup. After the restore these rows are still missing. The most come first.
 */
export const tablesLeftBehind = <Table extends TableName & { rows: number; rowsNow: number }>(
  tables: readonly Table[],
  chosen: ReadonlySet<string>,
  edges: OrderEdge[],
): Array<Table & { missing: number }> => {
  const children = missingChildren(chosen, edges);
  return tables
    .filter((table) => children.has(tableKey(table)) && table.rows > table.rowsNow)
    .map((table) => ({ ...table, missing: table.rows - table.rowsNow }))
    .toSorted((a, b) => b.missing - a.missing);
};
