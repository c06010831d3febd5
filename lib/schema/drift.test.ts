import { describe, expect, test } from "vitest";
import type { CatalogColumn, CatalogTable, ColumnEncoding } from "./catalog.ts";
import { findTableDrift } from "./drift.ts";
import { widenedFrom } from "./widened-type.ts";

const column = (it: Partial<CatalogColumn> & Pick<CatalogColumn, "name">): CatalogColumn => ({
  type: "integer",
  valueType: { name: "int4", isArray: false, secondDigits: null, refusesNull: false },
  encoding: "json",
  needsOutputFunction: false,
  needsCast: false,
  notNull: false,
  hasDefault: false,
  generated: false,
  callsFunctions: false,
  ...it,
});

const table = (columns: CatalogColumn[]): CatalogTable => ({
  schema: "public",
  name: "t",
  oid: 1,
  kind: "table",
  columns,
  extension: null,
  functionRank: 0,
  partitions: [],
  partOf: [],
  inherits: [],
  heirs: [],
  estimatedRows: 0,
  sizeBytes: 0,
  isLocked: false,
  isOnPrimaryOnly: false,
  canSelect: true,
  hidesRows: false,
  isOwned: true,
  missingRights: [],
});

const archived = {
  schema: "public",
  name: "t",
  columns: [
    { name: "id", type: "integer", encoding: "json" as const },
    { name: "a", type: "character varying(20)", encoding: "json" as const },
  ],
};
const id = column({ name: "id" });
const a = column({ name: "a", type: "character varying(20)" });

describe("an archive's table against the database's", () => {
  test.for<[what: string, columns: CatalogColumn[] | null, kind: string | null, blocks: boolean]>([
    ["the same", [id, a], null, false],
    ["columns in another order", [a, id], null, false],
    ["a missing table", null, "table-missing", true],
    ["a dropped column", [id], "column-missing", false],
    ["a column that is generated now", [id, { ...a, generated: true }], "column-missing", true],
    ["a new nullable column", [id, a, column({ name: "b" })], "column-added", false],
    [
      "a new column with a default",
      [id, a, column({ name: "b", notNull: true, hasDefault: true })],
      "column-added",
      false,
    ],
    ["a new required column", [id, a, column({ name: "b", notNull: true })], "column-added", true],
    ["a new generated column", [id, a, column({ name: "b", generated: true })], null, false],
    ["a widened type", [id, { ...a, type: "text" }], "type-changed", false],
    ["a narrowed type", [id, { ...a, type: "character varying(19)" }], "type-changed", true],
    ["another type", [id, { ...a, type: "uuid" }], "type-changed", true],
    [
      "another encoding of a type of that name",
      [id, { ...a, encoding: "text" }],
      "type-changed",
      true,
    ],
  ])("%s", ([, columns, kind, blocks]) => {
    const drift = findTableDrift(archived, columns === null ? undefined : table(columns));
    expect(drift.map((it) => [it.kind, it.blocks])).toEqual(kind === null ? [] : [[kind, blocks]]);
    for (const it of drift) if (it.blocks) expect(it.remedy).toMatch(/restore/);
  });
});

describe("a type of the database's own, moved or renamed", () => {
  const drift = (from: string, to: string, now?: string[], then?: string[]) =>
    findTableDrift(
      {
        schema: "public",
        name: "t",
        columns: [{ name: "m", type: from, encoding: "json" }],
      },
      table([
        column({
          name: "m",
          type: to,
          ...(now && { enumType: { type: to.replace("[]", ""), labels: now } }),
        }),
      ]),
      new Map(then && [[from.replace("[]", ""), then]]),
    );

  test.for([
    ["ext.citext", "public.citext"],
    ["ext.citext[]", "heroku_ext.citext[]"],
    ["ext.vector(3)", "public.vector(3)"],
    ["extensions.geometry(Point,4326)[]", "public.geometry(Point,4326)[]"],
    ['"my.ext"."My Mood"', 'public."My Mood"'],
    ['public."say ""hi"""', '"A"."say ""hi"""'],
    // A word may be a key word in one version only.
    ['ext."system_user"', "public.system_user"],
  ] as const)("%s and %s", ([from, to]) => {
    for (const [a, b] of [
      [from, to],
      [to, from],
    ] as const) {
      expect(drift(a, b)).toMatchObject([{ kind: "type-changed", blocks: false }]);
      expect(drift(a, b)[0]?.message).toContain("the same type in another schema");
    }
  });

  test.for([
    ["ext.vector(3)", "public.vector(4)"],
    ["ext.vector(3)", "public.vector"],
    ["ext.citext", "public.citext[]"],
    ["ext.citext", "text"],
    ["ext.uuid", "uuid"],
    ['ext."citext.x"', "public.citext"],
    ['ext."Mood"', "public.mood"],
    ["ext.a; DROP TABLE t; --", "public.a"],
    ["x.ext.citext", "public.citext"],
  ] as const)("not %s and %s", ([from, to]) => {
    expect(drift(from, to)).toMatchObject([{ kind: "type-changed", blocks: true }]);
  });

  test("another name names the statement, unless every label is there", () => {
    expect(drift("public.mood", "public.feeling")).toMatchObject([
      {
        blocks: true,
        remedy: expect.stringContaining("ALTER TYPE public.feeling RENAME TO mood;"),
      },
    ]);
    expect(drift('public."My Mood"[]', 'ext."Other"[]')[0]?.remedy).toContain(
      'ALTER TYPE ext."Other" SET SCHEMA public; ALTER TYPE public."Other" RENAME TO "My Mood";',
    );
    expect(drift("public.mood", "ext.feeling", ["ok", "sad", "new"], ["sad", "ok"])).toMatchObject([
      { blocks: false, message: expect.stringContaining("has all of its labels") },
    ]);
    expect(drift("public.mood", "public.feeling", ["ok"], ["sad", "ok"])).toMatchObject([
      {
        blocks: true,
        message: expect.stringContaining("the label “sad”"),
        remedy: expect.stringContaining(
          "ALTER TYPE public.feeling ADD VALUE 'sad'; ALTER TYPE public.feeling RENAME TO mood;",
        ),
      },
    ]);
  });

  test("labels that are gone are said", () => {
    const gone = { blocks: false, message: expect.stringContaining("the label “it's”") };
    const remedy = "ALTER TYPE a.status ADD VALUE 'it''s';";
    expect(drift("a.status", "a.status", ["ok"], ["ok", "it's"])).toMatchObject([
      { ...gone, remedy },
    ]);
    expect(drift("b.status", "a.status", ["ok"], ["ok", "it's"])).toMatchObject([
      { ...gone, remedy },
    ]);
    const many = Array.from({ length: 9 }, (_, i) => `l${i}`);
    expect(drift("a.status[]", "a.status[]", [], many)[0]?.message).toContain(
      "the labels “l0”, “l1”, “l2”, “l3”, “l4” and 4 more any more",
    );
    expect(drift("a.status", "a.status", ["more", "ok"], ["ok"])).toEqual([]);
    // A type that is no longer an enum is not the enum, even if it has the same name.
    expect(drift("b.status", "a.status", undefined, ["ok"])).toMatchObject([{ blocks: true }]);
  });
});

describe("a type that holds every value of another", () => {
  const encodingOf = (type: string): ColumnEncoding =>
    /^(smallint|integer|real|text|char)/.test(type) && !type.endsWith("[]") ? "json" : "text";
  test.for<[from: string, wider: string[], others: string[]]>([
    [
      "smallint",
      ["integer", "bigint", "numeric", "numeric(5,0)", "numeric(7,2)", "real", "double precision"],
      ["numeric(6,2)", "text", "integer[]", "boolean"],
    ],
    [
      "integer",
      ["bigint", "numeric(10,0)", "double precision"],
      ["smallint", "real", "numeric(9,0)"],
    ],
    ["bigint", ["numeric", "numeric(19,0)"], ["integer", "double precision", "numeric(18,0)"]],
    ["real", ["double precision"], ["numeric", "text"]],
    ["double precision", [], ["real", "numeric"]],
    [
      "numeric(10,2)",
      ["numeric", "numeric(12,2)", "numeric(12,4)"],
      ["numeric(10,3)", "numeric(12,1)", "numeric(10,2)[]", "double precision"],
    ],
    ["numeric", [], ["numeric(1000,500)"]],
    [
      "character varying(20)",
      ["character varying(21)", "character varying", "text"],
      ["character varying(19)", "character(20)", "citext"],
    ],
    ["character varying", ["text"], ["character varying(1000)"]],
    ["text", ["character varying"], ["character varying(10000)", "jsonb", "citext"]],
    [
      "character(5)",
      ["character(6)", "character varying(5)", "text"],
      ["character(4)", "character varying(4)"],
    ],
    [
      "timestamp(3) without time zone",
      ["timestamp(6) without time zone", "timestamp without time zone"],
      ["timestamp(2) without time zone", "timestamp(3) with time zone"],
    ],
    [
      "timestamp without time zone",
      ["timestamp(6) without time zone"],
      ["timestamp(5) without time zone", "timestamp with time zone"],
    ],
    ["time(0) with time zone", ["time with time zone"], ["time without time zone"]],
    ["bit varying(4)", ["bit varying(5)", "bit varying"], ["bit varying(3)", "bit(4)"]],
    ["integer[]", ["bigint[]"], ["bigint", "smallint[]"]],
    ["character varying(20)[]", ["text[]"], ["text"]],
    ["date", [], ["timestamp without time zone"]],
    ["public.mood", [], ["text", "other.mood"]],
    ["text); DROP TABLE t; --", [], ["text"]],
    ["integer\n", [], ["bigint"]],
    ["toString", [], ["text"]],
  ])("%s", ([type, wider, others]) => {
    const widened = (to: string) => widenedFrom({ type, encoding: encodingOf(type) }, { type: to });
    expect(wider.filter((to) => widened(to) !== type)).toEqual([]);
    expect(others.filter((to) => widened(to) !== null)).toEqual([]);
  });

  test("but not where the archive has written it in another way", () => {
    expect(widenedFrom({ type: "integer", encoding: "text" }, { type: "bigint" })).toBeNull();
  });
});
