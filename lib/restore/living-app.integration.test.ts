/** A restore while the app is running: which session waits for which, for how long, and what does not change. */
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import type { BackupError } from "../errors.ts";
import { createBackupAdmin } from "../http/create-backup-admin.ts";
import type { Database } from "../postgres/connection/connection.ts";
import {
  backUp,
  check,
  errorOf,
  leftSessions,
  openTestDatabase,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import { pgDumpText, type TestDatabase } from "../testing/database.ts";
import { PATIENCE_MS, until } from "../testing/patience.ts";
import { createTestAdmin } from "../testing/test-admin.ts";

/** Opens a session of the app with this name. */
async function connect(db: TestDatabase, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: db.url, application_name: name });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.end().catch(() => {}));
  return client;
}

async function pidOf(client: pg.Client): Promise<number> {
  return (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
}

/**
 * Runs a restore that fails to get its locks in time. Calls `letGo` after half of the time.
 *
 * @returns the error, and how long the restore was seen waiting, by the server's clock
 */
async function waitInVain(
  { db, database, path }: { db: TestDatabase; database: Database; path: string },
  lockTimeoutMs: number,
  letGo: () => Promise<unknown>,
): Promise<{ error: BackupError; waitedMs: number }> {
  let isOver = false;
  const restored = errorOf(restore(database, path, { lockTimeoutMs })).finally(() => {
    isOver = true;
  });
  let [firstMs, lastMs] = [0, 0];
  let given: Promise<unknown> | undefined;
  await until("the restore gives up", async () => {
    const [seen] = await db.query<{ ms: number }>(
      "SELECT 1000 * extract(epoch FROM clock_timestamp())::float8 AS ms FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prisma-backup-admin restore' AND wait_event_type = 'Lock'",
    );
    if (seen) lastMs = seen.ms;
    firstMs ||= lastMs;
    if (lastMs - firstMs > lockTimeoutMs / 2) given ??= letGo();
    return isOver;
  });
  expect(given, "it was still waiting after half of its time").toBeDefined();
  await given;
  return { error: await restored, waitedMs: lastMs - firstMs };
}

const isWaiting = (db: TestDatabase, purpose: string) => async () =>
  (
    await db.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'",
      [purpose],
    )
  ).length > 0;

const BANK = `
  CREATE TABLE account (id int PRIMARY KEY, cents int NOT NULL); CREATE TABLE entry (id serial PRIMARY KEY, account_id int NOT NULL REFERENCES account, cents int NOT NULL);
  INSERT INTO account SELECT i, 100 FROM generate_series(1, 500) i; INSERT INTO entry (account_id, cents) SELECT 1 + i % 500, 0 FROM generate_series(1, 2000) i`;

test("readers and writers at work see the whole of the old or the whole of the new, and go on", async () => {
  const { db, database } = await testDatabase({ sql: BANK });
  const { path } = await backUp(database);
  const archived = await pgDumpText(db.url);
  let isOver = false;
  const failures: unknown[] = [];
  const totals = new Set<string>();
  const turns = [0, 0, 0, 0, 0, 0];
  const loop = async (
    worker: number,
    work: (client: pg.Client, turn: number) => Promise<unknown>,
  ) => {
    const client = await connect(db, `worker ${worker}`);
    for (let turn = 1; !isOver; turn++) {
      await work(client, turn).catch((error) => failures.push(error));
      turns[worker] = turn;
    }
  };
  const SUMS =
    "SELECT (SELECT count(*) FROM account) || ' ' || (SELECT sum(cents) FROM account) + (SELECT sum(cents) FROM entry) AS sums";
  const loops = turns.map((_, worker) =>
    loop(worker, async (client, turn) => {
      if (worker % 2 === 0) {
        // A prepared statement, like an ORM's.
        const { rows } = await client.query({ name: "sums", text: SUMS });
        totals.add(rows[0].sums);
        return;
      }
      const id = 1 + ((turn * 7 + worker) % 500);
      await client.query(
        `BEGIN; UPDATE account SET cents = cents - 1 WHERE id = ${id}; INSERT INTO entry (account_id, cents) VALUES (${id}, 1); COMMIT`,
      );
      await sleep(5);
    }),
  );
  const results = [];
  for (let run = 0; run < 5; run++) {
    results.push(await restore(database, path, { lockTimeoutMs: PATIENCE_MS }));
    const before = [...turns];
    await until("each worker goes on", async () =>
      turns.every((turn, worker) => turn > (before[worker] ?? 0) + 1),
    );
  }
  isOver = true;
  await Promise.all(loops);
  expect(failures).toEqual([]);
  expect(results.map(({ rows }) => rows)).toEqual([2500, 2500, 2500, 2500, 2500]);
  expect([...totals]).toEqual(["500 50000"]);
  await restore(database, path);
  expect(await pgDumpText(db.url)).toBe(archived);
});

describe("the wait for others ends in time, and says who holds what", () => {
  const THREE =
    "CREATE TABLE a (i int); CREATE TABLE b (i int); CREATE TABLE c (i int); CREATE TABLE outside (i int)";

  test("as configured, however many tables have to be waited for", async () => {
    const { db, database } = await testDatabase({ sql: THREE });
    const { path } = await backUp(database, { exclude: [{ schema: "public", name: "outside" }] });
    const before = await pgDumpText(db.url);
    const report = await connect(db, "nightly report");
    const worker = await connect(db, "worker");
    await report.query("BEGIN; SELECT FROM a; SELECT FROM b; SELECT FROM outside");
    await worker.query("BEGIN; INSERT INTO c VALUES (1)");
    for (const lockTimeoutMs of [2500, 5000]) {
      // The sessions release their locks one after the other, so that the restore waits for each table separately.
      const { error, waitedMs } = await waitInVain({ db, database, path }, lockTimeoutMs, () =>
        report.query("ROLLBACK; BEGIN; SELECT FROM outside"),
      );
      expect(error.code).toBe("LOCK_TIMEOUT");
      expect(error.message).toBe(
        `A table stayed locked by another session for ${lockTimeoutMs / 1000} s. Nothing was changed. Tables are in use by ${error.details?.holders}.`,
      );
      expect(error.details?.holders).toEqual([
        expect.stringMatching(
          `^worker \\(process ${await pidOf(worker)}, role postgres\\) on public\\.c, for [\\d:]{8}, idle in transaction for [\\d:]{8}$`,
        ),
      ]);
      // A limit per table would have started again after half of the time.
      expect(waitedMs).toBeLessThan(lockTimeoutMs * 1.25);
      expect(await leftSessions(db)).toEqual([]);
      await report.query("ROLLBACK; BEGIN; SELECT FROM a; SELECT FROM b; SELECT FROM outside");
    }
    const error = await errorOf(restore(database, path, { lockTimeoutMs: 200 }));
    // The longest-running session comes first.
    expect(error.details?.holders).toEqual([
      expect.stringMatching(/^worker .* on public\.c, for /),
      expect.stringMatching(
        /^nightly report \(process \d+, role postgres\) on public\.a, public\.b, for /,
      ),
    ]);
    await worker.query("ROLLBACK");
    await report.query("ROLLBACK");
    expect(await pgDumpText(db.url)).toBe(before);
    await restore(database, path);
  });

  test("materialised views are part of the same wait", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE t (i int); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE MATERIALIZED VIEW n AS SELECT * FROM t",
    });
    const { path } = await backUp(database);
    const table = await connect(db, "table reader");
    const view = await connect(db, "view reader");
    await table.query("BEGIN; SELECT FROM t");
    await view.query("BEGIN; SELECT FROM m; SELECT FROM n");
    const { error, waitedMs } = await waitInVain({ db, database, path }, 5000, () =>
      table.query("ROLLBACK"),
    );
    expect(error.message).toContain("view reader");
    expect(waitedMs).toBeLessThan(6250);
  });

  test("by the option of createBackupAdmin, through the panel", async () => {
    const { db } = await testDatabase({ sql: THREE });
    for (const lockTimeoutMs of [250, 1000]) {
      await using admin = await createTestAdmin({ url: db.url, lockTimeoutMs });
      const uploadId = await admin.upload(await admin.backup());
      const worker = await connect(db, "worker");
      await worker.query("BEGIN; INSERT INTO c VALUES (1)");
      const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
      await admin.reach(id, "ready");
      await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: db.name } });
      const failed = await admin.reach(id, "failed");
      expect(failed).toMatchObject({
        changed: "nothing",
        error: { code: "LOCK_TIMEOUT", details: { timeoutMs: lockTimeoutMs, uploadId } },
      });
      expect(failed.error?.message).toContain(
        `worker (process ${await pidOf(worker)}, role postgres) on public.c`,
      );
      await worker.query("ROLLBACK");
    }
    // The option of the same name is checked when it is passed.
    const options = { prisma: {}, authorize: () => null, connectionString: db.url };
    expect(() => createBackupAdmin({ ...options, lockTimeoutMs: 0 })).toThrow("lockTimeoutMs");
    createBackupAdmin({ ...options, lockTimeoutMs: 1 });
  });

  test("a backup that is being read slowly is named as what it is", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE t AS SELECT i, (SELECT string_agg(md5(random()::text || n), '') FROM generate_series(1, 30 + i * 0) n) FROM generate_series(1, 10000) i",
    });
    const { path } = await backUp(database);
    const output = new PassThrough();
    const stop = new AbortController();
    let isDumping = false;
    const backup = errorOf(
      backUp(openTestDatabase(db.url), {
        output,
        signal: stop.signal,
        onProgress: (event) => {
          isDumping ||= event.type === "phase" && event.phase === "dumping";
        },
      }),
    );
    await until("it dumps", async () => isDumping);
    const error = await errorOf(restore(database, path, { lockTimeoutMs: 300 }));
    expect(error.message).toMatch(
      /prisma-backup-admin backup \(process \d+, role postgres\) on public\.t/,
    );
    stop.abort();
    await backup;
    await restore(database, path, { lockTimeoutMs: 5000 });
  });
});

describe("deadlocks end", () => {
  // A migration that locks the tables in the opposite order. If two sessions wait for each other, PostgreSQL ends one
  // of them.
  test.for([
    { end: "the restore gives way, and goes on after it", restoreWaits: "1s", appWaits: "20s" },
    { end: "PostgreSQL ends the migration", restoreWaits: "20s", appWaits: "1s" },
  ])("$end", async ({ restoreWaits, appWaits }) => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE a (i int); CREATE TABLE b (i int); INSERT INTO a VALUES (1)",
    });
    const { path } = await backUp(database);
    const order = (await check(database, path)).tables.map(({ name }) => name);
    await db.query("UPDATE a SET i = 2");
    const migration = await connect(db, "migration");
    await migration.query(`SET deadlock_timeout = '${appWaits}'`);
    await db.query(`ALTER DATABASE ${db.name} SET deadlock_timeout = '${restoreWaits}'`);
    await migration.query(`BEGIN; ALTER TABLE ${order[1]} ADD j int`);
    const restored = restore(database, path, { lockTimeoutMs: 15_000 });
    await until("the restore waits", isWaiting(db, "prisma-backup-admin restore"));
    const migrated = migration.query(`ALTER TABLE ${order[0]} ADD j int`);
    if (restoreWaits < appWaits) {
      await migrated;
      // The migration received the restore's locks, and the restore had changed nothing by then.
      expect(await migration.query("SELECT i FROM a")).toMatchObject({ rows: [{ i: 2 }] });
    } else await expect(migrated).rejects.toMatchObject({ code: "40P01" });
    await migration.query("ROLLBACK");
    await restored;
    expect(await db.query("SELECT i FROM a")).toEqual([{ i: 1 }]);
  });

  test("of many restores at once one runs, and the others say so at once", async () => {
    const { db, database } = await testDatabase({ sql: BANK });
    const { path } = await backUp(database);
    const ends = await Promise.allSettled(
      Array.from({ length: 6 }, () => restore(openTestDatabase(db.url), path)),
    );
    const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason.code] : []));
    expect(refused).toEqual(refused.map(() => "OPERATION_IN_PROGRESS"));
    expect(refused.length).toBeLessThan(6);
    expect(await db.query("SELECT count(*)::int FROM entry")).toEqual([{ count: 2000 }]);
  });
});

describe("tables outside of the archive", () => {
  const SQL = `
    CREATE TABLE inside (id serial PRIMARY KEY); INSERT INTO inside SELECT FROM generate_series(1, 10);
    CREATE TABLE outside (id serial PRIMARY KEY, note text); INSERT INTO outside (note) SELECT 'x' FROM generate_series(1, 10);
    CREATE SCHEMA other CREATE TABLE inside (id int)`;
  const exclude = ["public.outside", "other.inside"].map((it) => {
    const [schema = "", name = ""] = it.split(".");
    return { schema, name };
  });

  test("are neither waited for nor touched, whoever holds them", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path } = await backUp(database, { exclude });
    const state = () =>
      db.query(
        `SELECT oid::regclass, relfilenode, xmin, (SELECT array_agg(xmin || ' ' || ctid ORDER BY ctid) FROM outside) AS rows, (SELECT last_value FROM outside_id_seq) AS last
         FROM pg_class WHERE relname IN ('outside', 'outside_id_seq', 'outside_pkey') OR relnamespace = 'other'::regnamespace ORDER BY oid`,
      );
    const before = await state();
    const other = await connect(db, "somebody");
    await other.query("BEGIN; LOCK TABLE outside, other.inside IN ACCESS EXCLUSIVE MODE");
    const result = await restore(database, path, { lockTimeoutMs: 1000 });
    await other.query("ROLLBACK");
    expect(result.rows).toBe(10);
    expect(await state()).toEqual(before);
  });

  test("that refer to one inside make it a refusal, with names, beforehand and at the last moment", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path } = await backUp(database, { exclude });
    const REFERS = `ALTER TABLE outside ADD COLUMN inside_id int DEFAULT 1 CONSTRAINT "to the inside" REFERENCES inside ON DELETE CASCADE`;
    const MESSAGE = "public.outside refers to public.inside (to the inside)";
    // The foreign key is created while the restore waits for the tables.
    const migration = await connect(db, "migration");
    await migration.query(`BEGIN; ${REFERS}`);
    const late = errorOf(restore(database, path, { lockTimeoutMs: 10_000 }));
    await until("the restore waits", isWaiting(db, "prisma-backup-admin restore"));
    await migration.query("COMMIT");
    const before = await pgDumpText(db.url);
    for (const error of [await late, await errorOf(restore(database, path))]) {
      expect(error.code).toBe("SCHEMA_DRIFT");
      expect(error.message).toContain(MESSAGE);
      expect(error.message).toContain("Nothing was changed.");
    }
    expect(JSON.stringify((await check(database, path)).checks)).toContain(MESSAGE);
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

test("a REPEATABLE READ transaction from before sees tables it had not read as empty: PostgreSQL's TRUNCATE, not promised away", async () => {
  const { db, database } = await testDatabase({ sql: BANK });
  const { path } = await backUp(database);
  const old = await connect(db, "long report");
  await old.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
  await restore(database, path);
  expect((await old.query("SELECT count(*)::int FROM account")).rows).toEqual([{ count: 0 }]);
  await old.query("ROLLBACK");
  // A transaction that has read a table holds a lock on it. The restore waits for its end, or gives up.
  await old.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM account");
  expect((await errorOf(restore(database, path, { lockTimeoutMs: 200 }))).code).toBe(
    "LOCK_TIMEOUT",
  );
  expect((await old.query("SELECT count(*)::int FROM account")).rows).toEqual([{ count: 500 }]);
});
