import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import type { Activity } from "../shared/api.ts";
import { createTestDatabase } from "../testing/database.ts";
import { createTestAdmin, SHOP_SQL } from "../testing/test-admin.ts";

it("lists all that was done, filtered, searched and page by page", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const list = async (query = "") => {
    const { total, operations } = await admin.ok<Activity>("GET", `activity${query}`);
    return { total, names: operations.map(({ fileName }) => fileName) };
  };
  expect(await list()).toEqual({ total: 0, names: [] });
  const zip = await admin.backup();
  const uploadId = await admin.upload(zip);
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");

  const sha256 = createHash("sha256").update(zip).digest("hex");
  // The backup that made the file and the restore that read it have the same checksum.
  expect(await list(`?search=${sha256.slice(10, 40)}`)).toMatchObject({ total: 2 });
  expect(await list("?kind=restore&state=ready")).toEqual({ total: 1, names: ["my backup.zip"] });
  expect(await list(`?search=${id.slice(0, 13).toUpperCase()}`)).toMatchObject({ total: 1 });

  // Thirty operations of another person. Some file names contain characters with a meaning in LIKE.
  await database.query(
    `INSERT INTO prisma_backup_admin.operations (kind, state, actor, request, file_name, progress, created_at, ended_at)
     SELECT 'backup', CASE WHEN i > 20 THEN 'failed' ELSE 'succeeded' END, '{"id":"x@shop.example","name":"Zoë O''Neil"}', '{"kind":"backup","tables":null}',
       format('50%%_of\\%s.zip', i), '{"stage":"backup","phase":"finishing","tables":[{"name":"a"}]}', now() - i * interval '1 day', now()
     FROM generate_series(1, 30) i`,
  );
  expect(await list("?search=50%25_of")).toMatchObject({ total: 30 });
  expect(await list("?search=50_")).toMatchObject({ total: 0 });
  expect(await list("?search=%5C7.")).toEqual({ total: 1, names: ["50%_of\\7.zip"] });
  expect(await list(`?search=${encodeURIComponent("zoë o'n")}`)).toMatchObject({ total: 30 });
  expect(await list("?search=SHOP.example&state=failed&kind=backup")).toMatchObject({ total: 10 });
  expect(await list("?search=SHOP.example&kind=restore")).toMatchObject({ total: 0 });

  const first = await list();
  const second = await list("?page=2&search=");
  expect([first.total, first.names.length, second.total, second.names.length]).toEqual([
    32, 25, 32, 7,
  ]);
  expect(first.names[0]).toBe("my backup.zip");
  expect(new Set([...first.names, ...second.names]).size).toBe(32);
  expect(await list("?page=3")).toEqual({ total: 32, names: [] });
  const { operations } = await admin.ok<Activity>("GET", "activity?state=succeeded");
  expect(operations.every((operation) => !("plan" in operation) && !operation.progress)).toBe(true);

  for (const nonsense of [
    "?page=0",
    "?page=1.5",
    "?kind=other",
    "?state=",
    "?sort=name",
    "?page=1&page=2",
    `?search=${"x".repeat(201)}`,
  ]) {
    expect(await admin.fail("GET", `activity${nonsense}`), nonsense).toMatchObject({
      status: 400,
      code: "REQUEST_INVALID",
    });
  }
  await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
  await admin.reach(id, "cancelled");
});
