/** A synchronous standby that does not exist: operations that wait for it say so, and others do not wait. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../scripts/postgres.ts";
import { backUp, openTestDatabase } from "../testing/backups.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin } from "../testing/test-admin.ts";

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 18, trustsSuperuser: true, inMemory: true });
});
afterAll(() => server.stop());

async function ownDatabase() {
  const sql = "CREATE TABLE t (i int PRIMARY KEY); INSERT INTO t VALUES (1), (2)";
  const db = await createTestDatabase({ serverUrl: server.url(), sql });
  onTestFinished(() => db[Symbol.asyncDispose]());
  return { db, database: openTestDatabase(db.url) };
}

async function setStandby(db: TestDatabase, name: string): Promise<void> {
  await db.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
  await db.query("SELECT pg_reload_conf()");
  await until("the server has read it", async () => {
    const [row] = await db.query<{ name: string }>(
      "SELECT current_setting('synchronous_standby_names') AS name",
    );
    return row?.name === name;
  });
}

/** Until the end of the test, the server waits for a standby that does not exist. */
async function withoutStandby(db: TestDatabase): Promise<void> {
  await setStandby(db, "nobody");
  onTestFinished(() => setStandby(db, ""));
}

const rowsOf = (db: TestDatabase) => db.query("SELECT i FROM t ORDER BY i");

function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const stdout = text(child.stdout);
  return {
    child,
    stderr: () => stderr,
    async says(what: string) {
      while (!stderr.includes(what)) await once(child.stderr, "data");
    },
    ended: async () => {
      const [code] = await once(child, "close");
      return { code, stdout: await stdout, stderr };
    },
  };
}

test("a command says what its commit waits for; Ctrl-C ends the waiting, and the restore stands", async () => {
  const { db, database } = await ownDatabase();
  const { path } = await backUp(database);
  await db.query("DELETE FROM t WHERE i = 1");
  await withoutStandby(db);
  const run = start("restore", path, "--url", db.url, "--yes");
  const ended = run.ended();
  await run.says("waiting: ");
  expect(run.stderr()).toContain("committed on this server, and waits for a synchronous standby");
  run.child.kill("SIGINT");
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/restored: 1 table, 2 rows/);
  expect(stderr).toContain(
    "warning: The restore is complete and committed on this server. The wait for a synchronous standby was ended",
  );
  expect(await rowsOf(db)).toEqual([{ i: 1 }, { i: 2 }]);
});

test("where a standby comes, nothing but the wait is told", async () => {
  const { db, database } = await ownDatabase();
  const { path } = await backUp(database);
  await withoutStandby(db);
  const run = start("restore", path, "--url", db.url, "--yes");
  const ended = run.ended();
  await run.says("waiting: ");
  await setStandby(db, "");
  const { code, stderr } = await ended;
  expect(code).toBe(0);
  expect(stderr).not.toContain("was ended before");
});

test("a backup and a rehearsal wait for nobody", async () => {
  const { db } = await ownDatabase();
  await withoutStandby(db);
  const { path } = await backUp(openTestDatabase(db.url));
  const { code, stdout } = await start("restore", path, "--url", db.url, "--rehearse").ended();
  expect(stdout).toContain("The restore would succeed");
  expect(code).toBe(0);
});

test("the page works, says what a restore waits for, and when it is cancelled what is true", async () => {
  const { db } = await ownDatabase();
  await withoutStandby(db);
  await using admin = await createTestAdmin({ url: db.url });
  const uploadId = await admin.upload(await admin.backup());
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");
  await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: db.name } });
  let said = "";
  while (!said.includes("waits for a synchronous standby"))
    said = (await admin.ok("GET", `operations/${id}`)).progress.waitsFor ?? "";
  await admin.ok("POST", `operations/${id}/cancel`);
  const ended = await admin.reach(id, "succeeded");
  expect(ended.changed).toBe("everything");
  expect(ended.result?.warnings).toEqual([expect.objectContaining({ code: "NOT_REPLICATED" })]);
});
