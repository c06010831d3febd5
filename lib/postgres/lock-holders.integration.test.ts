/** The error names who blocks a lock, for every kind of holder and of waiting operation. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../scripts/postgres.ts";
import { openArchive } from "../archive/archive-reader.ts";
import { rehearse } from "../restore/rehearsal/rehearse.ts";
import { beginRestore } from "../restore/run-restore.ts";
import {
  asRole,
  backUp,
  check,
  errorOf,
  models,
  openTestDatabase,
  restore,
} from "../testing/backups.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin } from "../testing/test-admin.ts";
import type { Database } from "./connection/connection.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({
    major: 18,
    trustsSuperuser: true,
    inMemory: true,
    serverOptions: ["-c", "max_prepared_transactions=10"],
  });
});
afterAll(() => server.stop());

const PURSE =
  "CREATE TABLE purse (id int PRIMARY KEY, cents int); INSERT INTO purse VALUES (1, 100), (2, 200)";

async function ownDatabase(sql = PURSE) {
  const db = await createTestDatabase({ serverUrl: server.url(), sql });
  onTestFinished(() => db[Symbol.asyncDispose]());
  return { db, database: openTestDatabase(db.url) };
}

async function connect(db: TestDatabase, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: db.url, application_name: name });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.end().catch(() => {}));
  return client;
}

/** Runs the statements in a transaction and leaves it prepared. */
async function prepare(db: TestDatabase, gid: string, sql: string): Promise<void> {
  const client = await connect(db, "two phases");
  const quoted = gid.replaceAll("'", "''");
  await client.query(`BEGIN; ${sql}; PREPARE TRANSACTION '${quoted}'`);
  await client.end();
  onTestFinished(async () => {
    await db.query(`ROLLBACK PREPARED '${quoted}'`).catch(() => {});
  });
}

const rehearsed = async (database: Database, path: string, lockTimeoutMs: number) => {
  await using archive = await openArchive(path);
  await archive.unlock({});
  return rehearse({ database, archive, models, lockTimeoutMs });
};

/** Runs a statement that waits. It is awaited after the test. */
async function waiting(db: TestDatabase, client: pg.Client, sql: string): Promise<void> {
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  const done = client.query(sql).catch(() => {});
  onTestFinished(async () => {
    await client.end();
    await done;
  });
  await until("it waits", async () => {
    const found = await db.query("SELECT FROM pg_locks WHERE pid = $1 AND NOT granted", [
      rows[0].pid,
    ]);
    return found.length > 0;
  });
}

describe("a prepared transaction", () => {
  const HELD =
    /the prepared transaction “left_behind” \(no session, role postgres\) on public\.purse, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/;

  test("a restore names it, with the statement that ends it", async () => {
    const { db, database } = await ownDatabase();
    const { path } = await backUp(database);
    await prepare(db, "left_behind", "UPDATE purse SET cents = cents - 10 WHERE id = 1");
    // A session that only writes does not block a backup.
    await backUp(database, { lockTimeoutMs: 300 });
    const error = await errorOf(restore(database, path, { lockTimeoutMs: 300 }));
    expect(error.code).toBe("LOCK_TIMEOUT");
    expect(error.message).toMatch(HELD);
    expect(error.hint).toContain(
      `As postgres or a superuser, in database ${db.name}: ROLLBACK PREPARED 'left_behind';`,
    );
    await db.query("ROLLBACK PREPARED 'left_behind'");
    await restore(database, path);
  });

  test("so do a backup and a rehearsal, of one that has altered the table", async () => {
    const { db, database } = await ownDatabase();
    const { path } = await backUp(database);
    await prepare(db, "left_behind", "LOCK TABLE purse");
    for (const run of [
      () => backUp(database, { lockTimeoutMs: 300 }),
      () => rehearsed(database, path, 300),
    ]) {
      const error = await errorOf(run());
      expect(error.code).toBe("LOCK_TIMEOUT");
      expect(error.message).toMatch(HELD);
    }
  });

  test("whatever its name is, the statement is one to copy", async () => {
    const { db, database } = await ownDatabase();
    const { path } = await backUp(database);
    for (const gid of ["it's", "back\\slash", "two\nlines \u001b[31m", "Übergabe 🜚"]) {
      await prepare(db, gid, "SELECT FROM purse");
      const { hint = "" } = await errorOf(restore(database, path, { lockTimeoutMs: 100 }));
      expect(hint).not.toMatch(/\p{Cc}/u);
      const [, statement = ""] = /(ROLLBACK PREPARED .*;) or, to/.exec(hint) ?? [];
      await db.query(statement);
      await restore(database, path);
    }
  });

  test("a sequence that it has drawn from is named as well", async () => {
    const { db, database } = await ownDatabase(
      "CREATE TABLE item (id serial PRIMARY KEY); INSERT INTO item DEFAULT VALUES",
    );
    const { path } = await backUp(database);
    await prepare(db, "drawn", "SELECT nextval('item_id_seq')");
    const error = await errorOf(restore(database, path, { lockTimeoutMs: 1500 }));
    expect(error.code).toBe("LOCK_TIMEOUT");
    expect(error.message).toMatch(/“drawn” .* on public\.item_id_seq, since/);
    expect(error.message).toContain("Nothing was changed.");
    expect(error.hint).toContain("ROLLBACK PREPARED 'drawn'");
  });

  test("the page names it", async () => {
    const { db } = await ownDatabase();
    await using admin = await createTestAdmin({ url: db.url, lockTimeoutMs: 300 });
    const uploadId = await admin.upload(await admin.backup());
    await prepare(db, "left_behind", "UPDATE purse SET cents = 0");
    const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
    await admin.reach(id, "ready");
    await admin.ok("POST", `restores/${id}/start`, {
      json: { confirmation: db.name, safetyBackup: false },
    });
    const { error } = await admin.reach(id, "failed");
    expect(error?.message).toMatch(HELD);
    expect(error?.hint).toContain("ROLLBACK PREPARED 'left_behind'");
  });
});

describe("sessions", () => {
  test("an idle reader, and the statement that waits for it and stands before us", async () => {
    const { db, database } = await ownDatabase();
    const { path } = await backUp(database);
    const reader = await connect(db, "reader");
    await reader.query("BEGIN; SELECT FROM purse");
    await waiting(db, await connect(db, "migration"), "ALTER TABLE purse ADD z int");
    for (const run of [
      () => backUp(database, { lockTimeoutMs: 300 }),
      () => restore(database, path, { lockTimeoutMs: 300 }),
      () => rehearsed(database, path, 300),
    ]) {
      const { code, message, hint } = await errorOf(run());
      expect(code).toBe("LOCK_TIMEOUT");
      expect(message).toMatch(
        /migration \(process \d+, role postgres\) on public\.purse, for [\d:]+, waits itself for public\.purse, before this one/,
      );
      // The statement blocks us only because another session blocks it.
      expect(message).toMatch(
        /reader \(process \d+, role postgres\) on public\.purse, for 00:00:\d\d, idle in transaction for 00:00:\d\d/,
      );
      expect(hint).toMatch(
        /SELECT pg_terminate_backend\(\d+\); SELECT pg_terminate_backend\(\d+\);/,
      );
    }
  });

  test("whoever keeps those waiting that are in the way, on another table or without a session", async () => {
    const { db, database } = await ownDatabase(`${PURSE}; CREATE TABLE other (id int)`);
    const reader = await connect(db, "reader");
    await reader.query("BEGIN; SELECT FROM other");
    await prepare(db, "left_behind", "SELECT FROM other");
    const migration = await connect(db, "migration");
    await migration.query("BEGIN; ALTER TABLE purse ADD z int");
    await waiting(db, migration, "ALTER TABLE other ADD z int");
    const { message } = await errorOf(
      backUp(database, { lockTimeoutMs: 300, tables: [{ schema: "public", name: "purse" }] }),
    );
    expect(message).toMatch(/migration [^;]* waits itself for public\.other/);
    expect(message).toMatch(/reader \(process \d+, role postgres\) on public\.other/);
    expect(message).toMatch(/“left_behind” \(no session, role postgres\) on public\.other/);
  });

  test("who has asked after us is not in the way", async () => {
    const { db, database } = await ownDatabase();
    const { path } = await backUp(database);
    const reader = await connect(db, "reader");
    await reader.query("BEGIN; SELECT FROM purse");
    const restored = errorOf(restore(database, path, { lockTimeoutMs: 1500 }));
    await until("the restore waits", async () => {
      return (await db.query("SELECT FROM pg_locks WHERE NOT granted")).length > 0;
    });
    const late = await connect(db, "late");
    const lateRead = late.query("SELECT FROM purse");
    const { message } = await restored;
    await lateRead;
    expect(message).toContain("reader");
    expect(message).not.toContain("late");
  });

  test("the other restore is named", async () => {
    const { database } = await ownDatabase();
    const { path } = await backUp(database);
    const session = await beginRestore(database);
    const error = await errorOf(restore(database, path));
    await session.end();
    expect(error.message).toMatch(
      /^Another restore is running in this database: prisma-backup-admin restore \(process \d+, role postgres\)\. This one was not started\.$/,
    );
  });

  test("what a role may not see is left out, and no error", async () => {
    const { db, database } = await ownDatabase();
    const { path } = await backUp(database);
    const plain = await asRole(
      db,
      (role) =>
        `GRANT CREATE, USAGE ON SCHEMA public TO ${role}; ALTER TABLE purse OWNER TO ${role}`,
    );
    const reader = await connect(db, "reader");
    await reader.query("BEGIN; SELECT FROM purse");
    await prepare(db, "left_behind", "SELECT FROM purse");
    const { message } = await errorOf(restore(plain, path, { lockTimeoutMs: 300 }));
    expect(message).toMatch(/reader \(process \d+, role postgres\) on public\.purse[;.]/);
    expect(message).toMatch(/“left_behind” \(no session, role postgres\) on public\.purse, since/);
  });

  test("with one connection alone, it is found as well", async () => {
    const { db } = await ownDatabase();
    const plain = await asRole(
      db,
      (role) =>
        `GRANT CREATE, USAGE ON SCHEMA public TO ${role}; ALTER TABLE purse OWNER TO ${role}; ALTER ROLE ${role} CONNECTION LIMIT 1`,
    );
    const { path } = await backUp(plain);
    const holder = await connect(db, "holder");
    await holder.query("BEGIN; LOCK TABLE purse");
    for (const run of [
      () => backUp(plain, { lockTimeoutMs: 600 }),
      () => restore(plain, path, { lockTimeoutMs: 600 }),
    ]) {
      // The server ends a session a moment after its client.
      await until("the role's only connection is free", async () => {
        const [row] = await db.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'prisma-backup-admin%'`,
        );
        return row?.n === 0;
      });
      const error = await errorOf(run());
      expect(error.code).toBe("LOCK_TIMEOUT");
      expect(error.message).toMatch(/holder \(process \d+, role postgres\) on public\.purse/);
    }
  });
});

test("whoever is in the way of another statement than the first lock is named", async () => {
  const { db, database } = await ownDatabase(`
    CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id serial PRIMARY KEY, parent int REFERENCES parent);
    INSERT INTO parent VALUES (1); INSERT INTO child (parent) VALUES (1)`);
  const { path } = await backUp(database);
  const scope = {
    mode: "replace" as const,
    exclude: [{ schema: "public", name: "parent" }],
  };
  const holder = await connect(db, "holder");
  for (const [sql, on] of [
    ["LOCK TABLE parent IN EXCLUSIVE MODE", " on public\\.parent"],
    // The foreign key's check waits for the row, and so for the transaction.
    ["SELECT FROM parent FOR UPDATE", ""],
    ["SELECT nextval('child_id_seq')", " on public\\.child_id_seq"],
  ]) {
    await holder.query(`BEGIN; ${sql}`);
    const error = await errorOf(restore(database, path, { scope, lockTimeoutMs: 1500 }));
    await holder.query("ROLLBACK");
    expect(error.code).toBe("LOCK_TIMEOUT");
    expect(error.message).toMatch(new RegExp(`holder \\(process \\d+, role postgres\\)${on}, for`));
  }
  await restore(database, path, { scope });
});

test("so is whoever is in the way of the records of operations", async () => {
  const { db } = await ownDatabase();
  await using admin = await createTestAdmin({ url: db.url });
  await admin.ok("GET", "operations");
  await prepare(db, "left_behind", "LOCK TABLE prisma_backup_admin.operations");
  const { code, message } = await admin.fail("GET", "operations");
  expect(code).toBe("LOCK_TIMEOUT");
  expect(message).toMatch(/“left_behind” .* on prisma_backup_admin\.operations, since/);
});

test("a check that waits names who it is", async () => {
  const { db, database } = await ownDatabase();
  const { path } = await backUp(database);
  await prepare(db, "left_behind", "LOCK TABLE purse");
  const error = await errorOf(check(database, path));
  expect(error.code).toBe("LOCK_TIMEOUT");
  expect(error.message).toContain("“left_behind”");
});

test("a wait of more than a second is told while it lasts", async () => {
  const { db, database } = await ownDatabase();
  const { path } = await backUp(database);
  const reader = await connect(db, "reader");
  await reader.query("BEGIN; SELECT FROM purse");
  const told: Array<string | null> = [];
  await restore(database, path, {
    lockTimeoutMs: 20_000,
    onProgress(event) {
      if (event.type !== "waiting") return;
      told.push(event.waitsFor);
      if (event.waitsFor !== null) void reader.query("ROLLBACK");
    },
  });
  expect(told).toEqual([
    expect.stringMatching(
      /^It waits for reader \(process \d+, role postgres\) on public\.purse\.$/,
    ),
    null,
  ]);
});
