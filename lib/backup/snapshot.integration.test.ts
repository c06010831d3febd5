import pg from "pg";
import { expect, test } from "vitest";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import { backUp, errorOf, leftSessions, restore, testDatabase } from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { readOverview } from "./overview.ts";

/** Opens another session with this application name. */
async function connect(db: TestDatabase, name = "somebody else") {
  const client = new pg.Client({ connectionString: db.url, application_name: name });
  client.on("error", () => {});
  await client.connect();
  return {
    query: (sql: string) => client.query(sql),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

const waits = (db: TestDatabase, purpose: string) => async () =>
  (
    await db.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'",
      [`prisma-backup-admin ${purpose}`],
    )
  ).length > 0;

test("a backup that waited for a table to be emptied and filled anew holds the new rows", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 10)",
  });
  await using other = await connect(db);
  await other.query("BEGIN; TRUNCATE t; INSERT INTO t SELECT generate_series(1, 7)");
  const backup = backUp(database);
  await until("the backup waits", waits(db, "backup"));
  await other.query("COMMIT");
  expect((await backup).result.rows).toBe(7);
});

test("a backup does not wait for a locked table for ever, and says who holds it", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE t (a int); CREATE TABLE u (a int)",
  });
  await using other = await connect(db, "nightly job");
  await other.query("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; SELECT FROM u");
  const error = await errorOf(backUp(database, { lockTimeoutMs: 300 }));
  expect(error.code).toBe("LOCK_TIMEOUT");
  expect(error.message).toMatch(/nightly job .* on public\.t/);
  expect(error.message).not.toContain("public.u");
  await until("its session is gone", async () => (await leftSessions(db)).length === 0);
});

test("the overview is there while a table is locked, as by a restore", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE t (a int); CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT",
  });
  await using other = await connect(db);
  await other.query("BEGIN; TRUNCATE t, p");
  const overview = await readOverview(database, NO_PRISMA_MODELS);
  expect(overview.tables.map(({ name }) => name)).toEqual(["p", "t"]);
});

test("cancelling a backup that waits for a lock ends it at once, on the server too", async () => {
  const { db, database } = await testDatabase({ sql: "CREATE TABLE t (a int)" });
  await using other = await connect(db);
  await other.query("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  const stop = new AbortController();
  const backup = errorOf(backUp(database, { signal: stop.signal }));
  await until("the backup waits", waits(db, "backup"));
  stop.abort();
  expect((await backup).code).toBe("ABORTED");
  await until("its session is gone", async () => (await leftSessions(db)).length === 0);
});

test("a restore judges the tables as they are once it has locked them, at any isolation level", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
  });
  const { path } = await backUp(database);
  await db.query(`ALTER DATABASE ${db.name} SET default_transaction_isolation = 'repeatable read'`);
  await using other = await connect(db);
  await other.query("BEGIN; TRUNCATE t; ALTER TABLE t ADD c int NOT NULL");
  const restored = errorOf(restore(database, path));
  await until("the restore waits", waits(db, "restore"));
  await other.query("COMMIT");
  expect((await restored).message).toContain("The column c of public.t is required");
});
