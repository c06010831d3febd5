/**
 * Indexes of large tables are built after the rows are loaded. They are the same as before, or the restore has changed
 * nothing.
 */
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import {
  backUp,
  errorOf,
  leftSessions,
  openTestDatabase,
  plainOwnersDatabase,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText, pgDumpText } from "../testing/oracles.ts";

const ROWS = 12_000;

/** Indexes that can be rebuilt completely from their definition. */
const LATE = `
  CREATE INDEX late_cuid ON item (cuid);
  CREATE INDEX "late ""odd"" name" ON item USING btree (at DESC NULLS LAST, n) INCLUDE (cuid) WITH (fillfactor = 70);
  CREATE INDEX late_collated ON item (cuid COLLATE "C" text_pattern_ops);
  CREATE INDEX late_gin ON item USING gin (doc jsonb_path_ops) WITH (fastupdate = off);
  CREATE INDEX late_brin ON item USING brin (at) WITH (pages_per_range = 32);
  CREATE INDEX late_hash ON item USING hash (n);
  CREATE INDEX late_in_part ON part_1 (a);`;

/** Indexes that reject rows, call users' functions, or have properties that are not in their definition. */
const KEPT = `
  CREATE UNIQUE INDEX kept_unique ON item (n, cuid);
  CREATE INDEX kept_expression ON item (lower(cuid));
  CREATE INDEX kept_partial ON item (n) WHERE n % 2 = 0;
  CREATE INDEX kept_commented ON item (at); COMMENT ON INDEX kept_commented IS 'of some use';
  CREATE INDEX kept_clustered ON item (cuid, n); ALTER TABLE item CLUSTER ON kept_clustered;
  CREATE OPERATOR CLASS mine FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);
  CREATE INDEX kept_opclass ON item (n mine);
  CREATE INDEX kept_of_partitions ON part (n);
  CREATE INDEX kept_of_few ON few (n);`;

const TABLES = `
  CREATE TABLE item (id int PRIMARY KEY, cuid text NOT NULL, n int, at timestamptz, doc jsonb, UNIQUE (cuid));
  CREATE TABLE few (id int PRIMARY KEY, n int);
  CREATE TABLE part (a int, n int, PRIMARY KEY (a)) PARTITION BY RANGE (a);
  CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000000);
  INSERT INTO item SELECT i, 'c' || md5(i::text), (i * 7919) % 1000, '2026-01-01'::timestamptz + i * interval '1 min', jsonb_build_object('k', i % 97) FROM generate_series(1, ${ROWS}) i;
  INSERT INTO few SELECT i, i FROM generate_series(1, 100) i;
  INSERT INTO part SELECT i, i FROM generate_series(1, ${ROWS}) i;`;

const MESS = "DELETE FROM item WHERE id % 3 = 0; UPDATE few SET n = 0; DELETE FROM part";

const textOf = (major: Major, { url }: TestDatabase) =>
  major === 15 ? pgDumpText(url) : databaseText(url);

/** Reads all users' indexes, by name: the identity of each, and whether it contains what its table does. */
async function readIndexes(db: TestDatabase): Promise<Map<string, string>> {
  const rows = await db.query<{ name: string; oid: string }>(
    `SELECT c.relname AS name, c.oid::text AS oid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = 'public'::regnamespace AND i.indisvalid AND i.indisready ORDER BY 1`,
  );
  return new Map(rows.map(({ name, oid }) => [name, oid]));
}

function builtAnew(before: Map<string, string>, after: Map<string, string>): string[] {
  expect([...after.keys()]).toEqual([...before.keys()]);
  return [...after].filter(([name, oid]) => before.get(name) !== oid).map(([name]) => name);
}

async function makeTablespace(db: TestDatabase): Promise<string> {
  const name = `apart_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}`;
  const client = new pg.Client(db.url);
  await client.connect();
  await client.query("SET allow_in_place_tablespaces = on");
  await client.query(`CREATE TABLESPACE ${name} LOCATION ''`);
  onTestFinished(async () => {
    // It is empty unless the test failed.
    await client.query(`DROP TABLESPACE ${name}`).catch(() => {});
    await client.end();
  });
  return name;
}

const LATE_NAMES = [
  'late "odd" name',
  "late_brin",
  "late_cuid",
  "late_collated",
  "late_gin",
  "late_hash",
  "late_in_part",
];

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  test("those that can are built anew, and are what they were; the others stay", async () => {
    const { db, database } = await testDatabase({ major, sql: TABLES + LATE + KEPT });
    await db.query("CREATE EXTENSION amcheck");
    const [before, indexes] = [await textOf(major, db), await readIndexes(db)];
    const { path } = await backUp(database);
    await db.query(MESS);
    // The database's default tablespace must not determine where an index without a tablespace is rebuilt.
    const tablespace = await makeTablespace(db);
    await db.query(`ALTER DATABASE ${db.name} SET default_tablespace = ${tablespace}`);
    await restore(openTestDatabase(db.url), path);
    await db.query(`ALTER DATABASE ${db.name} RESET default_tablespace`);
    expect(await textOf(major, db)).toBe(before);
    expect(builtAnew(indexes, await readIndexes(db)).toSorted()).toEqual(LATE_NAMES.toSorted());
    // PostgreSQL's own check that every row is in every index.
    await db.query(`SELECT bt_index_check(c.oid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace`);
  });

  test("a row that is too large for its index is named, and nothing has changed", async () => {
    const { db, database } = await testDatabase({ major, sql: TABLES });
    // Too random to be compressed into one page.
    await db.query("ALTER TABLE item DROP CONSTRAINT item_cuid_key");
    await db.query(
      "UPDATE item SET cuid = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i) WHERE id = 7777",
    );
    const { path } = await backUp(database);
    // TRUNCATE rather than DELETE: CREATE INDEX also indexes deleted rows that older snapshots may still see.
    await db.query("TRUNCATE item; INSERT INTO item VALUES (1, 'short')");
    await db.query("CREATE INDEX too_small ON item (cuid)");
    const [before, indexes] = [await textOf(major, db), await readIndexes(db)];
    const error = await errorOf(restore(database, path));
    expect(error).toMatchObject({
      code: "LOAD_FAILED",
      details: {
        sqlState: "54000",
        table: { schema: "public", name: "item" },
        key: "id = 7777",
        constraint: "too_small",
      },
    });
    expect(error.message).toMatch(
      /table public\.item, constraint too_small.*Nothing was changed\.$/,
    );
    expect(await textOf(major, db)).toBe(before);
    expect(builtAnew(indexes, await readIndexes(db))).toEqual([]);
    expect(await leftSessions(db)).toEqual([]);
  });
});

test("a merge needs them, and keeps them", async () => {
  const { db, database } = await testDatabase({ sql: TABLES + LATE });
  const [before, indexes] = [await pgDumpText(db.url), await readIndexes(db)];
  const { path } = await backUp(database);
  await db.query(MESS);
  await restore(database, path, { scope: { mode: "overwrite" } });
  expect(await pgDumpText(db.url)).toBe(before);
  expect(builtAnew(indexes, await readIndexes(db))).toEqual([]);
});

test("an owner who may not make anything in the schema restores with them", async () => {
  const { db, database } = await plainOwnersDatabase({ major: 15, sql: TABLES + LATE });
  const { path } = await backUp(database);
  await db.query(
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC; ALTER SCHEMA public OWNER TO postgres",
  );
  const [before, indexes] = [await pgDumpText(db.url), await readIndexes(db)];
  await db.query(MESS);
  await restore(database, path);
  expect(await pgDumpText(db.url)).toBe(before);
  expect(builtAnew(indexes, await readIndexes(db))).toEqual([]);
});

test("an owner who may, builds them anew", async () => {
  const { db, database } = await plainOwnersDatabase({ major: 15, sql: TABLES + LATE });
  const [before, indexes] = [await pgDumpText(db.url), await readIndexes(db)];
  const { path } = await backUp(database);
  await db.query(MESS);
  await restore(database, path);
  expect(await pgDumpText(db.url)).toBe(before);
  expect(builtAnew(indexes, await readIndexes(db)).toSorted()).toEqual(LATE_NAMES.toSorted());
});

test("no event trigger of somebody else's hears of an index", async () => {
  const { db, database } = await plainOwnersDatabase({ major: 15, sql: TABLES + LATE });
  await db.query(`CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no indexes here''; END';
    CREATE EVENT TRIGGER forbid ON ddl_command_start WHEN TAG IN ('CREATE INDEX', 'DROP INDEX') EXECUTE FUNCTION forbid()`);
  const [before, indexes] = [await pgDumpText(db.url), await readIndexes(db)];
  const { path } = await backUp(database);
  await db.query(MESS);
  await restore(database, path);
  expect(await pgDumpText(db.url)).toBe(before);
  expect(builtAnew(indexes, await readIndexes(db))).toEqual([]);
});
