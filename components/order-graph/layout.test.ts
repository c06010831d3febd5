import { describe, expect, it } from "vitest";
import { computeInsertionOrder } from "../../lib/plan/insertion-order.ts";
import type { OrderEdge } from "../../lib/shared/api.ts";
import { countCrossings, nonDecreasing, reduceCrossings } from "./layers.ts";
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
    expect(layout.edges.filter((edge) => isInside(edge.box, cycle))).toHaveLength(2);
  });

  it("draws several foreign keys between two tables as one line, and one to itself as another", () => {
    const layout = layoutOf("orders>addresses", "orders>addresses", "orders>orders");
    expect(layout.edges.map(({ foreignKeys }) => foreignKeys.length).sort()).toEqual([1, 2]);
  });

  it("sets tables apart that have no part in it", () => {
    const layout = layoutOf("b>a", "alone", "itself>itself");
    const { unrelated } = layout;
    if (!unrelated) throw new Error("Two tables are unrelated.");
    expect(isInside(nodeOf(layout, "alone"), unrelated)).toBe(true);
    expect(isInside(nodeOf(layout, "itself"), unrelated)).toBe(true);
    expect(overlap(nodeOf(layout, "a"), unrelated)).toBe(false);
    expect(layoutOf("b>a").unrelated).toBeNull();
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
  const link = ([left, right]: [number, number]) => ({ left, right, leftPort: 0, rightPort: 0 });

  it("counts crossings as one would by hand", () => {
    const layers = [
      [0, 1],
      [2, 3],
    ];
    const links: Array<[number, number]> = [
      [0, 3],
      [1, 2],
      [0, 2],
    ];
    expect(countCrossings(layers, links.map(link))).toBe(1);
    expect(countCrossings([[1, 0], layers[1] ?? []], links.map(link))).toBe(0);
  });

  it("agrees with counting each pair, and never gets worse", () => {
    const next = numbers(3);
    for (let round = 0; round < 20; round++) {
      const layers = [0, 1, 2].map((layer) => Array.from({ length: 8 }, (_, at) => layer * 8 + at));
      const links = Array.from({ length: 24 }, () => {
        const layer = next(2);
        return link([layer * 8 + next(8), (layer + 1) * 8 + next(8)]);
      });
      const better = reduceCrossings(layers, links);
      expect(better.map((layer) => layer.toSorted((a, b) => a - b))).toEqual(layers);
      expect(countCrossings(layers, links)).toBe(countByPairs(layers, links));
      expect(countCrossings(better, links)).toBe(countByPairs(better, links));
      expect(countCrossings(better, links)).toBeLessThanOrEqual(countCrossings(layers, links));
    }
  });

  it("finds the order without a crossing where sorting by neighbours gives it", () => {
    const layers = [
      [0, 1, 2],
      [3, 4, 5],
    ];
    const links = [
      [0, 5],
      [1, 4],
      [2, 3],
    ].map(([left = 0, right = 0]) => link([left, right]));
    expect(countCrossings(layers, links)).toBe(3);
    expect(countCrossings(reduceCrossings(layers, links), links)).toBe(0);
  });

  function countByPairs(layers: number[][], links: ReturnType<typeof link>[]): number {
    const at = (block: number) => layers.flat().indexOf(block);
    const layerOf = (block: number) => layers.findIndex((layer) => layer.includes(block));
    let count = 0;
    for (const [index, a] of links.entries()) {
      for (const b of links.slice(index + 1)) {
        if (layerOf(a.left) !== layerOf(b.left)) continue;
        if ((at(a.left) - at(b.left)) * (at(a.right) - at(b.right)) < 0) count++;
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
