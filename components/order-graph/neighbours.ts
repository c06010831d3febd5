import type { GraphEdge, GraphLayout, GraphNode } from "./layout.ts";

/** The foreign keys to and from other tables, and those to the table itself. */
export interface Neighbours {
  parents: GraphEdge[];
  children: GraphEdge[];
  /** References from the table to itself. */
  own: GraphEdge[];
}

export const neighboursOf = ({ edges }: GraphLayout, key: string): Neighbours => ({
  parents: edges.filter(({ from, to }) => from === key && to !== key),
  children: edges.filter(({ from, to }) => to === key && from !== key),
  own: edges.filter(({ from, to }) => from === key && to === key),
});

export type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

export const isDirection = (key: string): key is Direction =>
  key === "ArrowLeft" || key === "ArrowRight" || key === "ArrowUp" || key === "ArrowDown";

/**
 * The table to which an arrow key moves. Left and right follow a foreign key to the nearest table at its other end. Up
 * and down move to the next table in the same layer.
 *
 * @returns null if there is none
 */
export function tableAt(layout: GraphLayout, key: string, direction: Direction): GraphNode | null {
  const from = layout.nodes.find((node) => node.key === key);
  if (!from) return null;
  if (direction === "ArrowUp" || direction === "ArrowDown") {
    const side = direction === "ArrowUp" ? -1 : 1;
    const inLayer = layout.nodes.filter(({ x, y }) => x === from.x && (y - from.y) * side > 0);
    return nearest(from, inLayer);
  }
  const { parents, children } = neighboursOf(layout, key);
  const keys = new Set(
    direction === "ArrowLeft" ? parents.map(({ to }) => to) : children.map((edge) => edge.from),
  );
  const linked = layout.nodes.filter((node) => keys.has(node.key));
  const side = direction === "ArrowLeft" ? -1 : 1;
  // A cycle's tables stand above each other, so up and down reach them. Left and right go to them only if there is
  // nothing beside.
  const beside = linked.filter(({ x }) => (x - from.x) * side > 0);
  if (beside.length > 0 || linked.length > 0) {
    return nearest(from, beside.length > 0 ? beside : linked);
  }
  const isUnrelated = parents.length === 0 && children.length === 0;
  const inRow = layout.nodes.filter(({ x, y }) => y === from.y && (x - from.x) * side > 0);
  return isUnrelated ? nearest(from, inRow) : null;
}

function nearest(from: GraphNode, nodes: readonly GraphNode[]): GraphNode | null {
  const distance = ({ x, y }: GraphNode) => Math.abs(y - from.y) + Math.abs(x - from.x);
  return nodes.reduce<GraphNode | null>(
    (best, node) => (best && distance(best) <= distance(node) ? best : node),
    null,
  );
}
