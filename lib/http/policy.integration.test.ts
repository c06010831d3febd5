/** Checks with age and unzip that every backup has the encryption that the app requires. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { expect, it } from "vitest";
import type { Overview } from "../shared/api.ts";
import { createTestDatabase, pgDumpText, type TestDatabase } from "../testing/database.ts";
import { createTestAdmin, SHOP_SQL, type TestAdmin } from "../testing/test-admin.ts";

const run = promisify(execFile);

/** Reads the manifest of a zip with a private key. */
async function manifestOf(zip: string | Uint8Array, identity: string): Promise<{ tool: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "policy-"));
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const file = typeof zip === "string" ? zip : path.join(folder, "backup.zip");
  if (typeof zip !== "string") await writeFile(file, zip);
  const key = path.join(folder, "identity.txt");
  await writeFile(key, `${identity}\n`);
  const script = 'unzip -p "$0" manifest.json.age | age -d -i "$1"';
  const { stdout } = await run("sh", ["-c", script, file, key]);
  return JSON.parse(stdout);
}

async function ready(admin: TestAdmin, zip: Uint8Array) {
  const { id } = await admin.ok("POST", "restores", {
    json: { uploadId: await admin.upload(zip) },
  });
  return admin.reach(id, "ready");
}

const start = (admin: TestAdmin, database: TestDatabase, id: string, more: object = {}) =>
  admin.call("POST", `restores/${id}/start`, { json: { confirmation: database.name, ...more } });

async function newKey() {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

it("forbids backups without encryption, and says what is allowed", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({
    url: database.url,
    policy: { encryption: ["passphrase", "recipients"] },
  });
  expect((await admin.ok<Overview>("GET", "overview")).policy).toEqual({
    encryption: ["passphrase", "recipients"],
    recipients: [],
  });
  expect(
    await admin.fail("POST", "backups", { json: { encryption: { mode: "none" } } }),
  ).toMatchObject({
    status: 422,
    code: "ENCRYPTION_NOT_ALLOWED",
    message:
      "This app allows backups only with a passphrase or for age public keys. No backup was made.",
  });
  expect(await admin.ok("GET", "operations")).toEqual([]);
  const { identity, recipient } = await newKey();
  const zip = await admin.backup({ mode: "recipients", recipients: [recipient] });
  expect((await manifestOf(zip, identity)).tool).toContain("prisma-backup-admin");
});

it("makes every backup for its recipients as well", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  const safe = await newKey();
  const own = await newKey();
  await using admin = await createTestAdmin({
    url: database.url,
    policy: { recipients: [safe.recipient] },
  });
  const most = await Promise.all(Array.from({ length: 19 }, newKey));
  for (const recipients of [
    [own.recipient],
    [own.recipient, safe.recipient],
    [own.recipient, ...most.map(({ recipient }) => recipient)],
  ]) {
    const zip = await admin.backup({ mode: "recipients", recipients });
    for (const { identity } of [safe, own])
      expect((await manifestOf(zip, identity)).tool).toContain("prisma-backup-admin");
  }
  for (const encryption of [{ mode: "none" }, { mode: "passphrase", passphrase: "correct horse" }])
    expect(await admin.fail("POST", "backups", { json: { encryption } })).toMatchObject({
      code: "ENCRYPTION_NOT_ALLOWED",
    });
});

it("makes no backup that was asked for under a weaker policy", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  const [old, added] = [await newKey(), await newKey()];
  await using weak = await createTestAdmin({ url: database.url });
  const ask = (encryption: object) => weak.ok("POST", "backups", { json: { encryption } });
  const plain = await ask({ mode: "none" });
  const forOld = await ask({ mode: "recipients", recipients: [old.recipient] });
  await using strict = await createTestAdmin({
    url: database.url,
    policy: { encryption: ["recipients"], recipients: [added.recipient] },
  });
  for (const { id } of [plain, forOld]) {
    expect(await strict.fail("GET", `backups/${id}/archive`)).toMatchObject({
      status: 422,
      code: "ENCRYPTION_NOT_ALLOWED",
    });
  }
});

it("restores a backup that it would not allow, with a safety backup that it does", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  const safe = await newKey();
  await using before = await createTestAdmin({ url: database.url });
  const zip = await before.backup();
  await database.query("DELETE FROM orders WHERE id % 2 = 0");
  const changed = await pgDumpText(database.url);

  await using admin = await createTestAdmin({
    url: database.url,
    policy: { recipients: [safe.recipient] },
  });
  const { id, plan } = await ready(admin, zip);
  expect(plan?.safetyBackup).toMatchObject({
    possible: true,
    message: expect.stringContaining("for which this app makes every backup"),
  });
  expect((await start(admin, database, id)).status).toBe(202);
  const { safetyBackup } = await admin.reach(id, "succeeded");
  expect(safetyBackup?.encryption).toBe("recipients");
  const file = path.join(admin.safetyBackupDir, `${id}.zip`);
  expect((await manifestOf(file, safe.identity)).tool).toContain("prisma-backup-admin");

  const undo = { undo: id, identity: safe.identity };
  const undoing = await admin.ok("POST", "restores", { json: undo });
  await admin.reach(undoing.id, "ready");
  expect((await start(admin, database, undoing.id)).status).toBe(202);
  await admin.reach(undoing.id, "succeeded");
  expect(await pgDumpText(database.url)).toBe(changed);
});

it("makes no safety backup that is weaker, and restores without one if that is said", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using before = await createTestAdmin({ url: database.url });
  const zip = await before.backup();
  await database.query("DELETE FROM orders WHERE id % 2 = 0");
  const changed = await pgDumpText(database.url);
  await using admin = await createTestAdmin({
    url: database.url,
    policy: { encryption: ["passphrase", "recipients"] },
  });
  const { id, plan } = await ready(admin, zip);
  expect(plan?.safetyBackup).toMatchObject({
    possible: false,
    message: expect.stringContaining("this app allows backups only with a passphrase"),
  });
  const refused = await start(admin, database, id);
  expect(refused.status).toBe(507);
  expect(await refused.json()).toMatchObject({
    error: {
      code: "SAFETY_BACKUP_FAILED",
      message: expect.stringContaining("Nothing was changed."),
    },
  });
  expect(await pgDumpText(database.url)).toBe(changed);
  expect((await start(admin, database, id, { safetyBackup: false })).status).toBe(202);
  await admin.reach(id, "succeeded");
});
