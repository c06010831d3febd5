import { describe, expect, it } from "vitest";
import type { RestoreScope } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { isSameScope, scopeTables, toDraft, toScope } from "./scope-draft.ts";

const name = (table: string) => ({ schema: "public", name: table });
const table = (of: string) => ({ ...name(of), model: null, rows: 2, rowsNow: 1 });
const tables = [table("a"), table("b"), table("c")];

describe("a scope", () => {
  it("is the same after it was shown to be chosen from", () => {
    const scopes: RestoreScope[] = [
      { mode: "replace" },
      { mode: "if-empty", tables: [name("a"), name("c")] },
      { mode: "overwrite", rows: [{ ...name("b"), places: [3, 1] }] },
    ];
    for (const scope of scopes) {
      expect(toScope(toDraft(scope, tables), tables, false)).toEqual(scope);
    }
  });

  it("is none without a table", () => {
    expect(toScope({ mode: "replace", chosen: new Set(), rows: undefined }, tables, false)).toBe(
      null,
    );
    const gone = new Set([tableKey(name("gone"))]);
    expect(toScope({ mode: "replace", chosen: gone, rows: undefined }, tables, false)).toBe(null);
  });

  it("names each table where everything is only a part of the database", () => {
    expect(toScope(toDraft({ mode: "replace" }, tables), tables, true)).toEqual({
      mode: "replace",
      tables: [name("a"), name("b"), name("c")],
    });
  });

  it("is everything where each table is named, as for an undo", () => {
    const scope: RestoreScope = { mode: "replace", tables: [name("c"), name("a"), name("b")] };
    expect(toDraft(scope, tables).chosen).toBe(null);
    expect(isSameScope(toScope(toDraft(scope, tables), tables, true) ?? scope, scope)).toBe(true);
  });

  it("is told from another by what it asks for, not by its order", () => {
    const one: RestoreScope = { mode: "replace", tables: [name("a"), name("b")] };
    expect(isSameScope(one, { mode: "replace", tables: [name("b"), name("a")] })).toBe(true);
    expect(isSameScope(one, { mode: "if-empty", tables: [name("a"), name("b")] })).toBe(false);
    expect(isSameScope(one, { mode: "replace", tables: [name("a")] })).toBe(false);
    expect(isSameScope(one, { mode: "replace" })).toBe(false);
    const rows = (...places: number[]): RestoreScope => ({
      mode: "overwrite",
      rows: [{ ...name("a"), places }],
    });
    expect(isSameScope(rows(10, 9), rows(9, 10))).toBe(true);
    expect(isSameScope(rows(1), rows(2))).toBe(false);
  });
});

it("offers the backup's tables with what is there now, and never Prisma's own", () => {
  const manifest = {
    tables: [table("a"), table("b"), table("_prisma_migrations")].map(({ rowsNow, ...rest }) => ({
      ...rest,
      jsonBytes: rowsNow,
    })),
  };
  const plan = {
    manifest,
    tables: [{ ...table("a"), rowsNow: 7, action: "replace" }],
  } as unknown as Parameters<typeof scopeTables>[0];
  expect(scopeTables(plan, [{ ...name("b"), rows: 5 }])).toEqual([
    { ...table("a"), rowsNow: 7 },
    { ...table("b"), rowsNow: 5 },
  ]);
});
