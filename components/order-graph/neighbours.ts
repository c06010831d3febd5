import type { GraphEdge, GraphLayout, GraphNode } from "./layout.ts";

/** The foreign keys to and from other tables, and those to the table itself. */
export interface Neighbours {
  parents: GraphEdge[];
  children: GraphEdge[];
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
 * and down move to the next table in the same column.
 *
 * @returns null if there is none
 */
export function tableAt(layout: GraphLayout, key: string, direction: Direction): GraphNode | null {
  const from = layout.nodes.find((node) => node.key === key);
  if (!from) return null;
  const side = direction === "ArrowUp" || direction === "ArrowLeft" ? -1 : 1;
  if (direction === "ArrowUp" || direction === "ArrowDown") {
    return nearest(from, layout.nodes, ({ x, y }) => x === from.x && (y - from.y) * side > 0);
  }
  const isBeside = ({ x }: GraphNode) => (x - from.x) * side > 0;
  const { parents, children } = neighboursOf(layout, key);
  if (parents.length === 0 && children.length === 0) {
    return nearest(from, layout.nodes, (node) => node.y === from.y && isBeside(node));
  }
  const keys = new Set(side === -1 ? parents.map(({ to }) => to) : children.map((it) => it.from));
  const linked = layout.nodes.filter((node) => keys.has(node.key));
  // A cycle's tables stand above each other, so up and down reach them. Left and right go to them only if there is
  // nothing beside.
  return nearest(from, linked, isBeside) ?? nearest(from, linked);
}

function nearest(
  from: GraphNode,
  nodes: readonly GraphNode[],
  isMeant: (node: GraphNode) => boolean = () => true,
): GraphNode | null {
  const distance = ({ x, y }: GraphNode) => Math.abs(y - from.y) + Math.abs(x - from.x);
  return nodes.filter(isMeant).sort((a, b) => distance(a) - distance(b))[0] ?? null;
}
