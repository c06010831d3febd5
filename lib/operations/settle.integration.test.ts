import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import pg from "pg";
import { describe, expect, it } from "vitest";
import type { ListedOperation } from "../shared/api.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin, SHOP_SQL, type TestAdmin } from "../testing/test-admin.ts";

const CHILD = new URL("../testing/app-child.ts", import.meta.url).pathname;

interface Scene {
  database: TestDatabase;
  admin: TestAdmin;
  /** Another process of the app, in the middle of a restore. */
  child: ChildProcess;
  id: string;
  /** Holds a lock on the table that the restore waits for. */
  blocker: pg.Client;
}

/** Starts a restore in its own process. It has begun its transaction and waits for a lock. */
async function inTheMiddle(act: (scene: Scene) => Promise<void>): Promise<void> {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const uploadId = await admin.upload(await admin.backup());
  await database.query("UPDATE customers SET name = 'changed since'");
  const blocker = new pg.Client(database.url);
  blocker.on("error", () => {});
  await blocker.connect();
  await blocker.query("BEGIN; LOCK TABLE orders IN ACCESS SHARE MODE");
  const args = [CHILD, database.url, admin.uploadDir, database.name];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(uploadId);
  try {
    const [id] = await Promise.race([
      once(child.stdout, "data").then(([line]) => [String(line).trim()]),
      once(child, "exit").then(() => Promise.reject(new Error("the child process ended"))),
    ]);
    if (!id) throw new Error("the child process named no operation");
    await until("it waits for the lock", async () => isWaiting(database, id));
    await act({ database, admin, child, id, blocker });
  } finally {
    child.kill("SIGKILL");
    await blocker.end();
  }
}

/** Whether the restore's transaction has begun. The safety backup is complete by then. */
async function isWaiting(database: TestDatabase, id: string): Promise<boolean> {
  const waiting = await database.query(
    `SELECT FROM prisma_backup_admin.operations
     WHERE id = $1 AND xid IS NOT NULL AND safety_backup IS NOT NULL`,
    [id],
  );
  return waiting.length > 0;
}

const readChanged = async (admin: TestAdmin, id: string) =>
  (await admin.ok("GET", `operations/${id}`)).changed;

const names = (database: TestDatabase) =>
  database.query("SELECT DISTINCT left(name, 8) AS name FROM customers");

describe.concurrent("an operation whose process was killed", () => {
  it("before its commit is interrupted, and nothing has changed", async () => {
    await inTheMiddle(async ({ admin, child, id, database }) => {
      child.kill("SIGKILL");
      const operation = await admin.reach(id, "interrupted", "succeeded", "failed");
      expect(operation).toMatchObject({ state: "interrupted", error: { code: "INTERRUPTED" } });
      // The server process still waits for the lock. Settling ends it, so it no longer blocks other sessions.
      await until("it is settled", async () => (await readChanged(admin, id)) === "nothing");
      expect(await names(database)).toEqual([{ name: "changed " }]);
    });
  });

  it("after its commit has succeeded, although it could not say so", async () => {
    await inTheMiddle(async ({ admin, child, id, database, blocker }) => {
      // Holds a lock on the operation's row, so that the process is killed before it can write the end.
      const holder = new pg.Client(database.url);
      await holder.connect();
      await holder.query("BEGIN");
      await holder.query("SELECT FROM prisma_backup_admin.operations FOR UPDATE");
      await blocker.query("ROLLBACK");
      const [restore] = await database.query<{ xid: string }>(
        "SELECT xid FROM prisma_backup_admin.operations WHERE id = $1",
        [id],
      );
      await until("the restore is committed", async () => {
        const [row] = await database.query("SELECT pg_xact_status($1::xid8) AS status", [
          restore?.xid,
        ]);
        return row?.status === "committed";
      });
      child.kill("SIGKILL");
      await once(child, "exit");
      // The dead process's pending write must not happen any more.
      await holder.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      await holder.query("ROLLBACK");
      await holder.end();

      const operation = await admin.reach(id, "interrupted", "succeeded", "failed");
      expect(operation).toMatchObject({
        state: "succeeded",
        changed: "everything",
        error: null,
        result: { rows: 550, sequences: 2, warnings: [{ code: "CUT_OFF" }] },
      });
      expect(await names(database)).toEqual([{ name: "Customer" }]);
    });
  });
});

it("is cancelled by another process of the app", async () => {
  await inTheMiddle(async ({ admin, id, database }) => {
    const asked = await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
    expect(asked).toMatchObject({ state: "running", cancelRequested: true });
    expect(await admin.reach(id, "cancelled")).toMatchObject({ changed: "nothing" });
    expect(await names(database)).toEqual([{ name: "changed " }]);
  });
});

it("asks for the archive to be unlocked again where the process that had it is gone", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  await admin.ok("GET", "operations");
  const id = await insertRestore(database, { state: "ready", xid: null, silent: "12 s" });
  const json = { confirmation: database.name };
  const error = await admin.fail("POST", `restores/${id}/start`, { json });
  expect(error).toMatchObject({
    status: 500,
    code: "INTERRUPTED",
    details: { uploadId: "0".repeat(32) },
  });
});

it("is unknown until PostgreSQL knows, and then what PostgreSQL says", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  // This role may not end the other role's transaction, so the transaction goes on.
  const role = `${database.name}_app`;
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
  await database.query(`CREATE SCHEMA prisma_backup_admin AUTHORIZATION ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "x";
  try {
    await using admin = await createTestAdmin({ url: url.href });
    await admin.ok("GET", "operations");
    for (const [end, expected] of [
      ["COMMIT", { state: "succeeded", changed: "everything" }],
      ["ROLLBACK", { state: "interrupted", changed: "nothing" }],
    ] as const) {
      const client = new pg.Client(database.url);
      await client.connect();
      await client.query("BEGIN");
      const { rows } = await client.query("SELECT pg_current_xact_id()::text AS xid");
      const state = { state: "running", xid: rows[0].xid, silent: "16 s" };
      const id = await insertRestore(database, state);
      for (let read = 0; read < 2; read++) {
        const unknown = { state: "interrupted", changed: "unknown" };
        expect(await admin.ok("GET", `operations/${id}`)).toMatchObject(unknown);
      }
      await client.query(end);
      await client.end();
      const [settled] = await admin.ok<ListedOperation[]>("GET", "operations");
      expect(settled).toMatchObject({ id, ...expected });
    }
  } finally {
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

it("does not believe a transaction of another server", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  await admin.ok("GET", "operations");
  const silent = "16 s";
  const id = await insertRestore(database, { state: "running", xid: "9999999999999", silent });
  const operation = await admin.ok("GET", `operations/${id}`);
  expect(operation).toMatchObject({ state: "interrupted", changed: "unknown" });
});

/** Inserts an operation as another process would have left it. */
async function insertRestore(
  database: TestDatabase,
  { state, xid, silent }: { state: string; xid: string | null; silent: string },
): Promise<string> {
  const id = randomUUID();
  await database.query(
    `INSERT INTO prisma_backup_admin.operations
       (id, kind, state, actor, request, file_name, progress, plan, xid, started_at, heartbeat_at)
     VALUES ($1, 'restore', $2, '{"id":"ada","name":"Ada Admin"}', $3, 'a.zip',
       '{"phase":"loading","tables":[]}', $4, $5, now() - interval '1 min',
       clock_timestamp() - $6::interval)`,
    [
      id,
      state,
      JSON.stringify({ kind: "restore", uploadId: "0".repeat(32) }),
      JSON.stringify({
        canStart: true,
        drift: [],
        tables: [],
        manifest: { tables: [], sequences: 0 },
      }),
      xid,
      silent,
    ],
  );
  return id;
}
