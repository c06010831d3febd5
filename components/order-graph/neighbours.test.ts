import { expect, it } from "vitest";
import { computeInsertionOrder } from "../../lib/plan/insertion-order.ts";
import { layoutOrder } from "./layout.ts";
import { limitOrder } from "./limit-order.ts";
import { type Direction, tableAt } from "./neighbours.ts";

const table = (name: string) => ({ schema: "public", name });
const order = computeInsertionOrder(
  ["customers", "orders", "lines", "products", "alone", "alone_too"].map(table),
  [
    ["orders", "customers"],
    ["lines", "orders"],
    ["lines", "products"],
    ["orders", "orders"],
  ].map(([from = "", to = ""]) => ({
    constraint: `${from}_${to}`,
    from: table(from),
    to: table(to),
    columns: ["a"],
    referencedColumns: ["id"],
    onDelete: "CASCADE",
    relation: null,
  })),
);
const layout = layoutOrder(order);

const walk = (from: string, ...directions: Direction[]): string | null => {
  let at = layout.nodes.find((node) => node.table.name === from) ?? null;
  for (const direction of directions) at = at && tableAt(layout, at.key, direction);
  return at?.table.name ?? null;
};

it("leads along the foreign keys, and no further than they go", () => {
  expect(walk("customers", "ArrowRight")).toBe("orders");
  expect(walk("customers", "ArrowRight", "ArrowRight")).toBe("lines");
  expect(walk("products", "ArrowRight", "ArrowLeft", "ArrowLeft")).not.toBeNull();
  expect(walk("customers", "ArrowLeft")).toBeNull();
  expect(walk("lines", "ArrowRight")).toBeNull();
});

it("leads from one table to the next in a layer, and to those apart", () => {
  expect([walk("customers", "ArrowDown"), walk("customers", "ArrowUp")]).toContain("products");
  expect(walk("alone", "ArrowRight")).toBe("alone_too");
});

it("limits an order to some tables, without empty layers", () => {
  const limited = limitOrder(order, [table("customers"), table("lines")]);
  expect(limited.components.map(({ tables, level }) => [tables[0]?.name, level])).toEqual([
    ["customers", 0],
    ["lines", 1],
  ]);
  expect(limited.edges).toEqual([]);
  expect(
    limitOrder(
      order,
      order.components.flatMap(({ tables }) => tables),
    ),
  ).toEqual(order);
});
