import type { InsertionOrder, OrderComponent, OrderEdge } from "../lib/shared/api.ts";
import { tableKey, tableLabel } from "../lib/shared/table-name.ts";

const HANDLING =
  "its foreign keys are dropped for the load, then added and checked again before the commit";

/** Says how a restore loads tables that refer to themselves or to each other. */
export function cycleHandling(step: OrderStep): string | null {
  const { tables, cyclic } = step.component;
  if (cyclic) return `Cycle of ${tables.length} tables: ${HANDLING}`;
  const refersToItself = [...step.edges.values()].flat().some(({ role }) => role === "self");
  return refersToItself ? `Refers to itself: ${HANDLING}` : null;
}

/** Returns `Post.author (authorId → id, ON DELETE CASCADE)`, or the constraint's name if there is no relation. */
export function describeReference(edge: OrderEdge): string {
  const columns = `${edge.columns.join(", ")} → ${edge.referencedColumns.join(", ")}`;
  return `${edge.relation ?? edge.constraint} (${columns}, ON DELETE ${edge.onDelete})`;
}

/** Says how one edge determines the position of its table. */
export function edgeReason(edge: OrderEdge): string {
  const reference = describeReference(edge);
  switch (edge.role) {
    case "orders":
      return `after ${tableLabel(edge.to)}, because ${reference} refers to it`;
    case "self":
      return `${reference} refers to the same table`;
    case "cycle":
      return `${reference} refers to ${tableLabel(edge.to)}, in the same cycle`;
    default:
      throw edge.role satisfies never;
  }
}

export interface OrderStep {
  /** Starts at 1. */
  number: number;
  component: OrderComponent;
  /** By table key: the edges that start at that table. */
  edges: Map<string, OrderEdge[]>;
}

/** Numbers the components, each with the edges that start at its tables. */
export function orderSteps(order: InsertionOrder): OrderStep[] {
  const edges = Map.groupBy(order.edges, (edge) => tableKey(edge.from));
  return order.components.map((component, index) => ({
    number: index + 1,
    component,
    edges: new Map(
      component.tables.map((table) => [tableKey(table), edges.get(tableKey(table)) ?? []]),
    ),
  }));
}

export const levelHeading = (level: number): string =>
  level === 0 ? "Level 0 · refers to nothing" : `Level ${level} · refers to earlier levels`;
