/**
 * The two steps of every layered graph drawing: choose the order of the blocks in each layer, so that few lines cross,
 * and choose their heights, so that lines are short and straight.
 */
import { BEND_GAP, NODE_GAP } from "./sizes.ts";

/** An item in a layer: a table, the tables of a cycle, or the bend of a line that crosses the layer. */
export interface Block {
  height: number;
  isBend: boolean;
}

/** A line between blocks in two neighbouring layers. `left` and `right` are block numbers. */
export interface Link {
  left: number;
  right: number;
  /** Where the line touches the blocks, measured from their top. */
  leftPort: number;
  rightPort: number;
}

/** For each layer from the left, the numbers of its blocks from the top. Each number occurs once. */
export type Layers = number[][];

const SWEEPS = 12;
/** Two in each direction. */
const SWEEPS_IN_VAIN = 4;

/**
 * Barycentre sweeps, from left to right and back: each block moves to the mean position of the blocks that it is linked
 * to.
 *
 * @returns the order with the fewest crossings among those tried
 */
export function reduceCrossings(layers: Layers, links: readonly Link[]): Layers {
  const count = countBlocks(layers);
  const fromLeft = groupBy(
    count,
    links,
    ({ right }) => right,
    ({ left }) => left,
  );
  const fromRight = groupBy(
    count,
    links,
    ({ left }) => left,
    ({ right }) => right,
  );
  const current = layers.map((layer) => layer.slice());
  let best = layers;
  let fewest = countCrossings(layers, links);
  let inVain = 0;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0 && inVain < SWEEPS_IN_VAIN; sweep++) {
    const toTheRight = sweep % 2 === 0;
    sortByBarycentre(current, toTheRight ? fromLeft : fromRight, toTheRight);
    const crossings = countCrossings(current, links);
    inVain++;
    if (crossings >= fewest) continue;
    inVain = 0;
    fewest = crossings;
    best = current.map((layer) => layer.slice());
  }
  return best;
}

const countBlocks = (layers: Layers): number =>
  layers.reduce((count, layer) => count + layer.length, 0);

function groupBy<Value>(
  count: number,
  links: readonly Link[],
  of: (link: Link) => number,
  pick: (link: Link) => Value,
): Value[][] {
  const groups = Array.from({ length: count }, (): Value[] => []);
  for (const link of links) groups[of(link)]?.push(pick(link));
  return groups;
}

/** Sorts the layers in place. Blocks with the same wish keep their order. */
function sortByBarycentre(layers: Layers, neighbours: number[][], toTheRight: boolean): void {
  // Positions are shares of the layer's height, so that layers of different lengths compare.
  const places = new Float64Array(neighbours.length);
  const settle = (layer: readonly number[]) => {
    for (let index = 0; index < layer.length; index++) {
      places[layer[index] as number] = (index + 0.5) / layer.length;
    }
  };
  for (const layer of layers) settle(layer);
  const wanted = new Float64Array(neighbours.length);
  for (const layer of toTheRight ? layers : layers.toReversed()) {
    for (const block of layer) {
      const its = neighbours[block] as number[];
      let sum = 0;
      for (const neighbour of its) sum += places[neighbour] as number;
      wanted[block] = its.length > 0 ? sum / its.length : (places[block] as number);
    }
    layer.sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
    settle(layer);
  }
}

/** Counts the pairs of links that cross, in O(n log n), as inversions with a Fenwick tree. */
export function countCrossings(layers: Layers, links: readonly Link[]): number {
  const count = countBlocks(layers);
  const indexOf = new Int32Array(count);
  for (const layer of layers) {
    for (let index = 0; index < layer.length; index++) indexOf[layer[index] as number] = index;
  }
  const ends = groupBy(
    count,
    links,
    ({ left }) => left,
    ({ right }) => indexOf[right] as number,
  );
  let crossings = 0;
  for (let layer = 0; layer + 1 < layers.length; layer++) {
    const size = layers[layer + 1]?.length ?? 0;
    const tree = new Int32Array(size + 1);
    let seen = 0;
    for (const block of layers[layer] as number[]) {
      const its = ends[block] as number[];
      for (const right of its) {
        let notBelow = 0;
        for (let at = right + 1; at > 0; at -= at & -at) notBelow += tree[at] as number;
        crossings += seen - notBelow;
      }
      // Add the block's lines after counting, because lines from the same block do not cross.
      for (const right of its) {
        for (let at = right + 1; at <= size; at += at & -at) (tree[at] as number)++;
      }
      seen += its.length;
    }
  }
  return crossings;
}

const PASSES = 6;
/** Weight of a straight long line, relative to a straight short one. */
const BEND_WEIGHT = 4;
/** Weight of a block without links on that side. It stays where it is, unless others need the room. */
const LOOSE_WEIGHT = 0.1;

/** @returns each block's top, by block number. Blocks in a layer keep their order and their distance. */
export function placeBlocks(
  layers: Layers,
  blocks: readonly Block[],
  links: readonly Link[],
): number[] {
  // Each block's top if its layer began at 0.
  const offsets = new Float64Array(blocks.length);
  const tops = new Float64Array(blocks.length);
  for (const layer of layers) {
    let bottom = 0;
    let above: Block | undefined;
    for (const number of layer) {
      const block = blocks[number] as Block;
      if (above) bottom += above.isBend || block.isBend ? BEND_GAP : NODE_GAP;
      offsets[number] = bottom;
      bottom += block.height;
      above = block;
    }
    for (const number of layer) tops[number] = (offsets[number] as number) - bottom / 2;
  }

  const fromLeft = groupBy(
    blocks.length,
    links,
    ({ right }) => right,
    (link) => link,
  );
  const fromRight = groupBy(
    blocks.length,
    links,
    ({ left }) => left,
    (link) => link,
  );
  for (let pass = 0; pass < PASSES; pass++) {
    const toTheRight = pass % 2 === 0;
    const isLast = pass === PASSES - 1;
    for (const layer of toTheRight ? layers : layers.toReversed()) {
      const wishes = layer.map((number) => {
        let sum = 0;
        let count = 0;
        if (toTheRight || isLast) {
          for (const { left, leftPort, rightPort } of fromLeft[number] as Link[]) {
            sum += (tops[left] as number) + leftPort - rightPort;
            count++;
          }
        }
        if (!toTheRight || isLast) {
          for (const { right, leftPort, rightPort } of fromRight[number] as Link[]) {
            sum += (tops[right] as number) + rightPort - leftPort;
            count++;
          }
        }
        const top = count > 0 ? sum / count : (tops[number] as number);
        const weight = count === 0 ? LOOSE_WEIGHT : blocks[number]?.isBend ? BEND_WEIGHT : 1;
        return { value: top - (offsets[number] as number), weight };
      });
      for (const [index, value] of nonDecreasing(wishes).entries()) {
        const number = layer[index] as number;
        tops[number] = value + (offsets[number] as number);
      }
    }
  }
  const highest = tops.reduce((least, top) => Math.min(least, top), Number.POSITIVE_INFINITY);
  return Array.from(tops, (top) => Math.round(top - highest));
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
