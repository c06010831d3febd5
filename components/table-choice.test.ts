import { expect, it } from "vitest";
import type { OrderEdge } from "../lib/shared/api.ts";
import { tableKey, tableLabel } from "../lib/shared/table-name.ts";
import { matchesTable } from "./matches-table.ts";
import { missingParents, referencesInto, referencesLeftOut } from "./table-choice.ts";

const table = (name: string, schema = "public") => ({ schema, name });
const edge = (from: string, to: string): OrderEdge => ({
  constraint: `${from}_${to}_fkey`,
  from: table(from),
  to: table(to),
  columns: ["id"],
  referencedColumns: ["id"],
  onDelete: "RESTRICT",
  relation: null,
  role: from === to ? "self" : "orders",
});

it("finds only references from a chosen table to one that is left out", () => {
  const edges = [edge("Post", "User"), edge("Post", "Post"), edge("Comment", "Post")];
  const chosen = new Set([tableKey(table("Post"))]);
  expect(referencesLeftOut(chosen, edges)).toEqual([edges[0]]);
  expect(referencesLeftOut(new Set(), edges)).toEqual([]);
  expect(referencesLeftOut(new Set(edges.map(({ from }) => tableKey(from))), edges)).toEqual([
    edges[0],
  ]);
});

it("finds what refers to a choice, and all that the choice needs", () => {
  const key = (name: string) => tableKey(table(name));
  const edges = [
    edge("Comment", "Post"),
    edge("Post", "User"),
    edge("User", "Team"),
    edge("Team", "User"),
    edge("Post", "Post"),
  ];
  expect(referencesInto(new Set([key("Post")]), edges)).toEqual([edges[0]]);
  expect(missingParents(new Set([key("Post")]), edges)).toEqual(
    new Set([key("User"), key("Team")]),
  );
  expect(missingParents(new Set([key("Team"), key("User")]), edges)).toEqual(new Set());
});

it("keeps tables apart whose labels are the same", () => {
  const [one, two] = [table("b.c", "a"), table("c", "a.b")];
  expect(tableLabel(one)).toBe(tableLabel(two));
  expect(tableKey(one)).not.toBe(tableKey(two));
});

it("searches schema, name and model, in any case", () => {
  const order = { schema: "sales", name: "orders", model: "PurchaseOrder" };
  for (const search of ["", " ", "ORDERS", "sales.or", "purchase"]) {
    expect(matchesTable(order, search)).toBe(true);
  }
  expect(matchesTable(order, "customer")).toBe(false);
  expect(matchesTable({ ...order, model: null }, "purchase")).toBe(false);
});
