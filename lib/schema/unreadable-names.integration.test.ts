/** Names with bytes that are not valid in the database's encoding. */
import { expect, test } from "vitest";
import { readOverview } from "../backup/overview.ts";
import { backUp, check, errorOf, models, restore, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";

/** For each encoding, such a name as in SQL, and as it is shown. */
const BAD = {
  WIN1252: { name: String.raw`x\x9d`, shown: String.raw`x\235` },
  SQL_ASCII: { name: String.raw`caf\xe9`, shown: String.raw`caf\351` },
} as const;

/** `BAD` stands for the name in statements that `EXECUTE` runs. */
const CASES: Array<[what: string, sql: string, bears: string]> = [
  ["table", `CREATE TABLE "BAD" (id int)`, "table public.BAD"],
  ["column", `CREATE TABLE bad (id int, "BAD" int)`, "column BAD of public.bad"],
  ["schema", `CREATE SCHEMA "BAD"; CREATE TABLE "BAD".bad (id int)`, "schema BAD of BAD.bad"],
  [
    "foreign key",
    `CREATE TABLE bad (id int CONSTRAINT "BAD" REFERENCES good)`,
    "constraint BAD of public.bad",
  ],
  [
    "table that is referred to",
    `CREATE TABLE "BAD" (id int PRIMARY KEY); ALTER TABLE other ADD FOREIGN KEY (id) REFERENCES "BAD" NOT VALID`,
    "table public.BAD",
  ],
  ["sequence", `CREATE SEQUENCE "BAD"`, "sequence public.BAD"],
  [
    "sequence of a column",
    `CREATE SEQUENCE "BAD"; CREATE TABLE bad (id int DEFAULT nextval('"BAD"'))`,
    "sequence public.BAD",
  ],
  [
    "partition",
    `CREATE TABLE bad (id int) PARTITION BY LIST (id); CREATE TABLE "BAD" PARTITION OF bad FOR VALUES IN (1)`,
    "table public.BAD",
  ],
  [
    "type",
    `CREATE TYPE "BAD" AS (a int); CREATE TABLE bad (id int, a "BAD"[])`,
    "type BAD of public.bad",
  ],
  [
    "schema of a type",
    `CREATE SCHEMA "BAD"; CREATE TYPE "BAD".t AS ENUM ('a'); CREATE TABLE bad (a "BAD".t)`,
    "schema BAD of public.bad",
  ],
];

const GOOD = `CREATE TABLE "größe" (id serial PRIMARY KEY, "ä" text); INSERT INTO "größe" ("ä") VALUES ('ü'); CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE other (id int); INSERT INTO good VALUES (1)`;

async function scene(encoding: keyof typeof BAD, major: (typeof MAJORS)[number], sql: string) {
  const { db, database } = await testDatabase({ major, encoding });
  const client = await database.connect("test");
  // As a client with that encoding would do it: the statement itself has no such byte, only the string made from it.
  await client.query("SET search_path = public");
  // In an SQL_ASCII database these are UTF-8 bytes, in another one characters.
  await client.query(GOOD);
  await client.query(`SET client_encoding = '${encoding}'`);
  const made = `E'${sql.replaceAll("'", "''").replaceAll("BAD", BAD[encoding].name)}'`;
  await client.query(`DO $do$ BEGIN EXECUTE ${made}; END $do$`);
  await client.end();
  return { db, database };
}

for (const encoding of ["WIN1252", "SQL_ASCII"] as const)
  test.for(MAJORS.flatMap((major) => sample(CASES).map((it) => [it[0], major, it] as const)))(
    `${encoding}, a %s, PostgreSQL %i: others are backed up, all of them once it is renamed`,
    async ([, major, [, sql, bears]]) => {
      const { db, database } = await scene(encoding, major, sql);
      const what = bears.replaceAll("BAD", BAD[encoding].shown);

      const overview = await readOverview(database, models);
      expect(overview.tables.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["good", "größe"]),
      );
      expect(overview.warnings).toContainEqual(
        expect.objectContaining({
          code: "UNREADABLE_NAME",
          message: expect.stringContaining(what),
        }),
      );

      const error = await errorOf(backUp(database));
      expect(error).toMatchObject({ code: "DUMP_FAILED" });
      expect(error.message).toContain(`encoding, ${encoding}: `);
      expect(error.message).toContain(what);
      expect(error.message).toContain("No backup was made.");

      const tables = ["good", "größe"].map((name) => ({ schema: "public", name }));
      const some = await backUp(database, { tables });
      expect(some.result.rows).toBe(2);
      expect((await errorOf(check(database, some.path))).message).toContain(what);
      expect((await errorOf(rehearsed(database, some.path))).message).toContain(what);
      expect((await errorOf(restore(database, some.path))).message).toContain(what);

      await db.query(/DO \$\$.*\$\$;/s.exec(error.hint ?? "")?.[0] ?? "");
      const { path, result } = await backUp(database);
      expect(result.tables.length).toBeGreaterThanOrEqual(3);
      expect((await rehearsed(database, path)).wouldSucceed).toBe(true);
      await restore(database, path);
    },
  );

test("UTF8: a name that only a superuser can have made", async () => {
  const { db, database } = await testDatabase({
    sql: String.raw`${GOOD}; CREATE TABLE bad (id int); CREATE CAST (bytea AS text) WITHOUT FUNCTION;
      UPDATE pg_class SET relname = '\x61ff'::bytea::text::name WHERE oid = 'bad'::regclass`,
  });
  const error = await errorOf(backUp(database));
  expect(error.message).toContain(String.raw`encoding, UTF8: table public.a\377.`);
  expect(error.details).toEqual({
    leaveOut: { tables: [{ schema: "public", name: String.raw`a\377` }], wholeSchemas: [] },
  });
  const exclude = [{ schema: "public", name: String.raw`a\377` }];
  expect((await backUp(database, { exclude })).result.tables).toHaveLength(3);
  await db.query(/DO \$\$.*\$\$;/s.exec(error.hint ?? "")?.[0] ?? "");
  expect((await backUp(database)).result.tables).toHaveLength(4);
});

test("a name that holds U+FFFD is a name like any other", async () => {
  const { database } = await testDatabase({ sql: `CREATE TABLE "a\ufffd" (id int)` });
  const { path, result } = await backUp(database);
  expect(result.warnings).toEqual([]);
  expect((await rehearsed(database, path)).wouldSucceed).toBe(true);
  await restore(database, path);
});
