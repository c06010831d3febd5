/**
 * The two steps of every layered graph drawing: choose the order of the blocks in each layer, so that few lines cross,
 * and choose their heights, so that lines are short and straight.
 */
import { BEND_GAP, NODE_GAP } from "./sizes.ts";

/** An item in a layer: a table, the tables of a cycle, or the bend of a line that crosses the layer. */
export interface Block {
  readonly height: number;
  readonly isBend: boolean;
  /** The lines to the neighbouring layers. */
  readonly left: Line[];
  readonly right: Line[];
  /** Position in its layer, from 1. */
  index: number;
  /** The same from 0 to 1, so that layers of different lengths compare. */
  place: number;
  /** Pixels from the top of its layer's first block. */
  offset: number;
  /** Pixels from the top of the drawing. */
  top: number;
}

interface Line {
  to: Block;
  /** If the line is level, this block's top is so much below that of `to`. */
  drop: number;
}

type Side = "left" | "right";

/** From the left, each with its blocks from the top. */
export type Layers = Block[][];

export const createBlock = (height: number, isBend = false): Block => ({
  height,
  isBend,
  left: [],
  right: [],
  index: 0,
  place: 0,
  offset: 0,
  top: 0,
});

/** @param ports where the line touches the two blocks, measured from their tops */
export function connect(left: Block, right: Block, ports: { left: number; right: number }): void {
  left.right.push({ to: right, drop: ports.right - ports.left });
  right.left.push({ to: left, drop: ports.left - ports.right });
}

const SWEEPS = 12;
/** Two in each direction. */
const SWEEPS_IN_VAIN = 4;

/**
 * Barycentre sweeps, from left to right and back: each block moves to the mean position of the blocks that it is linked
 * to.
 *
 * @returns the order with the fewest crossings among those tried
 */
export function reduceCrossings(layers: Layers): Layers {
  const current = layers.map((layer) => layer.slice());
  let best = layers;
  let fewest = countCrossings(layers);
  let inVain = 0;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0 && inVain < SWEEPS_IN_VAIN; sweep++) {
    sortByBarycentre(current, sweep % 2 === 0 ? "left" : "right");
    const crossings = countCrossings(current);
    inVain++;
    if (crossings >= fewest) continue;
    inVain = 0;
    fewest = crossings;
    best = current.map((layer) => layer.slice());
  }
  return best;
}

/** Sorts the layers in place, by the blocks on one side. Blocks with the same wish keep their order. */
function sortByBarycentre(layers: Layers, side: Side): void {
  const settle = (layer: Block[]) => {
    for (const [index, block] of layer.entries()) block.place = (index + 0.5) / layer.length;
  };
  layers.forEach(settle);
  for (const layer of side === "left" ? layers : layers.toReversed()) {
    for (const block of layer)
      block.place = average(block[side], ({ to }) => to.place) ?? block.place;
    layer.sort((a, b) => a.place - b.place);
    settle(layer);
  }
}

/** Counts the pairs of lines that cross, in O(n log n), as inversions with a Fenwick tree. */
export function countCrossings(layers: Layers): number {
  let crossings = 0;
  for (const [index, layer] of layers.entries()) {
    const next = layers[index + 1] ?? [];
    for (const [at, block] of next.entries()) block.index = at + 1;
    const tree = new Int32Array(next.length + 1);
    let seen = 0;
    for (const { right } of layer) {
      for (const { to } of right) {
        crossings += seen;
        for (let at = to.index; at > 0; at -= at & -at) crossings -= tree[at] as number;
      }
      // Add the block's lines after counting, because lines from the same block do not cross.
      for (const { to } of right) {
        for (let at = to.index; at <= next.length; at += at & -at) (tree[at] as number)++;
      }
      seen += right.length;
    }
  }
  return crossings;
}

const PASSES = 6;
/** Weight of a straight long line, relative to a straight short one. */
const BEND_WEIGHT = 4;
/** Weight of a block without lines on that side. It stays where it is, unless others need the room. */
const LOOSE_WEIGHT = 0.1;

/** Sets the tops. Blocks in a layer keep their order and their distance. */
export function placeBlocks(layers: Layers): void {
  for (const layer of layers) stack(layer);
  for (let pass = 1; pass <= PASSES; pass++) {
    const side: Side = pass % 2 === 1 ? "left" : "right";
    const sides: Side[] = pass === PASSES ? ["left", "right"] : [side];
    for (const layer of side === "left" ? layers : layers.toReversed()) {
      const wishes = layer.map((block) => {
        const lines = sides.flatMap((it) => block[it]);
        const top = average(lines, ({ to, drop }) => to.top + drop) ?? block.top;
        const weight = lines.length === 0 ? LOOSE_WEIGHT : block.isBend ? BEND_WEIGHT : 1;
        return { value: top - block.offset, weight };
      });
      const starts = nonDecreasing(wishes);
      for (const [index, block] of layer.entries()) block.top = block.offset + (starts[index] ?? 0);
    }
  }
  const blocks = layers.flat();
  const highest = blocks.reduce((least, { top }) => Math.min(least, top), Number.POSITIVE_INFINITY);
  for (const block of blocks) block.top = Math.round(block.top - highest);
}

/** Puts the blocks of a layer below each other, around a height of 0. */
function stack(layer: Block[]): void {
  let bottom = 0;
  for (const [index, block] of layer.entries()) {
    const above = layer[index - 1];
    if (above) bottom += above.isBend || block.isBend ? BEND_GAP : NODE_GAP;
    block.offset = bottom;
    bottom += block.height;
  }
  for (const block of layer) block.top = block.offset - bottom / 2;
}

function average<Item>(items: readonly Item[], measure: (item: Item) => number): number | null {
  const sum = items.reduce((total, item) => total + measure(item), 0);
  return items.length === 0 ? null : sum / items.length;
}

/**
 * Weighted isotonic regression: the non-decreasing values with the least weighted squared distance to the wishes. Uses
 * the pool adjacent violators algorithm.
 */
export function nonDecreasing(wishes: ReadonlyArray<{ value: number; weight: number }>): number[] {
  const pools: Array<{ value: number; weight: number; count: number }> = [];
  for (const { value, weight } of wishes) {
    let pool = { value, weight, count: 1 };
    for (let above = pools.at(-1); above && above.value > pool.value; above = pools.at(-1)) {
      const sum = above.weight + pool.weight;
      const mean = (above.value * above.weight + pool.value * pool.weight) / sum;
      pool = { value: mean, weight: sum, count: above.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ value, count }) => new Array<number>(count).fill(value));
}
