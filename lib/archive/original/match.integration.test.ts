import { describe, expect, test } from "vitest";
import type { Database } from "../../postgres/connection/connection.ts";
import { verifyArchive } from "../../restore/plan-restore.ts";
import { NO_PRISMA_MODELS, type PrismaModels } from "../../schema/prisma-models.ts";
import type { RestorePlan } from "../../shared/api.ts";
import { errorOf, restore, testDatabase } from "../../testing/backups.ts";
import { fixture, folderOf, opened, PASSWORD, tableFile } from "../../testing/original-backups.ts";

async function planOf(
  database: Database,
  path: string,
  { models = NO_PRISMA_MODELS, unlock = {} } = {},
): Promise<RestorePlan> {
  await using archive = await opened(path, unlock);
  return await verifyArchive({ database, models, archive });
}

/** Other tests cover these. */
const ELSEWHERE = new Set([
  "ORIGINAL_INTEGRITY",
  "ORIGINAL_OFFSET_POSSIBLE",
  "ORIGINAL_SESSION_ZONE",
  "ORIGINAL_TABLES_MISSING",
]);

const warned = ({ warnings }: RestorePlan): string[] =>
  warnings
    .filter(({ code }) => !ELSEWHERE.has(code))
    .map(({ code, table }) => [code, table?.name].join(" ").trim())
    .sort();

const blocking = ({ drift }: RestorePlan): string[] =>
  drift.filter(({ blocks }) => blocks).map(({ message }) => message);

describe("0.3.5", () => {
  const SCHEMA = `
    CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');
    CREATE TABLE "User" (id serial PRIMARY KEY, email text NOT NULL, role "Role" NOT NULL, tags text[], roles "Role"[], "createdAt" timestamptz(3) NOT NULL);
    CREATE TABLE "Post" (id serial PRIMARY KEY, title text NOT NULL, meta jsonb, "authorId" int NOT NULL REFERENCES "User");
    CREATE TABLE products (id serial PRIMARY KEY, full_name text NOT NULL);
    CREATE TABLE "Measure" (id serial PRIMARY KEY, big bigint, dec decimal(65,30) NOT NULL);
    CREATE TABLE "Blob" (id serial PRIMARY KEY, data bytea NOT NULL);
    CREATE TABLE "Misc" (id uuid PRIMARY KEY, d date NOT NULL, t time(3) NOT NULL, ts timestamp(3) NOT NULL, f float8, b boolean NOT NULL, ints int[]);
    CREATE TABLE "Empty" (id serial PRIMARY KEY); INSERT INTO "Empty" VALUES (5);
    CREATE TABLE "Page" (id serial PRIMARY KEY, body text NOT NULL)`;
  const PRODUCT: PrismaModels["models"][number] = {
    name: "Product",
    table: { schema: null, name: "products" },
    columns: [
      { field: "id", column: "id" },
      { field: "fullName", column: "full_name" },
    ],
    relations: [],
  };
  const models = { models: [PRODUCT], implicitTables: [] };

  test.for([
    ["0.3.5-plain", {}],
    ["0.3.5-encrypted", PASSWORD],
  ] as const)("models and fields find their tables and columns: %s", async ([path, unlock]) => {
    const { db, database } = await testDatabase({ sql: SCHEMA });
    const plan = await planOf(database, fixture(path), { models, unlock });
    expect(blocking(plan)).toEqual([]);
    expect(warned(plan)).toEqual([
      "ORIGINAL_FILES_JOINED Page",
      "ORIGINAL_JSON_NULL Post",
      "ORIGINAL_RELATIONS_IGNORED Post",
      "ORIGINAL_RELATIONS_IGNORED User",
    ]);
    await restore(database, fixture(path), { models, unlock });
    const rows = async (table: string) =>
      (
        await db.query<{ row: string }>(`SELECT (it.*)::text AS row FROM ${table} it ORDER BY 1`)
      ).map(({ row }) => row);
    expect(await rows('"User"')).toEqual([
      '(1,alice@x.io,ADMIN,"{a,""b,c"",""q\\\\""q"",""""}","{USER,ADMIN}","2024-05-06 05:08:09.123+00")',
      '(2,bob@x.io,USER,{},{},"2024-05-06 00:00:00+00")',
    ]);
    expect(await rows("products")).toEqual(["(1,Widget)", "(2,Gadget)"]);
    expect(await rows('"Measure"')).toEqual([
      "(1,,12345678901234567890.123456789012345678901234567890)",
    ]);
    expect(await rows('"Blob"')).toEqual(['(1,"\\\\x00ff10")', '(2,"\\\\x")']);
    expect(await rows('"Misc"')).toEqual([
      '(00000000-0000-4000-8000-000000000001,2024-02-29,23:59:59.999,"2024-02-29 12:34:56.789",0.1,t,"{1,2,3}")',
    ]);
    expect(await rows('"Page"')).toEqual(['(1,"page 1")', '(2,"page 2")', '(3,"page 3")']);
    expect(await rows('"Empty"')).toEqual([]);
    expect(await db.query("SELECT nextval('products_id_seq')::int AS id")).toEqual([{ id: 3 }]);
  });

  test("without the client's names, what cannot be matched blocks, and is named", async () => {
    const { database } = await testDatabase({ sql: SCHEMA });
    const plan = await planOf(database, fixture("0.3.5-plain"));
    expect(plan.canStart).toBe(false);
    expect(blocking(plan)).toEqual(["The database has no table public.product."]);
  });

  test("fields that are named as other fields' columns", async () => {
    const { db, database } = await testDatabase({ sql: "CREATE TABLE t (a text, b text)" });
    const swapped = {
      ...PRODUCT,
      name: "Swapped",
      table: { schema: null, name: "t" },
      columns: [
        { field: "a", column: "b" },
        { field: "b", column: "a" },
      ],
    };
    const folder = await folderOf({ "swapped.json": '[{"a":"in b","b":"in a"}]' });
    await restore(database, folder, { models: { models: [swapped], implicitTables: [] } });
    expect(await db.query("SELECT * FROM t")).toEqual([{ a: "in a", b: "in b" }]);
  });

  test("a column that some rows lack becomes NULL there, and it is said", async () => {
    const { db, database } = await testDatabase({ sql: "CREATE TABLE t (a int, b text)" });
    const folder = await folderOf({ "t.json": '[{"a":1,"b":"x"},{"a":2}]' });
    expect(warned(await planOf(database, folder))).toEqual(["ORIGINAL_VALUES_MISSING t"]);
    await restore(database, folder);
    expect(await db.query("SELECT * FROM t ORDER BY a")).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: null },
    ]);
  });

  test("two files of one table are refused", async () => {
    const { database } = await testDatabase({ sql: 'CREATE TABLE "User" (a int)' });
    const folder = await folderOf({ "user.json": '[{"a":1}]', "User.json": '[{"a":1}]' });
    const error = await errorOf(planOf(database, folder));
    expect(error.code).toBe("ARCHIVE_INVALID");
    expect(error.message).toContain('"user.json"');
  });
});

describe("no row comes twice", () => {
  test("partitions", async () => {
    const { db, database } = await testDatabase({
      sql: `CREATE TABLE p (a int, b text) PARTITION BY LIST (a);
        CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT`,
    });
    const [one, two] = [
      { a: 1, b: "x" },
      { a: 2, b: "y" },
    ];
    const parts = { "p1.json": tableFile("p1", [one]), "p2.json": tableFile("p2", [two]) };
    const whole = await folderOf({ "p.json": tableFile("p", [one, two]), ...parts });
    expect(warned(await planOf(database, whole))).toEqual([
      "ORIGINAL_PARTITION_LEFT_OUT p1",
      "ORIGINAL_PARTITION_LEFT_OUT p2",
    ]);
    expect((await restore(database, whole)).rows).toBe(2);
    expect(await db.query("SELECT * FROM p ORDER BY a")).toEqual([one, two]);

    // The files that the original wrote with PostgreSQL 13 and older.
    await db.query("TRUNCATE p");
    const onlyParts = await folderOf(parts);
    expect(warned(await planOf(database, onlyParts))).toEqual(["ORIGINAL_FILES_JOINED p"]);
    await restore(database, onlyParts);
    expect(await db.query("SELECT * FROM p ORDER BY a")).toEqual([one, two]);
  });

  test("inheritance, also of two parents", async () => {
    const { db, database } = await testDatabase({
      sql: `CREATE TABLE a (x int); CREATE TABLE b (y int) INHERITS (a); CREATE TABLE c (z int) INHERITS (b, a);
        INSERT INTO a VALUES (1), (1), (2); INSERT INTO b VALUES (1, 10), (3, 30); INSERT INTO c VALUES (1, 10, 100), (4, 40, 400)`,
    });
    const names = ["a", "b", "c"];
    const own = async () =>
      Promise.all(
        names.map(async (name) => {
          const rows = await db.query<{ row: string }>(`SELECT t::text AS row FROM ONLY ${name} t`);
          return rows.map(({ row }) => row).sort();
        }),
      );
    const before = await own();
    const files = Object.fromEntries(
      await Promise.all(
        names.map(async (name) => [
          `${name}.json`,
          // In another order than in the children's own files.
          tableFile(name, (await db.query(`SELECT * FROM ${name}`)).reverse()),
        ]),
      ),
    );
    const folder = await folderOf(files);
    const plan = await planOf(database, folder);
    expect(plan.tables.map(({ name, rows }) => [name, rows]).sort()).toEqual([
      ["a", 3],
      ["b", 2],
      ["c", 2],
    ]);
    await restore(database, folder);
    expect(await own()).toEqual(before);

    const contradicting = await folderOf({
      ...files,
      "c.json": tableFile("c", [
        { x: 1, y: 10, z: 100 },
        { x: 5, y: 50, z: 500 },
      ]),
    });
    expect((await errorOf(restore(database, contradicting))).code).toBe("ARCHIVE_INVALID");
    expect(await own()).toEqual(before);
  });

  test("materialised views are left out", async () => {
    const { database } = await testDatabase({
      sql: "CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT * FROM t",
    });
    const folder = await folderOf({
      "t.json": tableFile("t", [{ a: 1 }]),
      "m.json": tableFile("m", [{ a: 1 }]),
    });
    expect(warned(await planOf(database, folder))).toEqual(["ORIGINAL_TABLE_LEFT_OUT m"]);
    expect((await restore(database, folder)).rows).toBe(1);
  });
});

describe("which table", () => {
  test("the only one of its name, in whatever schema", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE SCHEMA shop CREATE TABLE t (a int)",
    });
    const folder = await folderOf({ "t.json": tableFile("t", [{ a: 1 }]) });
    expect(warned(await planOf(database, folder))).toEqual([]);
    await restore(database, folder);
    expect(await db.query("SELECT a FROM shop.t")).toEqual([{ a: 1 }]);
  });

  test("of several that in public, and it is said", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE SCHEMA shop CREATE TABLE t (a int); CREATE TABLE t (a int); INSERT INTO shop.t VALUES (9)",
    });
    const folder = await folderOf({ "t.json": tableFile("t", [{ a: 1 }]) });
    expect(warned(await planOf(database, folder))).toEqual(["ORIGINAL_SCHEMA t"]);
    await restore(database, folder);
    expect(await db.query("SELECT a FROM t UNION ALL SELECT a FROM shop.t")).toEqual([
      { a: 1 },
      { a: 9 },
    ]);
  });

  test("of several elsewhere none: it is not known", async () => {
    const { database } = await testDatabase({
      sql: "CREATE SCHEMA shop CREATE TABLE t (a int); CREATE SCHEMA store CREATE TABLE t (a int)",
    });
    const plan = await planOf(database, await folderOf({ "t.json": tableFile("t", [{ a: 1 }]) }));
    expect(plan.canStart).toBe(false);
    expect(warned(plan)).toEqual(["ORIGINAL_SCHEMA"]);
    expect(blocking(plan)).toEqual(["The database has no table public.t."]);
  });

  test("a name that no file can have", async () => {
    const { db, database } = await testDatabase({
      sql: `CREATE TABLE "my: table?" (a int); CREATE TABLE "not a file*" (a int);
        INSERT INTO "not a file*" VALUES (1)`,
    });
    const folder = await folderOf({
      "my_table.json": tableFile("my: table?", [{ a: 1 }]),
      "not_a_file.json": "[]",
    });
    await restore(database, folder);
    expect(await db.query('SELECT a FROM "my: table?"')).toEqual([{ a: 1 }]);
    expect(await db.query('SELECT a FROM "not a file*"')).toEqual([]);
  });
});

describe("what the database does not have blocks", () => {
  test.for([
    ["a table", "CREATE TABLE u (a int)", { a: 1 }, /no table public\.t\./],
    [
      "a column",
      "CREATE TABLE t (b int)",
      { a: 1 },
      /The column a of public.t is not there any more/,
    ],
    [
      "a required column",
      "CREATE TABLE t (a int, b int NOT NULL)",
      { a: 1 },
      /b of public\.t is required/,
    ],
    [
      "a column for objects",
      "CREATE TABLE t (a int)",
      { a: {} },
      /column a of public\.t was JSON object and is integer/,
    ],
    ["an array's column", "CREATE TABLE t (a text)", { a: [1] }, /was JSON array and is text/],
  ] as const)("%s", async ([, sql, row, message]) => {
    const { database } = await testDatabase({ sql });
    const plan = await planOf(database, await folderOf({ "t.json": tableFile("t", [row]) }));
    expect(plan.canStart).toBe(false);
    expect(blocking(plan).join()).toMatch(message);
  });

  test("but generated columns are computed again", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED)",
    });
    const folder = await folderOf({ "t.json": tableFile("t", [{ a: 1, b: 99 }]) });
    expect(blocking(await planOf(database, folder))).toEqual([]);
    await restore(database, folder);
    expect(await db.query("SELECT * FROM t")).toEqual([{ a: 1, b: 2 }]);
  });
});

test("values that only look like their column's stop the restore, and say where", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE t (a bytea); INSERT INTO t VALUES ('x')",
  });
  const folder = await folderOf({ "t.json": tableFile("t", [{ a: {} }, { a: { 0: 256 } }]) });
  const error = await errorOf(restore(database, folder));
  expect(error).toMatchObject({ code: "ARCHIVE_INVALID", details: { row: 2, column: "a" } });
  expect(await db.query("SELECT a::text FROM t")).toEqual([{ a: "\\x78" }]);
});

test("numbers that JavaScript cannot hold stay exact, where a patched BigInt wrote them bare", async () => {
  const { db, database } = await testDatabase({ sql: "CREATE TABLE t (a int8, j jsonb)" });
  const folder = await folderOf({
    "t.json":
      '[{"a":9007199254740993,"j":{"n":12345678901234567890},"__table_name":"t","__row_count":1}]',
  });
  await restore(database, folder);
  expect(await db.query("SELECT a::text, j::text FROM t")).toEqual([
    { a: "9007199254740993", j: '{"n": 12345678901234567890}' },
  ]);
});

test("sequences go on after their columns' extremes, or begin where they begin", async () => {
  const { db, database } = await testDatabase({
    sql: `CREATE SEQUENCE down INCREMENT -1 START -5; CREATE SEQUENCE free START 7; CREATE SEQUENCE round CYCLE;
      CREATE TABLE t (up serial, down int DEFAULT nextval('down'), late int GENERATED ALWAYS AS IDENTITY (START 100), round int DEFAULT nextval('round'));
      CREATE TABLE e (id int GENERATED BY DEFAULT AS IDENTITY (START 50)); INSERT INTO e DEFAULT VALUES;
      SELECT nextval('free'), setval('t_up_seq', 900), setval('down', -900)`,
  });
  const folder = await folderOf({
    "t.json": tableFile("t", [
      { up: 3, down: -8, late: 1, round: 4 },
      { up: 12, down: -6, late: 2, round: 2 },
    ]),
    "e.json": "[]",
  });
  const { warnings } = await restore(database, folder);
  expect(warnings).toEqual([]);
  const state = async (name: string) =>
    (await db.query(`SELECT last_value::int AS value, is_called AS called FROM ${name}`))[0];
  expect(await state("t_up_seq")).toEqual({ value: 12, called: true });
  expect(await state("down")).toEqual({ value: -8, called: true });
  expect(await state("t_late_seq")).toEqual({ value: 100, called: false });
  expect(await state("round")).toEqual({ value: 4, called: true });
  expect(await state("e_id_seq")).toEqual({ value: 50, called: false });
  // No restored table draws from it.
  expect(await state("free")).toEqual({ value: 7, called: true });
});

test("a sequence that draws into text stays where it is, as its values cannot be compared", async () => {
  const { db, database } = await testDatabase({
    sql: `CREATE SEQUENCE codes; CREATE TABLE t (id int PRIMARY KEY, code text UNIQUE DEFAULT 'T-' || nextval('codes'));
    INSERT INTO t SELECT generate_series(1, 9)`,
  });
  const rows = [
    { id: 1, code: "T-1" },
    { id: 2, code: "T-2" },
  ];
  const { warnings } = await restore(database, await folderOf({ "t.json": tableFile("t", rows) }));
  expect(warnings).toEqual([]);
  expect(await db.query("INSERT INTO t VALUES (3) RETURNING code")).toEqual([{ code: "T-10" }]);
});

test("the checks claim nothing that the original did not store", async () => {
  const { database } = await testDatabase({ sql: "CREATE TABLE t (a int)" });
  const { checks } = await planOf(
    database,
    await folderOf({ "t.json": tableFile("t", [{ a: 1 }]) }),
  );
  expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual([
    "structure passed",
    "digests warning",
    "row-counts warning",
    "key warning",
    "schema passed",
    "references passed",
    "foreign-key-triggers passed",
    "privileges passed",
    "row-security passed",
    "migrations passed",
  ]);
});
