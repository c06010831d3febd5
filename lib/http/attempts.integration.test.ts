/** A passphrase or private key cannot be guessed, and only its owner can use an upload, until it is removed. */
import { existsSync } from "node:fs";
import { readdir, readFile, utimes } from "node:fs/promises";
import path from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../config.ts";
import { openContext } from "../operations/open-context.ts";
import { cheapPassphraseKey, PASSPHRASE } from "../testing/archives.ts";
import { backUp, openTestDatabase } from "../testing/backups.ts";
import { createTestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { CHUNK, createTestAdmin, SHOP_SQL, type TestAdmin, TUS } from "../testing/test-admin.ts";

/** Uses an archive that opens with a private key, because trying one takes less than a second. */
async function scene() {
  const database = await createTestDatabase({ sql: SHOP_SQL });
  const admin = await createTestAdmin({ url: database.url });
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const zip = await admin.backup({ mode: "recipients", recipients });
  return {
    database,
    admin,
    identity,
    zip,
    async [Symbol.asyncDispose]() {
      await admin[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const unlock = (admin: TestAdmin, uploadId: string, identity: string, user = "ada") =>
  admin.call("POST", "restores", { user, json: { uploadId, identity } });

async function tallyOf(responses: Response[]): Promise<Record<string, number>> {
  const tally: Record<string, number> = {};
  for (const response of responses) {
    const { error } = await response.json();
    const code = error?.code ?? "none";
    tally[code] = (tally[code] ?? 0) + 1;
  }
  return tally;
}

describe("wrong secrets", () => {
  it("are 20 for one person in 15 minutes, whichever uploads they are for; nobody else is kept out", async () => {
    await using it = await scene();
    const { admin, zip, identity } = it;
    const wrong = await generateX25519Identity();
    for (let upload = 0; upload < 2; upload++) {
      const uploadId = await admin.upload(zip);
      for (let attempt = 1; attempt <= 10; attempt++) {
        const response = await unlock(admin, uploadId, wrong);
        expect((await response.json()).error.code).toBe("NO_MATCHING_IDENTITY");
      }
      expect(existsSync(path.join(admin.uploadDir, uploadId))).toBe(false);
    }
    const uploadId = await admin.upload(zip);
    // The right key is refused as well. To accept it would confirm that it is right.
    for (const secret of [wrong, identity]) {
      const refused = await unlock(admin, uploadId, secret);
      expect(refused.status).toBe(429);
      const { error } = await refused.json();
      expect(error).toMatchObject({ code: "TOO_MANY_ATTEMPTS" });
      expect(error.details.retryAfterSeconds).toBeGreaterThan(800);
      expect(error.details.retryAfterSeconds).toBeLessThanOrEqual(900);
      expect(refused.headers.get("retry-after")).toBe(String(error.details.retryAfterSeconds));
    }
    expect(existsSync(path.join(admin.uploadDir, uploadId))).toBe(true);

    const bobs = await admin.upload(zip, "bob");
    expect((await unlock(admin, bobs, wrong, "bob")).status).toBe(422);
    expect((await unlock(admin, bobs, identity, "bob")).status).toBe(201);

    // Another process of the app, or the same one after a restart, knows the count.
    await using other = await createTestAdmin({ url: it.database.url, uploadDir: admin.uploadDir });
    expect((await unlock(other, uploadId, identity)).status).toBe(429);

    await it.database.query(
      `UPDATE prisma_backup_admin.unlock_attempts SET attempted_at =
         ARRAY(SELECT at - interval '15 minutes' FROM unnest(attempted_at) at)`,
    );
    expect((await unlock(admin, uploadId, identity)).status).toBe(201);
  });

  it("are passphrases, too", async () => {
    await using it = await scene();
    const { admin, database } = it;
    const key = await cheapPassphraseKey();
    const { path: file } = await backUp(openTestDatabase(database.url), { key });
    const zip = await readFile(file);
    const open = (uploadId: string, passphrase: string) =>
      admin.call("POST", "restores", { json: { uploadId, passphrase } });
    const [first, second, third] = [
      await admin.upload(zip),
      await admin.upload(zip),
      await admin.upload(zip),
    ];
    for (const uploadId of [first, second]) {
      const guesses = Array.from({ length: 10 }, (_, guess) => open(uploadId, `wrong ${guess}`));
      expect(await tallyOf(await Promise.all(guesses))).toEqual({ WRONG_PASSPHRASE: 10 });
      expect(existsSync(path.join(admin.uploadDir, uploadId))).toBe(false);
    }
    expect(await tallyOf([await open(third, PASSPHRASE)])).toEqual({ TOO_MANY_ATTEMPTS: 1 });
    await database.query("DELETE FROM prisma_backup_admin.unlock_attempts");
    expect((await open(third, PASSPHRASE)).status).toBe(201);
  });

  it("at once are counted one by one", async () => {
    await using it = await scene();
    const { admin, zip } = it;
    const wrong = await generateX25519Identity();
    const one = await admin.upload(zip);
    const tries = Array.from({ length: 15 }, () => unlock(admin, one, wrong));
    const tally = await tallyOf(await Promise.all(tries));
    expect(tally.NO_MATCHING_IDENTITY).toBe(10);
    // The other five are refused: the limit is reached, or the upload is removed already.
    expect(
      (tally.TOO_MANY_ATTEMPTS ?? 0) + (tally.UPLOAD_NOT_FOUND ?? 0) + (tally.NOT_FOUND ?? 0),
    ).toBe(5);
    expect(await readdir(admin.uploadDir)).toEqual([]);

    const uploads = [];
    for (let upload = 0; upload < 4; upload++) uploads.push(await admin.upload(zip));
    const more = uploads.flatMap((id) => Array.from({ length: 8 }, () => unlock(admin, id, wrong)));
    expect(await tallyOf(await Promise.all(more))).toEqual({
      NO_MATCHING_IDENTITY: 10,
      TOO_MANY_ATTEMPTS: 22,
    });
  });

  it("are not what a right one, none, or an archive that needs none is counted as", async () => {
    await using it = await scene();
    const { admin, zip, identity, database } = it;
    const uploadId = await admin.upload(zip);
    for (let attempt = 0; attempt < 25; attempt++) {
      expect((await admin.fail("POST", "restores", { json: { uploadId } })).status).toBe(422);
    }
    expect((await unlock(admin, uploadId, identity)).status).toBe(201);
    const plain = await admin.upload(await admin.backup());
    expect((await unlock(admin, plain, identity)).status).toBe(201);
    const [{ attempts } = { attempts: "?" }] = await database.query<{ attempts: string }>(
      "SELECT sum(cardinality(attempted_at))::text AS attempts FROM prisma_backup_admin.unlock_attempts",
    );
    expect(attempts).toBe("0");
  });
});

describe("an upload", () => {
  it.each([
    ["another admin", "bob", 404, "UPLOAD_NOT_FOUND"],
    ["a person without rights", "clerk", 403, "FORBIDDEN"],
    ["nobody", null, 401, "UNAUTHENTICATED"],
  ] as const)(
    "is neither read, continued, deleted nor restored by %s",
    async (_, user, status, code) => {
      await using it = await scene();
      const { admin, zip, identity } = it;
      // Half of the archive has arrived.
      const created = await admin.call("POST", "uploads", {
        headers: { ...TUS, "upload-length": String(zip.length) },
      });
      const id = created.headers.get("location")?.split("/").at(-1) ?? "";
      const send = (from: number, to: number, as: string | null) =>
        admin.call("PATCH", `uploads/${id}`, {
          user: as,
          body: Uint8Array.from(zip.subarray(from, to)),
          headers: { ...CHUNK, "upload-offset": String(from) },
        });
      const middle = zip.length >> 1;
      expect((await send(0, middle, "ada")).status).toBe(204);
      const restore = { user, json: { uploadId: id, identity } };

      for (const method of ["HEAD", "DELETE"] as const) {
        const response = await admin.call(method, `uploads/${id}`, { user, headers: TUS });
        expect([method, response.status]).toEqual([method, status]);
        expect(response.headers.get("upload-offset")).toBeNull();
      }
      expect((await send(middle, zip.length, user)).status).toBe(status);
      expect(await admin.fail("POST", "restores", restore)).toMatchObject({ status, code });
      expect(await readFile(path.join(admin.uploadDir, id))).toEqual(
        Buffer.from(zip.subarray(0, middle)),
      );

      // The upload is complete and its owner has unlocked it.
      expect((await send(middle, zip.length, "ada")).status).toBe(204);
      expect(await admin.fail("POST", "restores", restore)).toMatchObject({ status, code });
      const { id: operation } = await admin.ok("POST", "restores", {
        json: { uploadId: id, identity },
      });
      await admin.reach(operation, "ready");
      const start = { user, json: { confirmation: it.database.name } };
      const refused = await admin.fail("POST", `restores/${operation}/start`, start);
      expect(refused).toMatchObject({ status: status === 404 ? 403 : status });
      expect(await admin.ok("GET", `operations/${operation}`)).toMatchObject({ state: "ready" });
      await admin.ok("POST", `operations/${operation}/cancel`, { json: {} });
      await admin.reach(operation, "cancelled");
      expect(await readdir(admin.uploadDir)).toEqual([]);
    },
  );

  it("that has expired is neither continued nor restored, and vanishes from the disk at the first touch", async () => {
    await using it = await scene();
    const { admin, zip, identity } = it;
    const yesterday = Date.now() / 1000 - 24 * 3600 - 1;
    for (const touch of [
      (id: string) => admin.call("HEAD", `uploads/${id}`, { headers: TUS }),
      (id: string) =>
        admin.call("PATCH", `uploads/${id}`, { headers: { ...CHUNK, "upload-offset": "0" } }),
      (id: string) => unlock(admin, id, identity),
    ]) {
      const id = await admin.upload(zip);
      for (const name of await readdir(admin.uploadDir)) {
        await utimes(path.join(admin.uploadDir, name), yesterday, yesterday);
      }
      expect((await touch(id)).status).toBe(404);
      expect(await readdir(admin.uploadDir)).toEqual([]);
    }
  });

  it("vanishes from the disk where nobody touches anything any more, also after a restart", async () => {
    await using it = await scene();
    const { admin, zip } = it;
    await admin.upload(zip);
    // Another process finds the upload. It keeps uploads for only one second.
    const authorize = () => null;
    const config = { prisma: {}, authorize, connectionString: "postgresql://nobody@127.0.0.1:1/x" };
    const { uploadDir } = admin;
    await openContext({ ...parseConfig({ ...config, uploadDir }), uploadMaxAgeMs: 1000 });
    expect(await readdir(admin.uploadDir)).toHaveLength(2);
    await until("it is gone", async () => (await readdir(admin.uploadDir)).length === 0);
  });
});
