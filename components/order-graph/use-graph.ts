import { useMemo } from "react";
import type { InsertionOrder } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import { matchesTable } from "../matches-table.ts";
import { orderSteps } from "../order-wording.ts";
import { type GraphTable, spokenFigures, tableFinder } from "./graph-table.ts";
import { type GraphLayout, type GraphNode, layoutOrder } from "./layout.ts";
import { neighboursOf } from "./neighbours.ts";
import type { Selection } from "./selection-panel.tsx";

export type Graph = ReturnType<typeof useGraph>;

/** The drawing, and its tables by key. `found` are those that match the search text, if there is one. */
export function useGraph(order: InsertionOrder, tables: readonly GraphTable[], search: string) {
  const layout = useMemo(() => layoutOrder(order), [order]);
  const nodes = useMemo(() => new Map(layout.nodes.map((node) => [node.key, node])), [layout]);
  const nodeOf = (key: string | null): GraphNode | null => nodes.get(key ?? "") ?? null;
  const tableOf = useMemo(() => tableFinder(tables), [tables]);
  // Depend on the names, because the figures change often.
  const names = JSON.stringify(tables.map(({ schema, name, model }) => [schema, name, model]));
  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` stands for `tableOf`.
  const found = useMemo(
    () =>
      layout.nodes
        .filter(({ key }) => search.trim() !== "" && matchesTable(tableOf(key), search))
        .sort((a, b) => a.step - b.step),
    [layout, names, search],
  );
  return { layout, nodeOf, tableOf, found };
}

/** @param key of a table or an edge */
export function useSelection(
  order: InsertionOrder,
  layout: GraphLayout,
  key: string | null,
): Selection | null {
  return useMemo((): Selection | null => {
    const node = layout.nodes.find((it) => it.key === key);
    if (node) {
      const neighbours = neighboursOf(layout, node.key);
      return { kind: "table", node, neighbours, step: orderSteps(order)[node.step - 1] };
    }
    const edge = layout.edges.find((it) => it.key === key);
    return edge ? { kind: "edge", edge } : null;
  }, [order, layout, key]);
}

/** The text for screen readers when the arrow keys move to a table. */
export function spokenNode(layout: GraphLayout, node: GraphNode, table: GraphTable): string {
  const { parents, children } = neighboursOf(layout, node.key);
  return [
    `${table.model ?? table.name}, ${tableLabel(table)}`,
    spokenFigures(table),
    `refers to ${formatNoun(parents.length, "table")}`,
    `is referred to by ${formatNoun(children.length, "table")}`,
  ].join(", ");
}
