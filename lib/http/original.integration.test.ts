/** Restores a backup that the original add-on wrote, through the real route handlers. */
import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { createTestDatabase, pgDumpText } from "../testing/database.ts";
import { fixture } from "../testing/original-backups.ts";
import { restoredSql, SCHEMA_SQL } from "../testing/original-source.ts";
import { createTestAdmin } from "../testing/test-admin.ts";

const PASSWORD = "a-very-strong-password";

it("uploads, unlocks, checks and restores: all is back but what the files have lost", async () => {
  await using database = await createTestDatabase({ sql: SCHEMA_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  await using source = await createTestDatabase({ sql: await restoredSql() });
  const empty = await pgDumpText(database.url);

  const zip = await readFile(fixture("encrypted-zipped/encrypted-zipped.zip"));
  const uploadId = await admin.upload(zip);
  for (const attempt of [{}, { passphrase: "not-the-password" }]) {
    const error = await admin.fail("POST", "restores", { json: { uploadId, ...attempt } });
    expect(error).toMatchObject({ status: 422, code: "WRONG_PASSPHRASE" });
  }
  const { id } = await admin.ok("POST", "restores", { json: { uploadId, passphrase: PASSWORD } });
  const ready = await admin.reach(id, "ready");
  expect(ready).toMatchObject({
    encryption: "passphrase",
    changed: "nothing",
    plan: {
      canStart: true,
      drift: [],
      manifest: {
        formatVersion: null,
        createdAt: null,
        database: null,
        tool: "@vorlefan/prisma-backup",
      },
    },
  });
  const lost = (ready.plan?.warnings ?? []).map(({ code, table }) =>
    table ? `${code} ${table.name}` : code,
  );
  expect(lost).toEqual(
    expect.arrayContaining([
      "ORIGINAL_INTEGRITY",
      "ORIGINAL_MICROSECONDS Misc",
      "ORIGINAL_MICROSECONDS User",
      "ORIGINAL_JSON_NULL Post",
      "ORIGINAL_JSON_PRECISION Doc",
    ]),
  );
  expect(ready.plan?.checks.filter(({ state }) => state === "failed")).toEqual([]);
  expect(JSON.stringify(ready.plan)).not.toContain("checksum of");
  expect(await pgDumpText(database.url)).toBe(empty);

  await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: database.name } });
  const done = await admin.reach(id, "succeeded", "failed");
  expect(done).toMatchObject({ state: "succeeded", changed: "everything", error: null });
  expect(await pgDumpText(database.url)).toBe(await pgDumpText(source.url));
  expect(await readdir(admin.uploadDir)).toEqual([]);

  // The safety backup is encrypted as backups are today, and opens with the same password.
  expect(done.safetyBackup?.encryption).toBe("passphrase");
  const json = { undo: id, passphrase: PASSWORD };
  const undo = await admin.ok("POST", "restores", { json });
  await admin.reach(undo.id, "ready");
  await admin.ok("POST", `restores/${undo.id}/start`, {
    json: { confirmation: database.name, safetyBackup: false },
  });
  await admin.reach(undo.id, "succeeded");
  expect(await pgDumpText(database.url)).toBe(empty);
  expect(admin.log).toEqual([]);
});
