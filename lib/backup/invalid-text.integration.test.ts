/** A text that could not be restored fails the backup. The error names the row and the column. */
import { expect, test } from "vitest";
import { backUp, errorOf, leftSessions, testDatabase, toldOf } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText } from "../testing/oracles.ts";
import { until } from "../testing/patience.ts";
import { sample } from "../testing/scope.ts";

/** A byte that is invalid in UTF-8, which only a superuser can insert, and the first byte of a longer character. */
const INVALID = String.raw`CREATE CAST (bytea AS text) WITHOUT FUNCTION;
  CREATE FUNCTION bad() RETURNS text LANGUAGE sql AS $$ SELECT '\x61ff62'::bytea::text $$;
  CREATE FUNCTION cut() RETURNS text LANGUAGE sql AS $$ SELECT '\x61e282'::bytea::text $$;`;

interface Case {
  name: string;
  sql: string;
  table: string;
  column: string;
  row: number;
  key?: string;
}

const UTF8_CASES: Case[] = [
  {
    name: "a text among good ones",
    sql: "CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t SELECT i, 'é', CASE i WHEN 4321 THEN bad() ELSE '😀' END FROM generate_series(1, 5000) i",
    table: "t",
    column: "b",
    row: 4321,
    key: "id = 4321",
  },
  {
    name: "a character that is cut off at the end of the table",
    sql: "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t SELECT i, CASE i WHEN 9 THEN cut() END FROM generate_series(1, 9) i",
    table: "t",
    column: "a",
    row: 9,
    key: "id = 9",
  },
  {
    name: "an array, of a key of two columns",
    sql: "CREATE TABLE t (a varchar(9), b int, c varchar(9)[], PRIMARY KEY (b, a)); INSERT INTO t VALUES ('x', 1, '{a}'), ('y', 2, ARRAY['z', bad()])",
    table: "t",
    column: "c",
    row: 2,
    key: "b = 2, a = y",
  },
  {
    name: "a composite",
    sql: "CREATE TYPE pair AS (a int, b text); CREATE TABLE t (id int PRIMARY KEY, p pair); INSERT INTO t VALUES (1, (1, cut()))",
    table: "t",
    column: "p",
    row: 1,
    key: "id = 1",
  },
  {
    name: "jsonb, its columns named by people",
    sql: `CREATE TABLE "Größe" ("id €" int PRIMARY KEY, "Ä" jsonb); INSERT INTO "Größe" VALUES (1, '{}'), (2, jsonb_build_object('a', bad()))`,
    table: "Größe",
    column: "Ä",
    row: 2,
    key: "id € = 2",
  },
  {
    name: "the label of an enum",
    sql: "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, e e); INSERT INTO t VALUES (1, 'a'); UPDATE pg_enum SET enumlabel = bad()::name WHERE enumtypid = 'e'::regtype",
    table: "t",
    column: "e",
    row: 1,
    key: "id = 1",
  },
  {
    name: "a column of the key",
    sql: "CREATE TABLE t (id text PRIMARY KEY); INSERT INTO t VALUES ('a'), (bad())",
    table: "t",
    column: "id",
    row: 2,
  },
  {
    name: "a table without a key",
    sql: "CREATE TABLE t (a text); INSERT INTO t VALUES ('a'), (bad())",
    table: "t",
    column: "a",
    row: 2,
  },
  {
    name: "a partition",
    sql: "CREATE TABLE t (id int PRIMARY KEY, a text) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (9); CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (9) TO (99); INSERT INTO t SELECT i, CASE i WHEN 12 THEN bad() END FROM generate_series(1, 20) i",
    table: "t",
    column: "a",
    row: 12,
    key: "id = 12",
  },
];

const details = ({ table, column, row, key }: Case) => ({
  table: { schema: "public", name: table },
  column,
  rows: [row, row],
  ...(key !== undefined && { key }),
});

test.for(MAJORS.flatMap((major) => sample(UTF8_CASES).map((it) => [it.name, major, it] as const)))(
  "UTF8: %s, PostgreSQL %i",
  async ([, major, it]) => {
    const { db, database } = await testDatabase({ major, sql: INVALID + it.sql });
    const error = await errorOf(backUp(database));
    expect(error).toMatchObject({ code: "DUMP_FAILED", details: { sqlState: "22021" } });
    expect(error.details).toEqual({ sqlState: "22021", ...details(it) });
    expect(error.message).toMatch(/encoding, UTF8.*No backup was made/);
    expect(error.hint).toContain(`UPDATE "public"."${it.table}" SET "${it.column}" =`);
    await until("its sessions are gone", async () => (await leftSessions(db)).length === 0);
  },
);

test.for([
  ["WIN1252", String.raw`E'\x9d'`, "22P05"],
  ["WIN1251", String.raw`E'\x98'`, "22P05"],
  ["EUC_JP", String.raw`E'\xa9\xa2'`, "22P05"],
] as const)(
  "%s: a byte without a character, as the hint mends it",
  async ([encoding, bad, sqlState]) => {
    const { db, database } = await testDatabase({ encoding });
    const client = await database.connect("test");
    await client.query(`SET client_encoding = '${encoding}'; SET search_path = public`);
    await client.query(
      "CREATE TABLE letter (id int PRIMARY KEY, a text, b text); INSERT INTO letter SELECT i, 'x', 'y' FROM generate_series(1, 5000) i",
    );
    await client.query(`UPDATE letter SET b = ${bad} WHERE id = 4321`);
    const error = await errorOf(backUp(database));
    expect(error.code).toBe("DUMP_FAILED");
    // The update moves the row to the end of the table.
    expect(error.details).toEqual({
      sqlState,
      table: { schema: "public", name: "letter" },
      column: "b",
      rows: [5000, 5000],
      key: "id = 4321",
    });
    expect(toldOf(error)).toContain(encoding);
    const [, look = "", mend = ""] =
      /: (SET .*?;.*?;).*again: (UPDATE .*?;)/.exec(error.hint ?? "") ?? [];
    const run = (sql: string) =>
      client.query(sql.replace('WHERE "id" = …', "WHERE id = 4321").replace("'…'", "'mended'"));
    const [, shown] = (await run(look)) as unknown as Array<{ rows: unknown[] }>;
    expect(shown?.rows).toHaveLength(1);
    await run(mend);
    await client.end();
    const { result } = await backUp(database);
    expect(result.rows).toBe(5000);
    expect(await databaseText(db.url)).toContain("mended");
  },
);

test("SQL_ASCII takes all bytes, and so does its backup", async () => {
  const { database } = await testDatabase({
    encoding: "SQL_ASCII",
    sql: String.raw`CREATE TABLE t (a text); INSERT INTO t VALUES (E'\xff')`,
  });
  expect((await backUp(database)).result.rows).toBe(1);
});

test("a row that has gone when it is looked for is named by its number alone", async () => {
  const { db, database } = await testDatabase({
    sql: `${INVALID} CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t SELECT i, CASE i WHEN 5 THEN bad() END FROM generate_series(1, 9) i`,
  });
  const connect = database.connect.bind(database);
  let connections = 0;
  const racing = {
    ...database,
    async connect(purpose: string) {
      if (++connections > 1) await db.query("DELETE FROM t");
      return await connect(purpose);
    },
  };
  const error = await errorOf(backUp(racing));
  expect(error.details).toEqual({
    sqlState: "22021",
    table: { schema: "public", name: "t" },
    rows: [5, 5],
  });
});
