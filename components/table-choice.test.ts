import { expect, it } from "vitest";
import type { OrderEdge } from "../lib/shared/api.ts";
import { tableKey, tableLabel } from "../lib/shared/table-name.ts";
import { matchesTable } from "./matches-table.ts";
import {
  missingParents,
  referencesInto,
  referencesLeftOut,
  tablesLeftBehind,
} from "./table-choice.ts";

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
  // One reference to each table that is missing: as many as tables, and each table is named.
  const needed = missingParents(new Set([key("Post"), key("Comment")]), [
    edge("Comment", "User"),
    ...edges,
  ]);
  expect(needed.map(({ from, to }) => [from.name, to.name])).toEqual([
    ["Post", "User"],
    ["User", "Team"],
  ]);
  expect(missingParents(new Set([key("Team"), key("User")]), edges)).toEqual([]);
});

it("finds the tables whose rows stay missing, also those that refer indirectly", () => {
  const counted = (name: string, rows: number, rowsNow: number) => ({
    ...table(name),
    rows,
    rowsNow,
  });
  const edges = [edge("Line", "Order"), edge("Parcel", "Line"), edge("Order", "Customer")];
  const tables = [
    counted("Customer", 9, 1),
    counted("Order", 6, 2),
    counted("Line", 20, 8),
    counted("Parcel", 30, 9),
    counted("Log", 5, 0),
  ];
  const behind = (...names: string[]) =>
    tablesLeftBehind(tables, new Set(names.map((name) => tableKey(table(name)))), edges).map(
      ({ name, missing }) => [name, missing],
    );
  expect(behind("Order", "Customer")).toEqual([
    ["Parcel", 21],
    ["Line", 12],
  ]);
  expect(behind("Order", "Customer", "Line", "Parcel")).toEqual([]);
  expect(behind("Log")).toEqual([]);
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
