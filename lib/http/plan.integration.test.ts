import { expect, it } from "vitest";
import type { Operation, RestorePlan } from "../shared/api.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { createTestDatabase, pgDumpText } from "../testing/database.ts";
import { createTestAdmin, SHOP_SQL } from "../testing/test-admin.ts";

const table = (name: string) => ({ schema: "public", name });
const actions = ({ plan }: Operation) =>
  plan?.tables.map(({ name, action }) => `${action} ${name}`).toSorted();
const isRehearsed = ({ checks }: RestorePlan) => checks.some(({ name }) => name === "rehearsal");

it("plans and rehearses a restore that waits anew, as often as one likes, and starts the last plan", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const uploadId = await admin.upload(await admin.backup());
  await database.query("UPDATE customers SET name = 'changed'; UPDATE orders SET total = 0");
  const before = await pgDumpText(database.url);
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  const first = await admin.reach(id, "ready");
  expect(actions(first)).toEqual(["replace customers", "replace orders"]);
  expect(first.plan?.rehearsal).toBeNull();
  const report = `restores/${id}/rehearsal`;

  const plan = async (json: unknown) => {
    const running = await admin.ok("POST", `restores/${id}/plan`, { json });
    expect(["running", "ready"]).toContain(running.state);
    return admin.reach(id, "ready");
  };
  const customers = { mode: "replace", tables: [table("customers")] };
  const rehearsed = await plan({ scope: customers, rehearse: true });
  expect(rehearsed.plan?.scope).toEqual(customers);
  expect(actions(rehearsed)).toEqual(["replace customers", "skip orders"]);
  expect(rehearsed.plan?.rehearsal).toMatchObject({
    wouldSucceed: true,
    changes: { added: 0, removed: 0, changed: 50, same: 0 },
    violations: 0,
  });
  expect(rehearsed.progress.stage).toBe("rehearsal");
  const { tables } = await admin.ok<RehearsalReport>("GET", report);
  expect(tables.map(({ name }) => name)).toEqual(["customers"]);

  const excluding = { mode: "replace", exclude: [table("orders")] };
  const without = await plan({ scope: excluding, rehearse: true });
  expect(without.plan?.scope).toEqual(excluding);
  expect(actions(without)).toEqual(["replace customers", "skip orders"]);
  expect(without.plan?.rehearsal).toMatchObject({ wouldSucceed: true, changes: { changed: 50 } });

  const merged = await plan({ scope: { mode: "keep-existing" }, rehearse: false });
  expect(actions(merged)).toEqual(["merge customers", "merge orders"]);
  expect(merged.plan && isRehearsed(merged.plan)).toBe(false);
  expect(await admin.fail("GET", report)).toMatchObject({ code: "OPERATION_NOT_FOUND" });

  // Refused: a table that the backup does not contain, an incomplete request, and a request of another person.
  const wrong = { scope: { mode: "replace", tables: [table("other")] }, rehearse: false };
  const path = `restores/${id}/plan`;
  expect(await admin.fail("POST", path, { json: wrong })).toMatchObject({
    code: "REQUEST_INVALID",
  });
  expect(await admin.fail("POST", path, { json: { scope: customers } })).toMatchObject({
    code: "REQUEST_INVALID",
  });
  const right = { scope: customers, rehearse: false };
  expect(await admin.fail("POST", path, { json: right, user: "bob" })).toMatchObject({
    code: "FORBIDDEN",
  });
  expect(await pgDumpText(database.url)).toBe(before);

  await plan(right);
  const json = { confirmation: database.name, safetyBackup: false };
  await admin.ok("POST", `restores/${id}/start`, { json });
  const done = await admin.reach(id, "succeeded");
  expect(done.progress.stage).toBe("restore");
  expect(
    await database.query(
      "SELECT (SELECT count(*)::int FROM customers WHERE name = 'changed') AS customers, (SELECT count(*)::int FROM orders WHERE total = 0) AS orders",
    ),
  ).toEqual([{ customers: 0, orders: 500 }]);
  expect(await admin.fail("POST", path, { json: right })).toMatchObject({
    code: "OPERATION_STATE",
  });
  expect(admin.log).toEqual([]);
});

it("starts what drifted only where that was agreed to", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const uploadId = await admin.upload(await admin.backup());
  await database.query("ALTER TABLE customers ADD COLUMN phone text");
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");
  const start = { confirmation: database.name, safetyBackup: false };
  const path = `restores/${id}/start`;
  expect(await admin.fail("POST", path, { json: start })).toMatchObject({
    code: "SCHEMA_DRIFT",
    hint: expect.stringContaining("confirm"),
  });
  // The differences are no longer those that were accepted.
  await database.query("ALTER TABLE customers ADD COLUMN fax text");
  await admin.ok("POST", path, { json: { ...start, acceptDrift: true } });
  await expect(admin.reach(id, "succeeded")).rejects.toThrow("SCHEMA_DRIFT");
});
