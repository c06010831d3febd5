import { expect, it } from "vitest";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { createTestDatabase, pgDumpText } from "../testing/database.ts";
import { createTestAdmin, SHOP_SQL } from "../testing/test-admin.ts";

it("rehearses with the check where that is asked for, and keeps the report until the start", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const zip = await admin.backup();
  await database.query("UPDATE customers SET name = 'a-secret-name' WHERE id <= 3");
  const before = await pgDumpText(database.url);

  const check = async (rehearse?: boolean) => {
    const uploadId = await admin.upload(zip);
    const { id } = await admin.ok("POST", "restores", { json: { uploadId, rehearse } });
    return admin.reach(id, "ready", "failed");
  };
  const ready = await check(true);
  expect(ready.plan?.checks.at(-1)).toEqual({
    name: "rehearsal",
    state: "passed",
    message: "A trial run of the whole restore succeeded.",
  });
  expect(await pgDumpText(database.url)).toBe(before);
  const path = `restores/${ready.id}/rehearsal`;
  const report: RehearsalReport = await (await admin.call("GET", path)).json();
  expect(report.wouldSucceed).toBe(true);
  const customers = report.tables.find(({ name }) => name === "customers");
  expect(customers?.changes).toMatchObject({ added: 0, removed: 0, changed: 3 });
  expect(customers?.samples[0]?.changedColumns).toEqual(["name"]);
  // Only the person who holds the archive can see rows, and only in the report.
  expect(await admin.fail("GET", path, { user: "bob" })).toMatchObject({ code: "FORBIDDEN" });
  expect(JSON.stringify(ready)).not.toContain("a-secret-name");
  const list = await (await admin.call("GET", "operations")).text();
  expect(list).not.toContain("a-secret-name");
  const json = { confirmation: database.name };
  await admin.ok("POST", `restores/${ready.id}/start`, { json });
  await admin.reach(ready.id, "succeeded");
  expect(await admin.fail("GET", path)).toMatchObject({ code: "OPERATION_NOT_FOUND" });
  const stored = await database.query(
    "SELECT o::text AS text FROM prisma_backup_admin.operations o",
  );
  expect(JSON.stringify(stored)).not.toContain("a-secret-name");

  await database.query(
    "ALTER TABLE customers ADD CONSTRAINT few CHECK (id < 40) NOT VALID; ALTER TABLE customers ADD CONSTRAINT fewer UNIQUE (id)",
  );
  expect((await check(true)).plan?.checks.at(-1)).toMatchObject({
    name: "rehearsal",
    state: "passed",
  });
  await database.query("TRUNCATE customers CASCADE; ALTER TABLE customers VALIDATE CONSTRAINT few");
  const failing = await check(true);
  expect(failing.plan?.checks.at(-1)).toMatchObject({
    name: "rehearsal",
    state: "warning",
    message: expect.stringMatching(/failed, and so would the restore: .*constraint few/),
  });
  const without = await check();
  expect(without.plan?.checks.map(({ name }) => name)).not.toContain("rehearsal");
  expect(await admin.fail("GET", `restores/${without.id}/rehearsal`)).toMatchObject({
    code: "OPERATION_NOT_FOUND",
  });
  expect(await admin.log).toEqual([]);
});
