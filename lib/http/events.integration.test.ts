/**
 * The host app is told about everyone who downloads, replaces or deletes rows. It is told once, whichever process
 * records the event.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { utimes } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { BackupAdminEvent } from "../events.ts";
import type { ListedOperation, Operation } from "../shared/api.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin, SHOP_SQL, type TestAdmin, TUS } from "../testing/test-admin.ts";

const ADA = { id: "ada", name: "Ada Admin" };
const BOB = { id: "bob", name: "Bob Boss" };
const AT = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

/** Collects the events in the order in which the host receives them. */
function listen() {
  const events: BackupAdminEvent[] = [];
  const types = () => events.map(({ type }) => type);
  const told = (...wanted: BackupAdminEvent["type"][]) =>
    until(`told of ${wanted}, not ${types()}`, async () => events.length >= wanted.length).then(
      () => expect(types()).toEqual(wanted),
    );
  return { events, types, told, onEvent: (event: BackupAdminEvent) => events.push(event) };
}

async function check(admin: TestAdmin, create: object, user = "ada"): Promise<Operation> {
  const { id } = await admin.ok("POST", "restores", { json: create, user });
  return admin.reach(id, "ready");
}

async function restore(
  admin: TestAdmin,
  { name }: TestDatabase,
  create: object,
  user = "ada",
): Promise<Operation> {
  const { id } = await check(admin, create, user);
  await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: name }, user });
  return admin.reach(id, "succeeded");
}

describe.concurrent("the host is told", () => {
  it("of a download, its cancellation and its failure", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    const { events, told, onEvent } = listen();
    await using admin = await createTestAdmin({ url: database.url, onEvent });
    const zip = await admin.backup({
      mode: "passphrase",
      passphrase: "five random words are best",
    });
    await told("backup.downloaded");
    const [operation] = await admin.ok<ListedOperation[]>("GET", "operations");
    expect(events[0]).toEqual({
      type: "backup.downloaded",
      at: AT,
      actor: ADA,
      operationId: operation?.id,
      fileName: operation?.fileName,
      tables: 2,
      rows: 550,
      sizeBytes: zip.length,
      encryption: "passphrase",
    });
    const json = { encryption: { mode: "none" } };
    const given = await admin.ok("POST", "backups", { json, user: "bob" });
    // Another administrator cancels it. That person is named next to the owner.
    const cancelled = await admin.ok("POST", `operations/${given.id}/cancel`, { json: {} });
    expect(cancelled).toMatchObject({ actor: BOB, cancelledBy: ADA });
    await told("backup.downloaded", "backup.cancelled");
    expect(events[1]).toEqual({
      type: "backup.cancelled",
      at: AT,
      actor: BOB,
      operationId: given.id,
      fileName: given.fileName,
      errorCode: "ABORTED",
      cancelledBy: ADA,
    });
    await database.query("INSERT INTO orders SELECT i, 1 FROM generate_series(1000, 60000) i");
    const half = await admin.ok("POST", "backups", { json });
    const { body } = await admin.call("GET", `backups/${half.id}/archive`);
    await body?.cancel();
    await told("backup.downloaded", "backup.cancelled", "backup.cancelled");
    // No person cancelled it: the browser broke off the download.
    expect(events[2]).toMatchObject({ actor: ADA, operationId: half.id, cancelledBy: null });
    await database.query("CREATE TABLE gone (id int)");
    const missing = await admin.ok("POST", "backups", {
      json: { ...json, tables: [{ schema: "public", name: "gone" }] },
    });
    await database.query("DROP TABLE gone");
    await (await admin.call("GET", `backups/${missing.id}/archive`)).arrayBuffer().catch(() => {});
    await told("backup.downloaded", "backup.cancelled", "backup.cancelled", "backup.failed");
    expect(events[3]).toMatchObject({
      actor: ADA,
      operationId: missing.id,
      cancelledBy: null,
    });
  });

  it("of a restore, its undo, its cancellation and its failure, and never of a row or a secret", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    const { events, told, types, onEvent } = listen();
    await using quiet = await createTestAdmin({ url: database.url });
    await using admin = await createTestAdmin({ url: database.url, onEvent });
    const passphrase = "correct horse battery staple";
    const zip = await quiet.backup({ mode: "passphrase", passphrase });
    const begin = async () => ({ uploadId: await admin.upload(zip), passphrase });
    const done = await restore(admin, database, await begin());
    await told("restore.unlocked", "restore.started", "restore.succeeded");
    const about = {
      at: AT,
      actor: ADA,
      operationId: done.id,
      fileName: "my backup.zip",
      undoes: null,
    };
    const counts = { tables: 2, rows: 550 };
    expect(events).toEqual([
      { type: "restore.unlocked", ...about },
      { type: "restore.started", ...about, ...counts, mode: "replace", safetyBackup: true },
      { type: "restore.succeeded", ...about, ...counts, canBeUndone: true },
    ]);
    const undone = await restore(admin, database, { undo: done.id, passphrase }, "bob");
    await until("told of the undo", async () => events.length === 6);
    const undo = {
      at: AT,
      actor: BOB,
      operationId: undone.id,
      fileName: undone.fileName,
      undoes: done.id,
    };
    expect(events.slice(3)).toEqual([
      { type: "restore.unlocked", ...undo },
      { type: "restore.started", ...undo, ...counts, mode: "replace", safetyBackup: true },
      { type: "restore.succeeded", ...undo, ...counts, canBeUndone: true },
    ]);
    const waiting = await check(admin, await begin());
    await admin.ok("POST", `operations/${waiting.id}/cancel`, { json: {}, user: "bob" });
    // A later request to cancel does not change who cancelled it.
    await admin.call("POST", `operations/${waiting.id}/cancel`, { json: {} });
    const ended = await admin.reach(waiting.id, "cancelled");
    expect(ended).toMatchObject({ actor: ADA, cancelledBy: BOB });
    await until("told of the cancellation", async () => events.length === 8);
    expect(types().slice(6)).toEqual(["restore.unlocked", "restore.cancelled"]);
    expect(events[7]).toMatchObject({
      actor: ADA,
      operationId: waiting.id,
      errorCode: "ABORTED",
      cancelledBy: BOB,
    });
    const failing = await check(admin, await begin());
    // The database no longer matches the plan.
    await database.query("ALTER TABLE orders DROP COLUMN total");
    const json = { confirmation: database.name };
    await admin.ok("POST", `restores/${failing.id}/start`, { json });
    const { error } = await admin.reach(failing.id, "failed");
    await until("told of the failure", async () => events.length === 11);
    expect(types().slice(8)).toEqual(["restore.unlocked", "restore.started", "restore.failed"]);
    expect(events[10]).toMatchObject({
      operationId: failing.id,
      errorCode: error?.code,
      cancelledBy: null,
    });
    const unopened = await admin.fail("POST", "restores", {
      json: { ...(await begin()), passphrase: "not the passphrase" },
    });
    expect(unopened.code).toBe("WRONG_PASSPHRASE");
    expect(events.length).toBe(11);
    expect(JSON.stringify(events)).not.toMatch(/Customer \d|correct horse/);
    expect(admin.log).toEqual([]);
  });

  it("of a restore whose process was killed, once, by another that finds it", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    const { events, told, onEvent } = listen();
    await using admin = await createTestAdmin({ url: database.url, onEvent });
    const { uploadDir } = admin;
    await using second = await createTestAdmin({ url: database.url, onEvent, uploadDir });
    const zip = await admin.backup();
    await told("backup.downloaded");
    const uploadId = await admin.upload(zip);
    const child = spawn(process.execPath, [
      new URL("../testing/app-child.ts", import.meta.url).pathname,
      ...[database.url, uploadDir, "not the name"],
    ]);
    child.stdin.end(uploadId);
    const [printed] = (await once(child.stdout, "data")) as [Buffer];
    const id = printed.toString().trim();
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await database.query(
      "UPDATE prisma_backup_admin.operations SET heartbeat_at = now() - interval '1 hour' WHERE state IN ('running', 'ready')",
    );
    const looks = [admin, second, admin, second].map((it) => it.ok("GET", `operations/${id}`));
    expect((await Promise.all(looks)).map(({ state }) => state)).toEqual(
      Array(4).fill("interrupted"),
    );
    await told("backup.downloaded", "restore.interrupted");
    expect(events[1]).toMatchObject({ actor: ADA, operationId: id, errorCode: "INTERRUPTED" });
    // A third instance that has just started finds nothing left to report.
    await using third = await createTestAdmin({ url: database.url, onEvent, uploadDir });
    await third.ok("GET", "operations");
    await told("backup.downloaded", "restore.interrupted");
  });

  it("of an upload that somebody deletes, that nothing opens, or that is too old", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    const { events, told, onEvent } = listen();
    await using admin = await createTestAdmin({ url: database.url, onEvent });
    const { uploadDir } = admin;
    await using second = await createTestAdmin({ url: database.url, onEvent, uploadDir });
    await second.ok("GET", "operations");
    const bytes = Buffer.from("this is no zip at all, and long enough to be sent in two parts");
    const about = { at: AT, fileName: "my backup.zip", sizeBytes: bytes.length };

    const unwanted = await admin.upload(bytes);
    const deletions = [admin, second].map((it) =>
      it.call("DELETE", `uploads/${unwanted}`, { headers: TUS }),
    );
    const statuses = (await Promise.all(deletions)).map(({ status }) => status);
    expect(statuses).toContain(204);
    await told("upload.deleted");
    expect(events[0]).toEqual({
      ...about,
      ...{ type: "upload.deleted", actor: ADA, uploadId: unwanted, reason: "requested" },
    });

    const broken = await admin.upload(bytes, "bob");
    const json = { uploadId: broken };
    await admin.fail("POST", "restores", { json, user: "bob" });
    await told("upload.deleted", "upload.deleted");
    expect(events[1]).toMatchObject({ actor: BOB, uploadId: broken, reason: "refused" });

    const old = await admin.upload(bytes);
    const long = new Date(Date.now() - 48 * 3_600_000);
    for (const suffix of ["", ".json"])
      await utimes(path.join(uploadDir, old + suffix), long, long);
    await Promise.all([admin, second, admin].map((it) => it.upload(bytes)));
    await told("upload.deleted", "upload.deleted", "upload.deleted");
    expect(events[2]).toMatchObject({ actor: null, uploadId: old, reason: "expired" });
  });

  it("of a safety backup that newer ones replace, or that is too old", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    const { events, types, onEvent } = listen();
    await using quiet = await createTestAdmin({ url: database.url });
    await using admin = await createTestAdmin({ url: database.url, onEvent });
    const zip = await quiet.backup();
    const ids: string[] = [];
    for (let i = 0; i < 4; i++)
      ids.push((await restore(admin, database, { uploadId: await admin.upload(zip) })).id);
    await until("told of the first", async () => types().includes("safety-backup.removed"));
    const removed = () => events.filter(({ type }) => type === "safety-backup.removed");
    expect(removed()).toEqual([
      {
        type: "safety-backup.removed",
        at: AT,
        actor: null,
        operationId: ids[0],
        fileName: `${ids[0]}.zip`,
        sizeBytes: expect.any(Number),
        reason: "replaced",
      },
    ]);
    await database.query(
      `UPDATE prisma_backup_admin.operations SET safety_backup = jsonb_set(safety_backup, '{createdAt}', '"2020-01-01T00:00:00Z"') WHERE id = '${ids[2]}'`,
    );
    await restore(admin, database, { uploadId: await admin.upload(zip) });
    await until("told of the second", async () => removed().length === 2);
    expect(removed()[1]).toMatchObject({ operationId: ids[2], reason: "expired" });
  });

  it("without waiting for what it does, whose failure is logged and changes nothing", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    let calls = 0;
    await using admin = await createTestAdmin({
      url: database.url,
      onEvent() {
        calls += 1;
        if (calls === 1) throw new Error("no mail today");
        if (calls === 2) return Promise.reject(new Error("no chat either"));
        return new Promise(() => {});
      },
    });
    const zip = await admin.backup();
    await until("told of the backup", async () => calls === 1);
    await restore(admin, database, { uploadId: await admin.upload(zip) });
    await restore(admin, database, { uploadId: await admin.upload(zip) });
    await until("told of all", async () => calls === 7);
    expect(admin.log).toEqual([
      expect.stringMatching(/onEvent backup\.downloaded: .*no mail today/s),
      expect.stringMatching(/onEvent restore\.unlocked: .*no chat either/s),
    ]);
  });
});
