import type { OrderEdge } from "../lib/shared/api.ts";
import { tableKey } from "../lib/shared/table-name.ts";

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
