/** A safety backup contains what the restore has replaced, and an undo restores exactly that. */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { open, readdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import type { ListedOperation, Operation } from "../shared/api.ts";
import { createTestDatabase, pgDumpText, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin, SHOP_SQL, type TestAdmin } from "../testing/test-admin.ts";

const run = promisify(execFile);
const table = (name: string) => ({ schema: "public", name });

async function restore(
  admin: TestAdmin,
  database: TestDatabase,
  create: object,
  start: object = {},
): Promise<Operation> {
  const { id } = await admin.ok("POST", "restores", { json: create });
  await admin.reach(id, "ready");
  const json = { confirmation: database.name, ...start };
  await admin.ok("POST", `restores/${id}/start`, { json });
  return admin.reach(id, "succeeded");
}

const zipOf = ({ safetyBackupDir }: TestAdmin, id: string) =>
  path.join(safetyBackupDir, `${id}.zip`);

const files = ({ safetyBackupDir }: TestAdmin) => readdir(safetyBackupDir).catch(() => []);

describe.concurrent("an undo", () => {
  it("brings back what a restore has replaced, can be undone itself, and opens with the same identity", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const zip = await admin.backup({ mode: "recipients", recipients });
    const archived = await pgDumpText(database.url);
    await database.query(
      "DELETE FROM orders WHERE id % 2 = 0; UPDATE customers SET name = 'the state before'; SELECT setval('customers_id_seq', 777)",
    );
    const before = await pgDumpText(database.url);

    const other = await generateX25519Identity();
    const done = await restore(admin, database, {
      uploadId: await admin.upload(zip),
      // Of several private keys, only the one that opened the archive is used.
      identity: `${other}\n${identity}\n`,
    });
    expect(await pgDumpText(database.url)).toBe(archived);
    expect(done.plan?.safetyBackup).toMatchObject({
      possible: true,
      message: expect.stringContaining("the same private key"),
    });
    const { size, mode } = await stat(zipOf(admin, done.id));
    expect(mode & 0o777).toBe(0o600);
    expect((await stat(admin.safetyBackupDir)).mode & 0o777).toBe(0o700);
    expect(done.safetyBackup).toMatchObject({
      sizeBytes: size,
      encryption: "recipients",
      isKept: true,
    });
    expect(done.plan?.safetyBackup?.neededBytes).toBeGreaterThan(size);
    expect(done.archive).toEqual({
      sizeBytes: zip.length,
      sha256: createHash("sha256").update(zip).digest("hex"),
    });

    // With unzip and age alone: the private key that opened the archive opens the safety backup, which has the earlier
    // data.
    const key = path.join(admin.safetyBackupDir, "identity.txt");
    await writeFile(key, `${identity}\n`);
    const manifest = await run("sh", [
      "-c",
      'unzip -p "$0" manifest.json.age | age -d -i "$1"',
      zipOf(admin, done.id),
      key,
    ]);
    await rm(key);
    const rows = JSON.parse(manifest.stdout).tables.map((it: { rows: number }) => it.rows);
    expect(rows).toEqual([50, 250]);

    const undo = { undo: done.id };
    expect(await admin.fail("POST", "restores", { json: undo })).toMatchObject({
      code: "NO_MATCHING_IDENTITY",
    });
    expect(
      await admin.fail("POST", "restores", { json: { undo: randomUUID(), identity } }),
    ).toMatchObject({ code: "OPERATION_NOT_FOUND" });
    const both = { ...undo, uploadId: "0".repeat(32), identity };
    expect(await admin.fail("POST", "restores", { json: both })).toMatchObject({
      code: "REQUEST_INVALID",
    });
    // One person may try as often as for an upload. Other people are not locked out.
    for (let attempt = 0; attempt < 20; attempt++) {
      expect(
        await admin.fail("POST", "restores", { json: { ...undo, identity: other } }),
      ).toMatchObject({ code: "NO_MATCHING_IDENTITY" });
    }
    expect(await admin.fail("POST", "restores", { json: { ...undo, identity } })).toMatchObject({
      code: "TOO_MANY_ATTEMPTS",
    });
    const bob = await admin.ok("POST", "restores", { json: { ...undo, identity }, user: "bob" });
    await admin.reach(bob.id, "ready");
    await admin.ok("POST", `operations/${bob.id}/cancel`, { json: {} });
    await admin.reach(bob.id, "cancelled");
    expect(await files(admin)).toEqual([`${done.id}.zip`]);
    await database.query("TRUNCATE prisma_backup_admin.unlock_attempts");
    const undone = await restore(admin, database, { ...undo, identity });
    expect(await pgDumpText(database.url)).toBe(before);
    expect(undone).toMatchObject({ undoes: done.id, plan: { scope: { mode: "replace" } } });
    const { stdout } = await run("sha256sum", [zipOf(admin, done.id)]);
    expect(stdout.split(" ")[0]).toBe(undone.archive?.sha256);

    const redone = await restore(admin, database, { undo: undone.id, identity });
    expect(await pgDumpText(database.url)).toBe(archived);
    expect(redone.undoes).toBe(undone.id);

    // Without a safety backup there is nothing to undo.
    const last = { uploadId: await admin.upload(zip), identity };
    const bare = await restore(admin, database, last, { safetyBackup: false });
    expect(bare.safetyBackup).toBeNull();
    expect(
      await admin.fail("POST", "restores", { json: { undo: bare.id, identity } }),
    ).toMatchObject({ status: 404, code: "SAFETY_BACKUP_NOT_FOUND" });
    expect(admin.log).toEqual([]);
  });

  it("of a restore of some tables replaces those, and leaves what came since in the others", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const uploadId = await admin.upload(await admin.backup());
    await database.query("UPDATE customers SET name = 'mine'");
    const before = await pgDumpText(database.url);
    const scope = { mode: "overwrite", tables: [table("customers")] };
    const done = await restore(admin, database, { uploadId, scope });
    expect(done.plan?.safetyBackup?.message).toContain("Like this backup, it is not encrypted");
    const { stdout } = await run("unzip", ["-Z1", zipOf(admin, done.id)]);
    expect(stdout).toContain("customers");
    expect(stdout).not.toContain("orders");
    await restore(admin, database, { undo: done.id });
    expect(await pgDumpText(database.url)).toBe(before);
  });

  it("opens with the same passphrase", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const passphrase = "seven wise owls";
    const zip = await admin.backup({ mode: "passphrase", passphrase });
    await database.query("UPDATE customers SET name = 'the state before'");
    const { id } = await restore(admin, database, {
      uploadId: await admin.upload(zip),
      passphrase,
    });
    const original = path.join(admin.safetyBackupDir, "original.zip");
    const unzip = async (file: string, entry: string) =>
      (await run("unzip", ["-p", file, entry], { encoding: "buffer" })).stdout;
    await writeFile(original, zip);
    // The passphrase opens the archive's key.age. The safety backup contains the same key.age.
    expect(await unzip(zipOf(admin, id), "key.age")).toEqual(await unzip(original, "key.age"));
    const undone = await restore(admin, database, { undo: id, passphrase });
    expect(undone.changed).toBe("everything");
    const names = await database.query("SELECT DISTINCT name FROM customers");
    expect(names).toEqual([{ name: "the state before" }]);
  });

  it("is possible for the newest three restores, and never loses what it reads", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const zip = await admin.backup();
    const upload = async () => ({ uploadId: await admin.upload(zip) });
    await database.query("DELETE FROM orders");
    const first = await restore(admin, database, await upload());
    const undo = await admin.ok("POST", "restores", { json: { undo: first.id } });
    await admin.reach(undo.id, "ready");
    for (let number = 2; number <= 4; number++) await restore(admin, database, await upload());
    // The undo that waits still needs the oldest one.
    await until("one more is kept", async () => (await files(admin)).length === 4);
    const json = { confirmation: database.name };
    await admin.ok("POST", `restores/${undo.id}/start`, { json });
    await admin.reach(undo.id, "succeeded");
    expect(await database.query("SELECT FROM orders")).toHaveLength(0);
    expect(await files(admin)).toContain(`${first.id}.zip`);
    const last = await restore(admin, database, await upload());
    await until("three are kept", async () => (await files(admin)).length === 3);
    expect(await files(admin)).toContain(`${last.id}.zip`);
    expect(await admin.ok("GET", `operations/${first.id}`)).toMatchObject({
      safetyBackup: { isKept: false },
    });
    expect(await admin.fail("POST", "restores", { json: { undo: first.id } })).toMatchObject({
      code: "SAFETY_BACKUP_NOT_FOUND",
    });
  });
});

describe.concurrent("a safety backup", () => {
  it("is kept no longer than is configured, also where nobody restores any more", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const zip = await admin.backup();
    const done = await restore(admin, database, { uploadId: await admin.upload(zip) });
    const { createdAt = "", keptUntil = "", isKept } = done.safetyBackup ?? {};
    expect(isKept).toBe(true);
    const DAY_MS = 24 * 60 * 60 * 1000;
    expect(Date.parse(keptUntil) - Date.parse(createdAt)).toBe(30 * DAY_MS);

    const waiting = await admin.ok("POST", "restores", { json: { undo: done.id } });
    await admin.reach(waiting.id, "ready");
    await database.query(
      `UPDATE prisma_backup_admin.operations
       SET safety_backup = jsonb_set(safety_backup, '{createdAt}', to_jsonb(to_char(
         clock_timestamp() AT TIME ZONE 'UTC' - interval '31 days', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
       WHERE id = $1`,
      [done.id],
    );
    // It counts as removed at once, even before its file is deleted.
    expect(await admin.ok("GET", `operations/${done.id}`)).toMatchObject({
      safetyBackup: { isKept: false },
    });
    expect(await admin.fail("POST", "restores", { json: { undo: done.id } })).toMatchObject({
      code: "SAFETY_BACKUP_NOT_FOUND",
      hint: expect.stringContaining("too old"),
    });
    // It is not removed while an undo reads it.
    const { uploadDir, safetyBackupDir } = admin;
    await using second = await createTestAdmin({ url: database.url, uploadDir, safetyBackupDir });
    await second.ok("GET", "operations");
    expect(await files(admin)).toEqual([`${done.id}.zip`]);
    await admin.ok("POST", `operations/${waiting.id}/cancel`, { json: {} });
    await admin.reach(waiting.id, "cancelled");
    // Another process that only runs, and begins nothing.
    await using third = await createTestAdmin({ url: database.url, uploadDir, safetyBackupDir });
    await third.ok("GET", "overview");
    await until("it is removed", async () => (await files(admin)).length === 0);
    await using patient = await createTestAdmin({
      ...{ url: database.url, uploadDir, safetyBackupDir },
      safetyBackupMaxAgeMs: 365 * DAY_MS,
    });
    // A longer time limit does not bring a removed one back.
    expect(await patient.ok("GET", `operations/${done.id}`)).toMatchObject({
      safetyBackup: { isKept: false },
    });
  });

  it("that cannot be made refuses the start, and the restore waits on", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const { id } = await admin.ok("POST", "restores", {
      json: { uploadId: await admin.upload(await admin.backup()) },
    });
    const first = await admin.reach(id, "ready");
    expect(first.plan?.safetyBackup?.possible).toBe(true);
    // Make the table's files look terabytes large.
    const [row] = await database.query<{ file: string }>(
      "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('orders') || '_init' AS file",
    );
    await using sparse = await open(row?.file ?? "", "w");
    await sparse.truncate(4e12);
    const scope = { scope: { mode: "replace" }, rehearse: false };
    await admin.ok("POST", `restores/${id}/plan`, { json: scope });
    const { plan } = await admin.reach(id, "ready");
    expect(plan?.safetyBackup).toMatchObject({
      possible: false,
      message: expect.stringMatching(/not enough room .* 4\.00 TB/),
    });
    expect(plan?.canStart).toBe(true);
    const json = { confirmation: database.name };
    expect(await admin.fail("POST", `restores/${id}/start`, { json })).toMatchObject({
      status: 507,
      code: "SAFETY_BACKUP_FAILED",
      hint: expect.stringContaining("without a safety backup"),
    });
    await admin.ok("POST", `restores/${id}/start`, { json: { ...json, safetyBackup: false } });
    await admin.reach(id, "succeeded");
  });

  it("that fails ends the restore, which can be begun again without another upload", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const uploadId = await admin.upload(await admin.backup());
    await database.query("UPDATE customers SET name = 'the state before'");
    const before = await pgDumpText(database.url);
    const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
    await admin.reach(id, "ready");
    // This file is in the way of the safety backup.
    await writeFile(`${zipOf(admin, id)}.partial`, "");
    const json = { confirmation: database.name };
    await admin.ok("POST", `restores/${id}/start`, { json });
    await expect(admin.reach(id, "succeeded")).rejects.toThrow("SAFETY_BACKUP_FAILED");
    expect(await admin.ok("GET", `operations/${id}`)).toMatchObject({
      state: "failed",
      changed: "nothing",
      safetyBackup: null,
      error: {
        message: expect.stringContaining("Nothing was changed"),
        details: { uploadId, uploadExpiresAt: expect.any(String) },
      },
    });
    expect(await pgDumpText(database.url)).toBe(before);
    const done = await restore(admin, database, { uploadId });
    await until("only its own is there", async () => {
      return (await files(admin)).join() === `${done.id}.zip`;
    });
  });

  it("of a restore that failed is removed", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const zip = await admin.backup();
    await database.query(
      "ALTER TABLE orders ADD CONSTRAINT few CHECK (total < 1) NOT VALID; TRUNCATE orders",
    );
    await database.query("ALTER TABLE orders VALIDATE CONSTRAINT few");
    const before = await pgDumpText(database.url);
    const json = { uploadId: await admin.upload(zip) };
    await expect(restore(admin, database, json)).rejects.toThrow("CONSTRAINT_VIOLATED");
    expect(await pgDumpText(database.url)).toBe(before);
    const [failed] = await admin.ok<ListedOperation[]>("GET", "operations");
    expect(failed).toMatchObject({ state: "failed", changed: "nothing", safetyBackup: null });
    await until("it is removed", async () => (await files(admin)).length === 0);
  });
});
