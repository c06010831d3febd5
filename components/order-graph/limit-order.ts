import type { InsertionOrder, TableName } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";

/** Reduces an order to some of its tables and removes layers that become empty. */
export function limitOrder(order: InsertionOrder, tables: readonly TableName[]): InsertionOrder {
  const wanted = new Set(tables.map(tableKey));
  const isWanted = (table: TableName) => wanted.has(tableKey(table));
  const components = order.components.flatMap((component) => {
    const kept = component.tables.filter(isWanted);
    return kept.length === 0 ? [] : [{ ...component, tables: kept, cyclic: kept.length > 1 }];
  });
  const levels = [...new Set(components.map(({ level }) => level))].sort((a, b) => a - b);
  return {
    components: components.map((component) => ({
      ...component,
      level: levels.indexOf(component.level),
    })),
    edges: order.edges.filter(({ from, to }) => isWanted(from) && isWanted(to)),
  };
}
