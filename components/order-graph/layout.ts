import type { InsertionOrder, OrderComponent, OrderEdge, TableName } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { type Block, type Layers, type Link, placeBlocks, reduceCrossings } from "./layers.ts";
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
  level: number;
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
  /** The area of the tables without foreign keys to or from other tables. */
  unrelated: Box | null;
}

/**
 * Places the tables in layers from left to right, parents first. Pure: the same order always gives the same drawing.
 * Lengths are in pixels, at a zoom of 1.
 */
export function layoutOrder(order: InsertionOrder): GraphLayout {
  const pairs = pairsOf(order.edges);
  const related = new Set(pairs.flatMap(({ from, to }) => (from === to ? [] : [from, to])));
  const steps = order.components.map((component, index) => ({ component, step: index + 1 }));
  const isRelated = ({ component }: Step) =>
    component.tables.some((table) => related.has(tableKey(table)));

  const { nodes, cycles, bends } = placeRelated(steps.filter(isRelated), pairs);
  const bottom = bottomOf([...nodes, ...cycles]);
  const loose = placeUnrelated(
    steps.filter((step) => !isRelated(step)),
    nodes.length === 0 ? 0 : bottom + UNRELATED_GAP,
    1 + nodes.reduce((most, { level }) => Math.max(most, level), -1),
  );
  nodes.push(...loose);

  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const edges = pairs.flatMap((pair): GraphEdge[] => {
    const [from, to] = [byKey.get(pair.from), byKey.get(pair.to)];
    if (!from || !to) return [];
    return [{ ...pair, ...shapeOf(from, to, bends.get(pair.to) ?? []) }];
  });
  const boxes = [...nodes, ...cycles];
  return {
    width: boxes.reduce((most, box) => Math.max(most, box.x + box.width), 0),
    height: bottomOf(boxes),
    nodes,
    edges,
    cycles,
    unrelated: loose.length > 0 ? around(loose) : null,
  };
}

interface Step {
  component: OrderComponent;
  step: number;
}

type Pair = Pick<GraphEdge, "key" | "from" | "to" | "foreignKeys">;

const pairsOf = (edges: readonly OrderEdge[]): Pair[] =>
  [...Map.groupBy(edges, ({ from, to }) => `${tableKey(from)} ${tableKey(to)}`)].flatMap(
    ([key, foreignKeys]) => {
      const first = foreignKeys[0];
      return first
        ? [{ key, from: tableKey(first.from), to: tableKey(first.to), foreignKeys }]
        : [];
    },
  );

function shapeOf(from: GraphNode, to: GraphNode, bends: readonly Bend[]): Shape {
  if (from === to) return loop(from);
  if (from.level === to.level) return arcInCycle(from, to);
  return lineBetween(
    to,
    from,
    bends.filter(({ level }) => level < from.level).map(({ x, y }) => ({ x, y })),
  );
}

/** The point at which the lines to a table pass through a layer. */
interface Bend {
  level: number;
  x: number;
  y: number;
}

/** @returns `bends` by the key of the referenced table. All lines to that table share them, like a cable. */
function placeRelated(steps: readonly Step[], pairs: readonly Pair[]) {
  const blocks: Block[] = [];
  const layers: Layers = [];
  const links: Link[] = [];
  const addBlock = (level: number, block: Block): number => {
    while (layers.length <= level) layers.push([]);
    layers[level]?.push(blocks.length);
    return blocks.push(block) - 1;
  };
  const places = new Map<string, { block: number; port: number; level: number }>();
  const blockOf = new Map<Step, number>();
  for (const step of steps) {
    const { tables, cyclic, level } = step.component;
    const [top, bottom] = cyclic ? [FRAME.top, FRAME.bottom] : [0, 0];
    const inside = tables.length * (NODE_HEIGHT + NODE_GAP) - NODE_GAP;
    const block = addBlock(level, { height: top + inside + bottom, isBend: false });
    blockOf.set(step, block);
    for (const [index, table] of tables.entries()) {
      const port = top + index * (NODE_HEIGHT + NODE_GAP) + NODE_HEIGHT / 2;
      places.set(tableKey(table), { block, port, level });
    }
  }

  const cables = new Map<string, number[]>();
  for (const { from, to } of pairs) {
    const [child, parent] = [places.get(from), places.get(to)];
    if (!child || !parent || child.level <= parent.level) continue;
    const cable = cables.get(to) ?? [];
    cables.set(to, cable);
    const endOf = (bend: number | undefined) =>
      bend === undefined
        ? { left: parent.block, leftPort: parent.port }
        : { left: bend, leftPort: BEND_HEIGHT / 2 };
    for (let level = parent.level + cable.length + 1; level < child.level; level++) {
      const bend = addBlock(level, { height: BEND_HEIGHT, isBend: true });
      links.push({ ...endOf(cable.at(-1)), right: bend, rightPort: BEND_HEIGHT / 2 });
      cable.push(bend);
    }
    const before = endOf(cable[child.level - parent.level - 2]);
    links.push({ ...before, right: child.block, rightPort: child.port });
  }

  const tops = placeBlocks(reduceCrossings(layers, links), blocks, links);
  const topOf = (block: number | undefined): number => tops[block ?? -1] ?? 0;
  const nodes: GraphNode[] = [];
  const cycles: GraphCycle[] = [];
  for (const item of steps) {
    const { component, step } = item;
    const { tables, cyclic, level } = component;
    const block = blockOf.get(item);
    const x = FRAME.side + level * COLUMN;
    if (cyclic) {
      cycles.push({
        x: x - FRAME.side,
        y: topOf(block),
        width: NODE_WIDTH + 2 * FRAME.side,
        height: blocks[block ?? -1]?.height ?? 0,
        step,
        size: tables.length,
      });
    }
    for (const table of tables) {
      const key = tableKey(table);
      const y = topOf(block) + (places.get(key)?.port ?? 0) - NODE_HEIGHT / 2;
      nodes.push({ key, table, level, step, x, y, width: NODE_WIDTH, height: NODE_HEIGHT });
    }
  }
  const bends = new Map(
    [...cables].map(([key, cable]) => [
      key,
      cable.map((block, index): Bend => {
        const level = (places.get(key)?.level ?? 0) + 1 + index;
        return { level, x: FRAME.side + level * COLUMN, y: topOf(block) + BEND_HEIGHT / 2 };
      }),
    ]),
  );
  return { nodes, cycles, bends };
}

/** Columns divided by rows in the grid of unrelated tables, if there are many. */
const GRID_RATIO = 0.5;

function placeUnrelated(steps: readonly Step[], top: number, layers: number): GraphNode[] {
  const tables = steps.flatMap(({ component, step }) =>
    component.tables.map((table) => ({ table, step })),
  );
  const columns = Math.max(1, layers, Math.ceil(Math.sqrt(tables.length * GRID_RATIO)));
  return tables.map(({ table, step }, index) => ({
    key: tableKey(table),
    table,
    level: 0,
    step,
    x: FRAME.side + (index % columns) * COLUMN,
    y: top + Math.floor(index / columns) * (NODE_HEIGHT + NODE_GAP),
    width: NODE_WIDTH,
    height: NODE_HEIGHT,
  }));
}

const bottomOf = (boxes: readonly Box[]): number =>
  boxes.reduce((most, box) => Math.max(most, box.y + box.height), 0);

function around(boxes: readonly Box[]): Box {
  const x = boxes.reduce((least, box) => Math.min(least, box.x), Number.POSITIVE_INFINITY);
  const y = boxes.reduce((least, box) => Math.min(least, box.y), Number.POSITIVE_INFINITY);
  const right = boxes.reduce((most, box) => Math.max(most, box.x + box.width), 0);
  return { x, y, width: right - x, height: bottomOf(boxes) - y };
}
