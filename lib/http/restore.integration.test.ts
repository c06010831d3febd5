import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { ListedOperation, Operation } from "../shared/api.ts";
import { createTestDatabase, pgDumpText, type TestDatabase } from "../testing/database.ts";
import { createTestAdmin, SHOP_SQL, type TestAdmin, TUS } from "../testing/test-admin.ts";

const MESS_SQL = `DELETE FROM orders WHERE id % 3 = 0; UPDATE customers SET name = 'x';
  SELECT setval('customers_id_seq', 9999)`;

/** Uploads, unlocks and checks an archive. */
async function prepare(admin: TestAdmin, zip: Uint8Array, unlock = {}): Promise<Operation> {
  const uploadId = await admin.upload(zip);
  const { id } = await admin.ok("POST", "restores", { json: { uploadId, ...unlock } });
  return admin.reach(id, "ready", "failed");
}

const start = (admin: TestAdmin, id: string, database: TestDatabase) =>
  admin.call("POST", `restores/${id}/start`, { json: { confirmation: database.name } });

describe("the whole path", () => {
  it("downloads, uploads, checks and restores: the database is as it was", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const passphrase = "seven wise owls";
    const zip = await admin.backup({ mode: "passphrase", passphrase });
    const before = await pgDumpText(database.url);
    await database.query(MESS_SQL);
    expect(await pgDumpText(database.url)).not.toBe(before);

    const ready = await prepare(admin, zip, { passphrase });
    expect(ready).toMatchObject({
      kind: "restore",
      state: "ready",
      encryption: "passphrase",
      fileName: "my backup.zip",
      changed: "nothing",
      plan: { canStart: true },
    });
    const wrong = await admin.fail("POST", `restores/${ready.id}/start`, {
      json: { confirmation: "another" },
    });
    expect(wrong).toMatchObject({ status: 422, code: "CONFIRMATION_MISMATCH" });
    const json = { confirmation: database.name };
    expect(
      await admin.fail("POST", `restores/${ready.id}/start`, { user: "bob", json }),
    ).toMatchObject({ status: 403, code: "FORBIDDEN" });

    const started = await start(admin, ready.id, database);
    expect(started.status).toBe(202);
    expect((await started.json()).state).toBe("running");
    const done = await admin.reach(ready.id, "succeeded", "failed");
    expect(done).toMatchObject({ state: "succeeded", changed: "everything", error: null });
    expect(done.result).toMatchObject({ rows: 550, sequences: 2 });
    expect(await pgDumpText(database.url)).toBe(before);
    expect(await readdir(admin.uploadDir)).toEqual([]);
    expect((await start(admin, ready.id, database)).status).toBe(409);
  });
});

it("lets one of two racing starts win, also of two restores", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const zip = await admin.backup();
  const [one, other] = [await prepare(admin, zip), await prepare(admin, zip)];
  // Block the winner, so that neither restore ends before the other has begun.
  await database.query("SELECT 1");
  const blocker = await block(database, "orders");
  try {
    const answers = await Promise.all(
      [one, one, other, other].map(({ id }) => start(admin, id, database)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([202, 409, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409)) {
      const { error } = await answer.json();
      expect(["OPERATION_IN_PROGRESS", "OPERATION_STATE"]).toContain(error.code);
    }
  } finally {
    await blocker.release();
  }
  const winner = await admin
    .ok<ListedOperation[]>("GET", "operations")
    .then((operations) =>
      operations.find(({ id, state }) => [one.id, other.id].includes(id) && state !== "ready"),
    );
  await admin.reach(winner?.id ?? "", "succeeded");
  // The other restore waits as before and can be cancelled.
  const loser = winner?.id === one.id ? other : one;
  await admin.ok("POST", `operations/${loser.id}/cancel`, { json: {} });
  expect(await admin.reach(loser.id, "cancelled")).toMatchObject({ changed: "nothing" });
  expect(await readdir(admin.uploadDir)).toEqual([]);
});

it("keeps the upload after a wrong passphrase, but not for guessing", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const passphrase = "the right one";
  const zip = await admin.backup({ mode: "passphrase", passphrase });
  const uploadId = await admin.upload(zip);
  const unlock = (attempt: string) =>
    admin.call("POST", "restores", { json: { uploadId, passphrase: attempt } });
  const codeOf = async (response: Response) => (await response.json()).error.code;
  const missing = await admin.fail("POST", "restores", { json: { uploadId } });
  expect(missing).toMatchObject({ status: 422, code: "WRONG_PASSPHRASE" });
  expect(await codeOf(await unlock("the wrong one"))).toBe("WRONG_PASSPHRASE");
  const right = await unlock(passphrase);
  expect(right.status).toBe(201);
  const { id } = await right.json();
  await admin.reach(id, "ready");
  await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
  await admin.reach(id, "cancelled");
  expect((await admin.call("HEAD", `uploads/${uploadId}`, { headers: TUS })).status).toBe(404);

  const again = await admin.upload(zip);
  for (let attempt = 1; attempt <= 10; attempt++) {
    const json = { uploadId: again, identity: `AGE-SECRET-KEY-${attempt}` };
    expect((await admin.fail("POST", "restores", { json })).code).toBe("NO_MATCHING_IDENTITY");
  }
  expect(
    await admin.fail("POST", "restores", { json: { uploadId: again, passphrase } }),
  ).toMatchObject({ code: "UPLOAD_NOT_FOUND" });
});

it("says at once that a file is no backup, and removes it", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const zip = await admin.backup();
  for (const [bytes, codes] of [
    [Buffer.from("this is no zip at all"), ["ARCHIVE_INVALID", "ARCHIVE_TRUNCATED"]],
    [zip.subarray(0, zip.length - 100), ["ARCHIVE_INVALID", "ARCHIVE_TRUNCATED"]],
  ] as const) {
    const uploadId = await admin.upload(bytes);
    const error = await admin.fail("POST", "restores", { json: { uploadId } });
    expect(codes).toContain(error.code);
    expect(await readdir(admin.uploadDir)).toEqual([]);
  }
  expect(await admin.log).toEqual([]);
});

it("refuses to start what the check found impossible", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const zip = await admin.backup();
  await database.query("ALTER TABLE customers ALTER name TYPE varchar(3) USING 'x'");
  const ready = await prepare(admin, zip);
  expect(ready.plan?.canStart).toBe(false);
  const response = await start(admin, ready.id, database);
  expect([response.status, (await response.json()).error.code]).toEqual([422, "SCHEMA_DRIFT"]);
  await admin.ok("POST", `operations/${ready.id}/cancel`, { json: {} });
  await admin.reach(ready.id, "cancelled");
});

it("fails with nothing changed where a table stays locked, and keeps the upload for another try", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url, lockTimeoutMs: 300 });
  const zip = await admin.backup();
  const ready = await prepare(admin, zip);
  const blocker = await block(database, "orders");
  try {
    await start(admin, ready.id, database);
    const failed = await admin.reach(ready.id, "failed");
    expect(failed).toMatchObject({ changed: "nothing", error: { code: "LOCK_TIMEOUT" } });
    const uploadId = failed.error?.details?.uploadId;
    const again = await admin.ok("POST", "restores", { json: { uploadId } });
    await admin.reach(again.id, "ready");
    await blocker.release();
    await start(admin, again.id, database);
    await admin.reach(again.id, "succeeded");
  } finally {
    await blocker.release();
  }
});

it("is cancelled while it runs: nothing has changed", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const ready = await prepare(admin, await admin.backup());
  await database.query(MESS_SQL);
  const blocker = await block(database, "orders");
  try {
    await start(admin, ready.id, database);
    await admin.ok("POST", `operations/${ready.id}/cancel`, { user: "bob", json: {} });
    const cancelled = await admin.reach(ready.id, "cancelled");
    expect(cancelled).toMatchObject({ changed: "nothing", error: { code: "ABORTED" } });
  } finally {
    await blocker.release();
  }
  expect(await database.query("SELECT DISTINCT name FROM customers")).toEqual([{ name: "x" }]);
});

/** Holds a lock on a table, so that a restore has to wait for it. */
async function block(database: TestDatabase, table: string) {
  const { default: pg } = await import("pg");
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS SHARE MODE`);
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= client.end();
      return released;
    },
  };
}
