import type { InsertionOrder, OrderComponent, OrderEdge, TableName } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import {
  type Block,
  connect,
  createBlock,
  type Layers,
  placeBlocks,
  reduceCrossings,
} from "./layers.ts";
import { arcInCycle, lineBetween, loop, type Shape } from "./shapes.ts";
import {
  BEND_HEIGHT,
  type Box,
  COLUMN,
  FRAME,
  NODE_GAP,
  NODE_HEIGHT,
  NODE_WIDTH,
  UNRELATED_GAP,
} from "./sizes.ts";

/** A table and its position. */
export interface GraphNode extends Box {
  key: string;
  table: TableName;
  /** From the left, from 0: its level, except for unrelated tables. */
  column: number;
  /** Number of its step in the table order, from 1. */
  step: number;
}

/** All foreign keys from one table to another, as one line. */
export interface GraphEdge extends Shape {
  key: string;
  /** Key of the referring table. */
  from: string;
  /** Key of the referenced table. */
  to: string;
  foreignKeys: OrderEdge[];
}

/** The frame around tables that refer to each other in a cycle. */
export interface GraphCycle extends Box {
  /** Number of its step in the table order, from 1. */
  step: number;
  size: number;
}

export interface GraphLayout {
  width: number;
  height: number;
  nodes: GraphNode[];
  edges: GraphEdge[];
  cycles: GraphCycle[];
  /** Where the tables without foreign keys to or from other tables begin, below the others. */
  unrelatedTop: number | null;
}

interface Step extends OrderComponent {
  step: number;
}

type Pair = Pick<GraphEdge, "key" | "from" | "to" | "foreignKeys">;

/** Distance between the tops of two tables in a column. */
const ROW = NODE_HEIGHT + NODE_GAP;

/**
 * Places the tables in layers from left to right, parents first. Pure: the same order always gives the same drawing.
 * Lengths are in pixels, at a zoom of 1.
 */
export function layoutOrder(order: InsertionOrder): GraphLayout {
  const pairs = pairsOf(order.edges);
  const linked = new Set(pairs.flatMap(({ from, to }) => (from === to ? [] : [from, to])));
  const steps = order.components.map((component, index) => ({ ...component, step: index + 1 }));
  const { related = [], unrelated = [] } = Object.groupBy(steps, ({ tables }) =>
    tables.some((table) => linked.has(tableKey(table))) ? "related" : "unrelated",
  );

  const { nodes, cycles, cables } = placeRelated(related, pairs);
  const bottom = bottomOf([...nodes, ...cycles]);
  const top = nodes.length === 0 ? 0 : bottom + UNRELATED_GAP;
  const columns = 1 + nodes.reduce((most, { column }) => Math.max(most, column), -1);
  nodes.push(...placeUnrelated(unrelated, top, columns));

  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const edges = pairs.flatMap((pair): GraphEdge[] => {
    const [from, to] = [byKey.get(pair.from), byKey.get(pair.to)];
    return from && to ? [{ ...pair, ...shapeOf(from, to, cables.get(pair.to) ?? []) }] : [];
  });
  const boxes = [...nodes, ...cycles];
  return {
    width: boxes.reduce((most, { x, width }) => Math.max(most, x + width), 0),
    height: bottomOf(boxes),
    nodes,
    edges,
    cycles,
    unrelatedTop: unrelated.length > 0 ? top : null,
  };
}

const pairsOf = (edges: readonly OrderEdge[]): Pair[] =>
  Array.from(
    Map.groupBy(edges, ({ from, to }) => `${tableKey(from)} ${tableKey(to)}`),
    ([key, foreignKeys]) => {
      const { from, to } = foreignKeys[0] as OrderEdge;
      return { key, from: tableKey(from), to: tableKey(to), foreignKeys };
    },
  );

/** @param cable the bends of all lines to `to`, one for each column */
function shapeOf(from: GraphNode, to: GraphNode, cable: readonly Block[]): Shape {
  if (from === to) return loop(from);
  if (from.column === to.column) return arcInCycle(from, to);
  const bends = cable.slice(0, from.column - to.column - 1).map(({ top }, index) => ({
    x: columnX(to.column + 1 + index),
    y: top + BEND_HEIGHT / 2,
  }));
  return lineBetween(to, from, bends);
}

/** @returns `cables` by the key of the referenced table. All lines to that table share their bends, like a cable. */
function placeRelated(steps: readonly Step[], pairs: readonly Pair[]) {
  const layers: Layers = [];
  const add = (level: number, block: Block): Block => {
    while (layers.length <= level) layers.push([]);
    layers[level]?.push(block);
    return block;
  };
  const groups = steps.map((step) => {
    const [top, bottom] = step.cyclic ? [FRAME.top, FRAME.bottom] : [0, 0];
    const height = top + step.tables.length * ROW - NODE_GAP + bottom;
    return { ...step, inset: top, block: add(step.level, createBlock(height)) };
  });
  const places = new Map(
    groups.flatMap(({ tables, level, inset, block }) =>
      tables.map((table, index) => {
        const port = inset + index * ROW + NODE_HEIGHT / 2;
        return [tableKey(table), { level, block, port }] as const;
      }),
    ),
  );

  const cables = new Map<string, Block[]>();
  for (const { from, to } of pairs) {
    const [child, parent] = [places.get(from), places.get(to)];
    if (!child || !parent || child.level <= parent.level) continue;
    const cable = cables.get(to) ?? [];
    cables.set(to, cable);
    const lead = (level: number, block: Block, port: number) => {
      const bend = cable[level - parent.level - 2];
      const left = bend ? BEND_HEIGHT / 2 : parent.port;
      connect(bend ?? parent.block, block, { left, right: port });
    };
    for (let level = parent.level + cable.length + 1; level < child.level; level++) {
      const bend = add(level, createBlock(BEND_HEIGHT, true));
      lead(level, bend, BEND_HEIGHT / 2);
      cable.push(bend);
    }
    lead(child.level, child.block, child.port);
  }

  placeBlocks(reduceCrossings(layers));
  const nodes = groups.flatMap(({ tables, step, level, inset, block }) =>
    tables.map((table, index) => nodeAt(table, step, level, block.top + inset + index * ROW)),
  );
  const cycles = groups
    .filter(({ cyclic }) => cyclic)
    .map(({ step, tables, level, block }) => ({
      step,
      size: tables.length,
      x: columnX(level) - FRAME.side,
      y: block.top,
      width: NODE_WIDTH + 2 * FRAME.side,
      height: block.height,
    }));
  return { nodes, cycles, cables };
}

const columnX = (column: number): number => FRAME.side + column * COLUMN;

const nodeAt = (table: TableName, step: number, column: number, y: number): GraphNode => ({
  key: tableKey(table),
  table,
  step,
  column,
  x: columnX(column),
  y,
  width: NODE_WIDTH,
  height: NODE_HEIGHT,
});

/** Columns divided by rows in the grid of unrelated tables, if there are many. */
const GRID_RATIO = 0.5;

function placeUnrelated(steps: readonly Step[], top: number, minColumns: number): GraphNode[] {
  const tables = steps.flatMap(({ tables, step }) => tables.map((table) => ({ table, step })));
  const columns = Math.max(1, minColumns, Math.ceil(Math.sqrt(tables.length * GRID_RATIO)));
  return tables.map(({ table, step }, index) =>
    nodeAt(table, step, index % columns, top + Math.floor(index / columns) * ROW),
  );
}

const bottomOf = (boxes: readonly Box[]): number =>
  boxes.reduce((most, { y, height }) => Math.max(most, y + height), 0);
