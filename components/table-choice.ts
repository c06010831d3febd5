import type { OrderEdge } from "../lib/shared/api.ts";
import { tableKey } from "../lib/shared/table-name.ts";

/** Those that nobody has to choose: the app's, and not the hosting platform's. */
export const appTables = <Table extends { platform?: string }>(tables: readonly Table[]): Table[] =>
  tables.filter(({ platform }) => platform === undefined);

/** `Supabase's · 3 rows`: whose a table is, where it is not the app's. */
export const withOwner = ({ platform }: { platform?: string }, figures: string): string =>
  platform === undefined ? figures : `${platform}’s · ${figures}`;

/** References of chosen tables to tables that are left out: their rows may come back without parents. */
export function referencesLeftOut(chosen: ReadonlySet<string>, edges: OrderEdge[]): OrderEdge[] {
  return edges.filter((edge) => chosen.has(tableKey(edge.from)) && !chosen.has(tableKey(edge.to)));
}

/** References of tables that are left out to chosen ones: their rows stay, and what they refer to may not. */
export function referencesInto(chosen: ReadonlySet<string>, edges: OrderEdge[]): OrderEdge[] {
  return edges.filter((edge) => !chosen.has(tableKey(edge.from)) && chosen.has(tableKey(edge.to)));
}

/** Keys of what chosen tables refer to and is not chosen, and what that refers to in turn. */
export function missingParents(chosen: ReadonlySet<string>, edges: OrderEdge[]): Set<string> {
  const all = new Set(chosen);
  for (const key of all) {
    for (const { from, to } of edges) if (tableKey(from) === key) all.add(tableKey(to));
  }
  return new Set([...all].filter((key) => !chosen.has(key)));
}
