/** If a restore is interrupted during its plan or its safety backup, nothing is changed and nothing is left over. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { createTestDatabase, pgDumpText, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin, SHOP_SQL, type TestAdmin } from "../testing/test-admin.ts";

const INSTANCE = new URL("../testing/app-instance.ts", import.meta.url).pathname;

const SQL = `${SHOP_SQL};
  CREATE FUNCTION slow() RETURNS boolean LANGUAGE sql AS 'SELECT true';
  ALTER TABLE customers ADD CONSTRAINT slow CHECK (slow())`;

interface Scene {
  database: TestDatabase;
  admin: TestAdmin;
  /** The other instance, which holds the archive. */
  owner: TestAdmin;
  process: ChildProcess;
  id: string;
  uploadId: string;
}

/** Starts a restore that waits in its own process. */
async function waiting(act: (scene: Scene) => Promise<void>): Promise<void> {
  await using database = await createTestDatabase({ sql: SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const { uploadDir } = admin;
  const process = spawn(globalThis.process.execPath, [INSTANCE, database.url, uploadDir], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const [port] = await once(createInterface(process.stdout), "line");
    const owner = await createTestAdmin({
      url: database.url,
      uploadDir,
      send: async (request) => {
        const { pathname, host } = new URL(request.url);
        const headers = new Headers(request.headers);
        headers.delete("host");
        headers.set("x-forwarded-host", host);
        const { method } = request;
        const body = method === "GET" ? null : await request.text();
        return fetch(`http://127.0.0.1:${port}${pathname}`, { method, headers, body });
      },
    });
    const uploadId = await admin.upload(await admin.backup());
    await database.query("UPDATE customers SET name = 'changed since'");
    const { id } = await owner.ok("POST", "restores", { json: { uploadId } });
    await owner.reach(id, "ready");
    await act({ database, admin, owner, process, id, uploadId });
  } finally {
    process.kill("SIGKILL");
  }
}

/** From now on, a trial run takes ten seconds. */
const slowDown = (database: TestDatabase) =>
  database.query(
    "CREATE OR REPLACE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN true; END'",
  );

const stageOf = async (admin: TestAdmin, id: string) =>
  (await admin.ok("GET", `operations/${id}`)).progress.stage;

const files = ({ safetyBackupDir }: TestAdmin) => readdir(safetyBackupDir).catch(() => []);

/** Makes the process look dead at once. */
const silence = (database: TestDatabase) =>
  database.query(
    "UPDATE prisma_backup_admin.operations SET heartbeat_at = heartbeat_at - interval '1 min' WHERE ended_at IS NULL",
  );

const REHEARSE = { scope: { mode: "replace" }, rehearse: true };

describe.concurrent("a restore", () => {
  it("is cancelled while it is rehearsed", async () => {
    await waiting(async ({ database, admin, id }) => {
      await slowDown(database);
      const before = await pgDumpText(database.url);
      expect(await admin.ok("POST", `restores/${id}/plan`, { json: REHEARSE })).toMatchObject({
        state: "running",
      });
      await until("it rehearses", async () => (await stageOf(admin, id)) === "rehearsal");
      await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
      expect(await admin.reach(id, "cancelled")).toMatchObject({ changed: "nothing" });
      expect(await pgDumpText(database.url)).toBe(before);
    });
  });

  it("starts while it is rehearsed, and nobody waits for the trial run", async () => {
    await waiting(async ({ database, admin, owner, id }) => {
      await slowDown(database);
      await admin.ok("POST", `restores/${id}/plan`, { json: REHEARSE });
      await until("it rehearses", async () => (await stageOf(admin, id)) === "rehearsal");
      const chosen = { scope: { mode: "overwrite" }, rehearse: true };
      await owner.ok("POST", `restores/${id}/plan`, { json: chosen });
      await until("it rehearses what was chosen instead", async () => {
        const { plan, progress } = await admin.ok("GET", `operations/${id}`);
        return plan?.scope.mode === "overwrite" && progress.stage === "rehearsal";
      });
      const json = { confirmation: database.name };
      const { startedAt } = await admin.ok("GET", `operations/${id}`);
      const started = await admin.ok("POST", `restores/${id}/start`, { json });
      expect(started.startedAt).not.toBe(startedAt);
      const { plan, changed } = await admin.reach(id, "succeeded");
      expect(changed).toBe("everything");
      expect(plan).toMatchObject({ scope: { mode: "overwrite" }, rehearsal: null });
      expect(await database.query("SELECT 1 FROM customers WHERE name = 'changed since'")).toEqual(
        [],
      );
    });
  });

  it("starts while it is planned again, and only as the person has seen it", async () => {
    await waiting(async ({ database, admin, id }) => {
      await slowDown(database);
      const json = { confirmation: database.name };
      const chosen = { scope: { mode: "overwrite" }, rehearse: true };
      const blocker = new pg.Client(database.url);
      await blocker.connect();
      // A plan counts the rows, so it waits for this lock.
      const startMeanwhile = async (plan: object) => {
        await blocker.query("BEGIN; LOCK TABLE customers");
        await admin.ok("POST", `restores/${id}/plan`, { json: plan });
        const started = admin.call("POST", `restores/${id}/start`, { json });
        await setTimeout(1_000);
        await blocker.query("COMMIT");
        return started;
      };
      const planId = async () => (await admin.ok("GET", `operations/${id}`)).plan?.id;
      const first = await planId();
      expect((await startMeanwhile(chosen)).status).toBe(409);
      // What another tab still shows, and what has been accepted of a schema that has changed since, is not started.
      const start = (seen?: string) =>
        admin.call("POST", `restores/${id}/start`, {
          json: { ...json, planId: seen, acceptDrift: true },
        });
      expect((await start(first)).status).toBe(409);
      const chosenFirst = await planId();
      await database.query("ALTER TABLE customers ADD noted text");
      await admin.ok("POST", `restores/${id}/plan`, { json: { ...chosen, rehearse: false } });
      await admin.reach(id, "ready");
      expect((await start(chosenFirst)).status).toBe(409);
      await database.query("ALTER TABLE customers DROP noted");
      await admin.ok("POST", `restores/${id}/plan`, { json: { ...chosen, rehearse: false } });
      await admin.reach(id, "ready");
      expect(await planId()).toBe(chosenFirst);
      expect((await startMeanwhile(chosen)).status).toBe(202);
      await blocker.end();
      expect(await admin.reach(id, "succeeded")).toMatchObject({
        changed: "everything",
        plan: { scope: { mode: "overwrite" }, rehearsal: null },
      });
    });
  });

  it("whose process dies while it plans is interrupted, and its upload can be unlocked again", async () => {
    await waiting(async ({ database, admin, process, id, uploadId }) => {
      await slowDown(database);
      await admin.ok("POST", `restores/${id}/plan`, { json: REHEARSE });
      await until("it rehearses", async () => (await stageOf(admin, id)) === "rehearsal");
      process.kill("SIGKILL");
      await once(process, "exit");
      await silence(database);
      const interrupted = await admin.reach(id, "interrupted");
      expect(interrupted).toMatchObject({
        changed: "nothing",
        error: {
          code: "INTERRUPTED",
          details: { uploadId, uploadExpiresAt: expect.stringMatching(/Z$/) },
        },
      });
      const again = await admin.ok("POST", "restores", { json: { uploadId } });
      await admin.reach(again.id, "ready");
      await admin.ok("POST", `operations/${again.id}/cancel`, { json: {} });
      await admin.reach(again.id, "cancelled");
    });
  });

  it("whose process dies while it keeps what is there has changed nothing, and leaves no half of it", async () => {
    await waiting(async ({ database, admin, owner, process, id, uploadId }) => {
      const before = await pgDumpText(database.url);
      // This blocks the backup's last step, which reads the sequences.
      const blocker = new pg.Client(database.url);
      blocker.on("error", () => {});
      await blocker.connect();
      await blocker.query("BEGIN; ALTER SEQUENCE orders_id_seq RENAME TO other");
      await owner.ok("POST", `restores/${id}/start`, { json: { confirmation: database.name } });
      await until("it is being written", async () => (await files(admin)).length > 0);
      await until("that is seen", async () => (await stageOf(admin, id)) === "safety-backup");
      process.kill("SIGKILL");
      await once(process, "exit");
      expect(await files(admin)).toEqual([`${id}.zip.partial`]);
      await blocker.end();
      await silence(database);
      await until("it is settled", async () => {
        const { state, changed } = await admin.ok("GET", `operations/${id}`);
        return state === "interrupted" && changed === "nothing";
      });
      expect(await admin.ok("GET", `operations/${id}`)).toMatchObject({
        safetyBackup: null,
        error: { details: { uploadId } },
      });
      expect(await files(admin)).toEqual([]);
      expect(await pgDumpText(database.url)).toBe(before);
    });
  });
});
