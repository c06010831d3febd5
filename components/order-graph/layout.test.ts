import { describe, expect, it } from "vitest";
import { computeInsertionOrder } from "../../lib/plan/insertion-order.ts";
import type { OrderEdge } from "../../lib/shared/api.ts";
import {
  connect,
  countCrossings,
  createBlock,
  type Layers,
  nonDecreasing,
  reduceCrossings,
} from "./layers.ts";
import { type GraphLayout, layoutOrder } from "./layout.ts";
import type { Box } from "./sizes.ts";

const table = (name: string) => ({ schema: "public", name });

/** Makes the layout for `child>parent` foreign keys. A name alone is a table without one. */
function layoutOf(...items: string[]): GraphLayout {
  const keys = items.filter((item) => item.includes(">")).map((item) => item.split(">"));
  const names = new Set([...keys.flat(), ...items.filter((item) => !item.includes(">"))]);
  return layoutOrder(computeInsertionOrder([...names].map(table), keys.map(foreignKey)));
}

const foreignKey = ([from = "", to = ""]: string[], index: number): Omit<OrderEdge, "role"> => ({
  constraint: `fkey_${index}`,
  from: table(from),
  to: table(to),
  columns: ["a"],
  referencedColumns: ["id"],
  onDelete: "NO ACTION",
  relation: null,
});

const nodeOf = (layout: GraphLayout, name: string) => {
  const node = layout.nodes.find((it) => it.table.name === name);
  if (!node) throw new Error(`${name} is not in the picture.`);
  return node;
};

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const isInside = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** The box of a path's points, including those that bend its curves. */
function boxOf(path: string): Box {
  const points = [...path.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [
    +(x ?? 0),
    +(y ?? 0),
  ]);
  const [xs, ys] = [0, 1].map((at) => points.map((point) => point[at] ?? 0)) as [
    number[],
    number[],
  ];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Pseudo-random numbers that are the same in every run. */
function numbers(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Tables that refer to some of the twenty before them. Some of those refer back. */
function manyTables(count: number): string[] {
  const next = numbers(7);
  return Array.from({ length: count }, (_, child) => {
    const name = `t${child}`;
    if (child === 0) return [name];
    const parents = Array.from({ length: next(4) }, () => Math.max(0, child - 1 - next(20)));
    const back = next(50) === 0 ? [`t${Math.max(0, child - 3)}>${name}`] : [];
    return [name, ...parents.map((parent) => `${name}>t${parent}`), ...back];
  }).flat();
}

describe("the picture of an order", () => {
  it("has parents on the left of their children, each in the layer of its level", () => {
    const layout = layoutOf(
      "orders>customers",
      "lines>orders",
      "lines>products",
      "notes>customers",
    );
    const xOf = (name: string) => nodeOf(layout, name).x;
    expect(xOf("customers")).toBe(xOf("products"));
    expect(xOf("orders")).toBe(xOf("notes"));
    expect(xOf("customers")).toBeLessThan(xOf("orders"));
    expect(xOf("orders")).toBeLessThan(xOf("lines"));
    expect(layout.edges).toHaveLength(4);
  });

  it("frames a cycle's tables, and nothing else", () => {
    const layout = layoutOf("a>b", "b>a", "child>a", "a>root", "other>root");
    const [cycle] = layout.cycles;
    if (!cycle) throw new Error("There is a cycle.");
    expect(cycle.size).toBe(2);
    const inside = layout.nodes.filter((node) => isInside(node, cycle));
    expect(inside.map((node) => node.table.name).sort()).toEqual(["a", "b"]);
    const others = layout.nodes.filter((node) => !inside.includes(node));
    expect(others.some((node) => overlap(node, cycle))).toBe(false);
    expect(layout.edges.filter((edge) => isInside(boxOf(edge.path), cycle))).toHaveLength(2);
  });

  it("draws several foreign keys between two tables as one line, and one to itself as another", () => {
    const layout = layoutOf("orders>addresses", "orders>addresses", "orders>orders");
    expect(layout.edges.map(({ foreignKeys }) => foreignKeys.length).sort()).toEqual([1, 2]);
  });

  it("sets tables apart that have no part in it", () => {
    const layout = layoutOf("b>a", "alone", "itself>itself");
    const top = layout.unrelatedTop ?? 0;
    expect(nodeOf(layout, "alone").y).toBe(top);
    expect(nodeOf(layout, "itself").y).toBe(top);
    const { y, height } = nodeOf(layout, "a");
    expect(y + height).toBeLessThan(top);
    expect(layoutOf("b>a").unrelatedTop).toBeNull();
    expect(layoutOf().nodes).toEqual([]);
  });

  it("leads a long line around the tables in between", () => {
    const layout = layoutOf("b>a", "c>b", "d>c", "d>a");
    const long = layout.edges.find(({ from, to }) => from.includes("d") && to.includes('"a"'));
    const heights = [...(long?.path ?? "").matchAll(/ (-?[\d.]+)H/g)].map(
      (match) => +(match[1] ?? 0),
    );
    expect(heights).toHaveLength(2);
    for (const [index, name] of ["b", "c"].entries()) {
      const { y, height } = nodeOf(layout, name);
      const at = heights[index] ?? 0;
      expect(at < y || at > y + height, `it passes ${name}`).toBe(true);
    }
  });

  it("lays out a thousand tables without two in one place, always the same", () => {
    const layout = layoutOf(...manyTables(1000));
    expect(layout.nodes).toHaveLength(1000);
    const clashes: string[] = [];
    const byColumn = Map.groupBy(layout.nodes, ({ x }) => x);
    for (const column of byColumn.values()) {
      const sorted = column.toSorted((a, b) => a.y - b.y);
      for (const [index, node] of sorted.entries()) {
        const above = sorted[index - 1];
        if (above && node.y < above.y + above.height) clashes.push(node.key);
      }
    }
    expect(clashes).toEqual([]);
    const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
    expect(layout.nodes.every((node) => isInside(node, whole))).toBe(true);
    expect(layout.cycles.length).toBeGreaterThan(0);
    for (const cycle of layout.cycles) {
      expect(layout.nodes.filter((node) => overlap(node, cycle))).toHaveLength(cycle.size);
    }
    expect(JSON.stringify(layoutOf(...manyTables(1000)))).toBe(JSON.stringify(layout));
  });
});

describe("the order inside of the layers", () => {
  /** Makes layers of so many blocks each, with lines between blocks that are numbered through all layers. */
  function layersOf(sizes: number[], lines: ReadonlyArray<readonly [number, number]>): Layers {
    const layers = sizes.map((size) => Array.from({ length: size }, () => createBlock(10)));
    const blocks = layers.flat();
    for (const [from, to] of lines) {
      const [left, right] = [blocks[from], blocks[to]];
      if (left && right) connect(left, right, { left: 0, right: 0 });
    }
    return layers;
  }

  it("counts crossings as one would by hand", () => {
    const [first = [], second = []] = layersOf(
      [2, 2],
      [
        [0, 3],
        [1, 2],
        [0, 2],
      ],
    );
    expect(countCrossings([first, second])).toBe(1);
    expect(countCrossings([first.toReversed(), second])).toBe(0);
  });

  it("agrees with counting each pair, and never gets worse", () => {
    const next = numbers(3);
    for (let round = 0; round < 20; round++) {
      const lines = Array.from({ length: 24 }, () => {
        const layer = next(2);
        return [layer * 8 + next(8), (layer + 1) * 8 + next(8)] as const;
      });
      const layers = layersOf([8, 8, 8], lines);
      const better = reduceCrossings(layers);
      for (const [at, layer] of layers.entries()) {
        expect(better[at]).toHaveLength(layer.length);
        expect(layer.every((block) => better[at]?.includes(block))).toBe(true);
      }
      expect(countCrossings(layers)).toBe(countByPairs(layers));
      expect(countCrossings(better)).toBe(countByPairs(better));
      expect(countCrossings(better)).toBeLessThanOrEqual(countCrossings(layers));
    }
  });

  it("finds the order without a crossing where sorting by neighbours gives it", () => {
    const layers = layersOf(
      [3, 3],
      [
        [0, 5],
        [1, 4],
        [2, 3],
      ],
    );
    expect(countCrossings(layers)).toBe(3);
    expect(countCrossings(reduceCrossings(layers))).toBe(0);
  });

  function countByPairs(layers: Layers): number {
    let count = 0;
    for (const [at, layer] of layers.entries()) {
      const lines = layer.flatMap((block, from) =>
        block.right.map(({ to }) => [from, layers[at + 1]?.indexOf(to) ?? -1] as const),
      );
      for (const [index, [from, to]] of lines.entries()) {
        for (const [otherFrom, otherTo] of lines.slice(index + 1)) {
          if ((from - otherFrom) * (to - otherTo) < 0) count++;
        }
      }
    }
    return count;
  }
});

it("places what wants the same place around it", () => {
  const wish = (value: number, weight = 1) => ({ value, weight });
  expect(nonDecreasing([1, 2, 3].map((value) => wish(value)))).toEqual([1, 2, 3]);
  expect(nonDecreasing([3, 1].map((value) => wish(value)))).toEqual([2, 2]);
  expect(nonDecreasing([wish(9, 1), wish(0, 2), wish(4)])).toEqual([3, 3, 4]);
  expect(nonDecreasing([])).toEqual([]);
});
