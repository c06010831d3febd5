import pg from "pg";
import { expect, test } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import { planDump } from "../plan/dump-plan.ts";
import { models, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { fingerprint } from "./fingerprint.ts";
import { readCatalog } from "./read-catalog.ts";

async function catalogOf(sql: string, major: Major = 15) {
  const { database } = await testDatabase({ sql, major });
  const client = await database.connect("test");
  return readCatalog(client).finally(() => client.end());
}

test.for(MAJORS)("what is not in a backup is said: PostgreSQL %i", async (major) => {
  const { db, database } = await testDatabase({
    sql: `CREATE TABLE t (a int); CREATE UNLOGGED TABLE u (a int); CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE VIEW v AS SELECT * FROM t;
     CREATE TABLE jobs (a int); ALTER EXTENSION plpgsql ADD TABLE jobs; SELECT lo_create(0), lo_create(0);
     CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a int) SERVER s;
     CREATE SCHEMA prisma_backup_admin CREATE TABLE own (a int)`,
    major,
  });
  // Two sessions of the app, and one with tables that no other session sees, like those of a restore.
  const [first, second, open] = [1, 2, 3].map(() => new pg.Client(db.url));
  await Promise.all([first, second, open].map((it) => it?.connect()));
  await first?.query('CREATE TEMP TABLE cart (a int); CREATE TEMP TABLE "a b" (a int)');
  await second?.query("CREATE TEMP TABLE cart (a int)");
  await open?.query("BEGIN; CREATE TEMP TABLE rehearsal_1 (a int)");
  const client = await database.connect("test");
  const catalog = await readCatalog(client);
  await Promise.all([client, first, second, open].map((it) => it?.end()));
  expect(catalog.tables.map(({ name }) => name)).toEqual(["t", "u"]);
  expect(catalog.warnings.map(({ code, table }) => [code, table?.name])).toEqual([
    ["UNLOGGED_TABLE", "u"],
    ["FOREIGN_TABLE", "f"],
    ["MATERIALIZED_VIEW", "m"],
    ["TEMPORARY_TABLE", "a b"],
    ["TEMPORARY_TABLE", "cart"],
    ["LARGE_OBJECTS", undefined],
    ["EXTENSION_TABLE", "jobs"],
  ]);
  const messages = catalog.warnings.map(({ message }) => message);
  expect(messages.slice(3, 5)).toEqual([
    "a b is a temporary table and not in the backup.",
    "cart is a temporary table of 2 sessions and not in the backup.",
  ]);
  expect(messages.at(-2)).toContain("2 large objects (lo) are not in the backup.");
});

test("partitions at any depth belong to their root, with their sizes", async () => {
  const { tables } = await catalogOf(`
    CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (b); CREATE TABLE p1x PARTITION OF p1 DEFAULT;
    CREATE TABLE p2 PARTITION OF p DEFAULT; INSERT INTO p SELECT 1, 1 FROM generate_series(1, 1000)`);
  expect(tables.map(({ name, partitions }) => [name, partitions.map((it) => it.name)])).toEqual([
    ["p", ["p1", "p1x", "p2"]],
  ]);
  expect(tables[0]?.sizeBytes).toBeGreaterThan(8192);
});

test("sequences belong to the tables that draw from them", async () => {
  const catalog = await catalogOf(`
    CREATE TABLE a (id serial); CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY); CREATE SEQUENCE shared;
    CREATE TABLE c (id int DEFAULT nextval('shared')); CREATE SEQUENCE free`);
  const sequencesOf = (...names: string[]) =>
    planDump(catalog, models, {
      tables: names.map((name) => ({ schema: "public", name })),
    }).sequences.map(({ name }) => name);
  // A trigger of any table may draw from the free sequence.
  expect(sequencesOf("a")).toEqual(["a_id_seq", "free"]);
  expect(sequencesOf("b")).toEqual(["b_id_seq", "free"]);
  expect(sequencesOf("c")).toEqual(["free", "shared"]);
  expect(sequencesOf("a", "b", "c")).toEqual(["a_id_seq", "b_id_seq", "free", "shared"]);
});

test("the fingerprint changes with the schema, and with nothing else", async () => {
  const sql =
    "CREATE TABLE t (a int PRIMARY KEY, b varchar(5)); CREATE TABLE u (a int REFERENCES t)";
  const of = async (more = "") => {
    const catalog = await catalogOf(`${sql}; ${more}`);
    return fingerprint(catalog, catalog.tables);
  };
  const plain = await of();
  expect(await of("INSERT INTO t VALUES (1)")).toBe(plain);
  expect(await of("CREATE INDEX ON t (b)")).toBe(plain);
  expect(await of("ALTER TABLE t ALTER b TYPE varchar(6)")).not.toBe(plain);
  expect(await of("ALTER TABLE t ALTER b SET NOT NULL")).not.toBe(plain);
  expect(await of("ALTER TABLE u DROP CONSTRAINT u_a_fkey")).not.toBe(plain);
});

test.for(MAJORS)("what values are, below domains and arrays: PostgreSQL %i", async (major) => {
  const { tables } = await catalogOf(
    `CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN short AS timestamp(3); CREATE DOMAIN stamps AS short[];
     CREATE DOMAIN needed AS jsonb NOT NULL; CREATE DOMAIN needed2 AS needed;
     CREATE TABLE t (a int, b timestamptz, c timestamp(2)[], d short, e stamps, f mood[], g bytea, h needed2, i date, j timetz(0), k int2vector)`,
    major,
  );
  expect(
    tables[0]?.columns.map(({ name, valueType: it }) => [
      name,
      it.name,
      it.isArray,
      it.secondDigits,
      it.refusesNull,
    ]),
  ).toEqual([
    ["a", "int4", false, null, false],
    ["b", "timestamptz", false, 6, false],
    ["c", "timestamp", true, 2, false],
    ["d", "timestamp", false, 3, false],
    ["e", "timestamp", true, 3, false],
    ["f", null, true, null, false],
    ["g", "bytea", false, null, false],
    ["h", "jsonb", false, null, true],
    ["i", "date", false, null, false],
    ["j", "timetz", false, 0, false],
    ["k", "int2vector", false, null, false],
  ]);
});

test("which tables inherit", async () => {
  const { tables } = await catalogOf(
    "CREATE TABLE a (x int); CREATE TABLE b (y int) INHERITS (a); CREATE TABLE c () INHERITS (b, a)",
  );
  expect(tables.map(({ name, inherits }) => [name, inherits.map((it) => it.name)])).toEqual([
    ["a", []],
    ["b", ["a"]],
    ["c", ["b", "a"]],
  ]);
});
