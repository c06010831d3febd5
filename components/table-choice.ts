import type { OrderEdge } from "../lib/shared/api.ts";
import { tableKey } from "../lib/shared/table-name.ts";

/** References of chosen tables to tables that are left out: their rows may come back without parents. */
export function referencesLeftOut(chosen: ReadonlySet<string>, edges: OrderEdge[]): OrderEdge[] {
  return edges.filter((edge) => chosen.has(tableKey(edge.from)) && !chosen.has(tableKey(edge.to)));
}
