/** Tables in which a publication prevents deletion: the check, the trial run and the restore report the same. */
import { describe, expect, test } from "vitest";
import { openArchive } from "../archive/archive-reader.ts";
import type { Database } from "../postgres/connection/connection.ts";
import type { RestoreScope } from "../shared/api.ts";
import { backUp, errorOf, models, restore, testDatabase } from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";
import { verifyArchive } from "./plan-restore.ts";

const TABLES = `
  CREATE TABLE "Token" (holder text NOT NULL, token text NOT NULL UNIQUE, UNIQUE (holder, token));
  CREATE TABLE without_identity (id integer PRIMARY KEY, v text); ALTER TABLE without_identity REPLICA IDENTITY NOTHING;
  CREATE TABLE no_index (id integer PRIMARY KEY DEFERRABLE, v integer);
  CREATE TABLE by_condition (id integer PRIMARY KEY, v integer);
  CREATE TABLE by_columns (id integer PRIMARY KEY, v integer);
  CREATE TABLE parts (id integer PRIMARY KEY, v integer) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
  ALTER TABLE parts_2 REPLICA IDENTITY NOTHING;
  INSERT INTO "Token" VALUES ('a', 't1'), ('b', 't2'); INSERT INTO without_identity VALUES (1, 'x'); INSERT INTO no_index VALUES (1, 9);
  INSERT INTO by_condition VALUES (1, 9); INSERT INTO by_columns VALUES (1, 9); INSERT INTO parts VALUES (1, 1)`;

interface Case {
  table: string;
  publication: string;
  remedy: string;
  /** The statement to run. If left out: the remedy. */
  sql?: string;
}

const CASES: Case[] = [
  {
    table: "Token",
    publication: `FOR TABLE "Token"`,
    remedy: `ALTER TABLE public."Token" REPLICA IDENTITY USING INDEX "Token_token_key"`,
  },
  {
    table: "without_identity",
    publication: "FOR ALL TABLES",
    remedy:
      "ALTER TABLE public.without_identity REPLICA IDENTITY USING INDEX without_identity_pkey",
  },
  {
    table: "no_index",
    publication: "FOR TABLES IN SCHEMA public",
    remedy: "ALTER TABLE public.no_index REPLICA IDENTITY FULL",
  },
  {
    table: "by_condition",
    publication: "FOR TABLE by_condition WHERE (v > 5)",
    remedy: "ALTER TABLE public.by_condition REPLICA IDENTITY FULL",
  },
  {
    table: "by_columns",
    publication: "FOR TABLE by_columns (v)",
    remedy: `change the column list of the publication "Changes" for public.by_columns, so that it has id`,
    sql: `ALTER PUBLICATION "Changes" SET TABLE by_columns (id, v)`,
  },
  {
    table: "parts",
    publication: "FOR TABLE parts WITH (publish_via_partition_root)",
    remedy: "ALTER TABLE public.parts_2 REPLICA IDENTITY USING INDEX parts_2_pkey",
  },
];

const rowsOf = (db: TestDatabase, name: string) =>
  db.query(`SELECT t::text AS row FROM "${name}" t ORDER BY 1`);

/** Checks that all three report the same. */
async function said(database: Database, path: string, scope: RestoreScope) {
  await using archive = await openArchive(path);
  await archive.unlock({});
  const { checks, canStart } = await verifyArchive({ database, models, archive, scope });
  const { wouldSucceed, obstacles } = await rehearsed(database, path, { scope });
  expect(canStart).toBe(wouldSucceed);
  const failed = checks.filter(({ state }) => state === "failed");
  if (wouldSucceed) {
    expect(failed).toEqual([]);
    await restore(database, path, { scope });
    return null;
  }
  const error = await errorOf(restore(database, path, { scope }));
  expect(failed).toMatchObject([
    { name: "publications", message: error.message, remedy: error.hint },
  ]);
  expect(obstacles).toMatchObject([{ message: error.message, hint: error.hint }]);
  return error;
}

describe.each(MAJORS)("PostgreSQL %s", (major) => {
  test.each(sample(CASES))("$publication", async ({ table, publication, remedy, sql = remedy }) => {
    const { db, database } = await testDatabase({ major, sql: TABLES });
    const { path } = await backUp(database);
    await db.query(`CREATE PUBLICATION "Changes" ${publication}`);
    const tables = [{ schema: "public", name: table }];
    const before = await rowsOf(db, table);
    const error = await said(database, path, { mode: "overwrite", tables });
    expect(error).toMatchObject({ code: "REQUEST_INVALID", hint: expect.stringContaining(remedy) });
    expect(error?.message).toContain(`public.${table}`);
    expect(error?.message).toContain("Changes");

    expect(await said(database, path, { mode: "keep-existing", tables })).toBeNull();
    expect(await said(database, path, { mode: "replace", tables })).toBeNull();
    await db.query(`TRUNCATE "${table}"`);
    expect(await said(database, path, { mode: "if-empty", tables })).toBeNull();
    await db.query(`TRUNCATE "${table}"`);
    expect(await said(database, path, { mode: "overwrite", tables })).toBeNull();
    expect(await rowsOf(db, table)).toEqual(before);

    await db.query(sql);
    expect(await said(database, path, { mode: "overwrite", tables })).toBeNull();
    expect(await rowsOf(db, table)).toEqual(before);
  });

  test("only rows that are there by their key count", async () => {
    const { db, database } = await testDatabase({ major, sql: TABLES });
    const { path } = await backUp(database);
    await db.query(
      `DELETE FROM "Token" WHERE holder = 'a'; CREATE PUBLICATION all_of_them FOR ALL TABLES`,
    );
    const table = { schema: "public", name: "Token" };
    const choose = (place: number): RestoreScope => ({
      mode: "overwrite",
      rows: [{ ...table, places: [place] }],
    });
    expect(await said(database, path, choose(2))).toMatchObject({ code: "REQUEST_INVALID" });
    expect(await said(database, path, choose(1))).toBeNull();
    expect(await db.query(`SELECT holder FROM "Token" ORDER BY 1`)).toEqual([
      { holder: "a" },
      { holder: "b" },
    ]);
  });

  test("a key that PostgreSQL computes", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE TABLE page (title text, slug text GENERATED ALWAYS AS (lower(title)) STORED PRIMARY KEY);
        ALTER TABLE page REPLICA IDENTITY NOTHING; INSERT INTO page (title) VALUES ('One'), ('Two')`,
    });
    const { path } = await backUp(database);
    await db.query("CREATE PUBLICATION pages FOR TABLE page");
    expect(await said(database, path, { mode: "overwrite" })).toMatchObject({
      hint: expect.stringContaining("ALTER TABLE public.page REPLICA IDENTITY FULL"),
    });
    const remedy = "ALTER TABLE page REPLICA IDENTITY FULL";
    const published = "ALTER PUBLICATION pages SET (publish_generated_columns = stored)";
    await db.query(major >= 18 ? `${remedy}; ${published}` : remedy);
    expect(await said(database, path, { mode: "overwrite" })).toBeNull();
    await db.query("ALTER TABLE page REPLICA IDENTITY NOTHING");
    await db.query(
      "DROP PUBLICATION pages; TRUNCATE page; INSERT INTO page (title) VALUES ('Three')",
    );
    await db.query("CREATE PUBLICATION pages FOR TABLE page");
    expect(await said(database, path, { mode: "overwrite" })).toBeNull();
  });
});
