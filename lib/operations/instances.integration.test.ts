/** Several instances of the app, each in its own process, take turns with the requests of one browser. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openDatabase } from "../postgres/connection/connection.ts";
import { beginRestore } from "../restore/run-restore.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { CHUNK, createTestAdmin, SHOP_SQL, type TestAdmin, TUS } from "../testing/test-admin.ts";

const INSTANCE = new URL("../testing/app-instance.ts", import.meta.url).pathname;

interface Scene {
  database: TestDatabase;
  /** Asks the two instances in turn. */
  admin: TestAdmin;
  /** Asks only this instance. */
  first: TestAdmin;
  second: TestAdmin;
  processes: ChildProcess[];
}

async function twoInstances(act: (scene: Scene) => Promise<void>): Promise<void> {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  // Only its folder is used.
  await using owner = await createTestAdmin({ url: database.url });
  const { uploadDir } = owner;
  const processes = [1, 2].map(() =>
    spawn(process.execPath, [INSTANCE, database.url, uploadDir], {
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  try {
    const origins = await Promise.all(
      processes.map(async ({ stdout }) => {
        if (!stdout) throw new Error("no output");
        const [port] = await once(stdout, "data");
        return `http://127.0.0.1:${String(port).trim()}`;
      }),
    );
    let turn = 0;
    const ask = (originOf: () => string | undefined) =>
      createTestAdmin({
        url: database.url,
        uploadDir,
        send: (request) => forward(request, originOf() ?? ""),
      });
    await act({
      database,
      processes,
      admin: await ask(() => origins[turn++ % 2]),
      first: await ask(() => origins[0]),
      second: await ask(() => origins[1]),
    });
  } finally {
    for (const process of processes) process.kill("SIGKILL");
  }
}

const textOf = async (folder: string): Promise<string> =>
  Promise.all(
    (await readdir(folder).catch(() => [])).map((name) =>
      readFile(path.join(folder, name), "latin1"),
    ),
  ).then((texts) => texts.join());

/** Forwards a request as a load balancer does. */
function forward(request: Request, origin: string): Promise<Response> {
  const { pathname, host } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.delete("host");
  headers.set("x-forwarded-host", host);
  const { method, body } = request;
  const init: RequestInit & { duplex: "half" } = { method, headers, body, duplex: "half" };
  return fetch(origin + pathname, init);
}

const names = (database: TestDatabase) =>
  database.query("SELECT DISTINCT left(name, 8) AS name FROM customers");

const RESTORED = [{ name: "Customer" }];
const CHANGED = [{ name: "changed " }];

/** Makes a backup, changes the data, uploads the backup, and has the first instance unlock and check it. */
async function readyAtFirst({ database, admin, first }: Scene) {
  const uploadId = await admin.upload(await admin.backup());
  await database.query("UPDATE customers SET name = 'changed since'");
  const { id } = await first.ok("POST", "restores", { json: { uploadId } });
  await first.reach(id, "ready");
  return { id, uploadId, json: { confirmation: database.name } };
}

describe.concurrent("two instances", () => {
  it("do everything together: download, upload, unlock, start", async () => {
    await twoInstances(async (scene) => {
      const { id, json } = await readyAtFirst(scene);
      const { second, admin, database } = scene;
      const started = await second.ok("POST", `restores/${id}/start`, { json });
      expect(["running", "succeeded"]).toContain(started.state);
      expect(await admin.reach(id, "succeeded")).toMatchObject({ changed: "everything" });
      expect(await names(database)).toEqual(RESTORED);
    });
  });

  it("begin a restore once, whoever is asked, and however often", async () => {
    await twoInstances(async (scene) => {
      const { id, json } = await readyAtFirst(scene);
      const { first, second, admin } = scene;
      const answers = await Promise.all(
        [second, first, second, second].map((it) =>
          it.call("POST", `restores/${id}/start`, { json }),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 202)).toHaveLength(1);
      expect(statuses.filter((status) => status === 409)).toHaveLength(3);
      await admin.reach(id, "succeeded");
    });
  });

  it("tell at the one what kept the other from it, and try again", async () => {
    await twoInstances(async (scene) => {
      const { id, json } = await readyAtFirst(scene);
      const { second, admin, database } = scene;
      const other = openDatabase({ connectionString: database.url });
      const session = await beginRestore(other);
      expect(await second.fail("POST", `restores/${id}/start`, { json })).toMatchObject({
        status: 409,
        code: "OPERATION_IN_PROGRESS",
      });
      expect(await names(database)).toEqual(CHANGED);
      await session.end();
      await other.close();
      await second.ok("POST", `restores/${id}/start`, { json });
      await admin.reach(id, "succeeded");
    });
  });

  it("plan at the one what waits at the other, and start what was planned", async () => {
    await twoInstances(async (scene) => {
      const { id, json } = await readyAtFirst(scene);
      const { second, admin, database } = scene;
      const tables = [{ schema: "public", name: "orders" }];
      const scope = { mode: "replace", tables };
      const plans = await Promise.all(
        [1, 2, 3].map(() =>
          second.call("POST", `restores/${id}/plan`, { json: { scope, rehearse: true } }),
        ),
      );
      // Each waits until the one before it is taken up, and then takes its place.
      expect(plans.map(({ status }) => status)).toEqual([202, 202, 202]);
      const { plan } = await second.reach(id, "ready");
      expect(plan).toMatchObject({ scope, rehearsal: { wouldSucceed: true } });
      expect(await second.ok("GET", `restores/${id}/rehearsal`)).toMatchObject({
        tables: [{ name: "orders" }],
      });
      await second.ok("POST", `restores/${id}/start`, { json });
      const done = await admin.reach(id, "succeeded");
      expect(done.result?.tables.map(({ name }) => name)).toEqual(["orders"]);
      // The table of customers was not chosen, so it keeps its changes.
      expect(await names(database)).toEqual(CHANGED);
      // One instance kept the safety backup, the other undoes the restore.
      const undo = await second.ok("POST", "restores", { json: { undo: id } });
      await second.reach(undo.id, "ready");
      await second.ok("POST", `restores/${undo.id}/start`, { json });
      await admin.reach(undo.id, "succeeded");
    });
  });

  it("show at the other what a rehearsal has found at the one, and leave no row's value anywhere", async () => {
    await twoInstances(async (scene) => {
      const { database, admin, first, second } = scene;
      const passphrase = "only for this test";
      const uploadId = await admin.upload(await admin.backup({ mode: "passphrase", passphrase }));
      await database.query("UPDATE customers SET name = 'a-secret-name' WHERE id <= 3");
      await first.ok("GET", "operations");
      // Records every version of every row, as a write-ahead log does.
      await database.query(`
        CREATE TABLE seen (text text);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN INSERT INTO public.seen VALUES (NEW::text); RETURN NEW; END';
        CREATE TRIGGER see AFTER INSERT OR UPDATE ON prisma_backup_admin.operations FOR EACH ROW EXECUTE FUNCTION see();
        CREATE TRIGGER see AFTER INSERT OR UPDATE ON prisma_backup_admin.rehearsal_requests FOR EACH ROW EXECUTE FUNCTION see();`);
      const json = { uploadId, passphrase, rehearse: true };
      const { id } = await first.ok("POST", "restores", { json });
      await first.reach(id, "ready");
      const path = `restores/${id}/rehearsal`;
      const atFirst = await first.ok<RehearsalReport>("GET", path);
      // Concurrent requests work, too.
      const atSecond = await Promise.all(
        [1, 2, 3].map(() => second.ok<RehearsalReport>("GET", path)),
      );
      expect(atSecond).toEqual([atFirst, atFirst, atFirst]);
      expect(JSON.stringify(atFirst)).toContain("a-secret-name");
      expect(await second.fail("GET", path, { user: "bob" })).toMatchObject({ code: "FORBIDDEN" });
      const seen = JSON.stringify(await database.query("SELECT text FROM seen"));
      expect(seen).toContain("age1");
      expect(seen).toContain(Buffer.from("age-encryption.org").toString("base64").slice(0, 20));
      expect(seen).not.toContain("a-secret-name");
      expect(await database.query("SELECT FROM prisma_backup_admin.rehearsal_requests")).toEqual(
        [],
      );
      for (const folder of [admin.uploadDir, admin.safetyBackupDir])
        expect(await textOf(folder)).not.toContain("a-secret-name");
      await second.ok("POST", `operations/${id}/cancel`, { json: {} });
      await second.reach(id, "cancelled");
      expect(await second.fail("GET", path)).toMatchObject({ code: "OPERATION_NOT_FOUND" });
    });
  });

  it("say that the one is gone, where the other asks for what a rehearsal has found", async () => {
    await twoInstances(async ({ admin, first, second, processes }) => {
      const uploadId = await admin.upload(await admin.backup());
      const { id } = await first.ok("POST", "restores", { json: { uploadId, rehearse: true } });
      await first.reach(id, "ready");
      processes[0]?.kill("SIGKILL");
      expect(await second.fail("GET", `restores/${id}/rehearsal`)).toMatchObject({
        code: "OPERATION_NOT_FOUND",
      });
      expect(await second.ok("GET", `operations/${id}`)).toMatchObject({ state: "interrupted" });
    });
  });

  it("end at the one what waits at the other", async () => {
    await twoInstances(async (scene) => {
      const { id, json } = await readyAtFirst(scene);
      const { second, database } = scene;
      await second.ok("POST", `operations/${id}/cancel`, { json: {} });
      expect(await second.reach(id, "cancelled")).toMatchObject({ changed: "nothing" });
      expect(await second.fail("POST", `restores/${id}/start`, { json })).toMatchObject({
        code: "OPERATION_STATE",
      });
      expect(await names(database)).toEqual(CHANGED);
    });
  });

  it("lose an unlocked archive with its process, but not the upload", async () => {
    await twoInstances(async (scene) => {
      const { id, uploadId, json } = await readyAtFirst(scene);
      const { second, processes, database } = scene;
      processes[0]?.kill("SIGKILL");
      expect(await second.fail("POST", `restores/${id}/start`, { json })).toMatchObject({
        code: "INTERRUPTED",
        message: expect.stringContaining("Nothing was changed"),
        details: { uploadId, uploadExpiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
      });
      expect(await second.ok("GET", `operations/${id}`)).toMatchObject({ state: "interrupted" });
      const again = await second.ok("POST", "restores", { json: { uploadId } });
      await second.reach(again.id, "ready");
      await second.ok("POST", `restores/${again.id}/start`, { json });
      await second.reach(again.id, "succeeded");
      expect(await names(database)).toEqual(RESTORED);
    });
  });

  it("store an upload rightly, when a chunk given up at the one still comes in beside its repetition at the other", async () => {
    await twoInstances(async ({ first, second, admin }) => {
      const content = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251);
      const created = await admin.call("POST", "uploads", {
        headers: { ...TUS, "upload-length": String(content.length) },
      });
      const id = created.headers.get("location")?.split("/").at(-1) ?? "";
      const patch = { ...CHUNK, "upload-offset": "0" };
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const late = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(content.slice(0, 100_000));
          await released;
          controller.enqueue(content.slice(100_000, 200_000));
          controller.close();
        },
      });
      const lateAnswer = first.call("PATCH", `uploads/${id}`, { body: late, headers: patch });
      const head = () => second.call("HEAD", `uploads/${id}`, { headers: TUS });
      let offset = 0;
      while (offset === 0) offset = Number((await head()).headers.get("upload-offset"));
      const rest = await second.call("PATCH", `uploads/${id}`, {
        body: content.slice(offset),
        headers: { ...CHUNK, "upload-offset": String(offset) },
      });
      expect(rest.status).toBe(204);
      release();
      await lateAnswer;
      expect((await head()).headers.get("upload-offset")).toBe(String(content.length));
      expect(await readFile(path.join(admin.uploadDir, id))).toEqual(Buffer.from(content));
    });
  });
});
