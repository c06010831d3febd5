import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { ListedOperation } from "../shared/api.ts";
import { createTestDatabase, requireTool, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin, SHOP_SQL } from "../testing/test-admin.ts";

const run = promisify(execFile);
/** About 60 MB of rows that compress badly, far more than all buffers between server and client. */
const LARGE_SQL = `CREATE TABLE large AS
  SELECT i, (SELECT string_agg(md5(random()::text || n), '') FROM generate_series(1, 6 + i * 0) n) AS text
  FROM generate_series(1, 300000) i`;

const backupConnections = async (database: TestDatabase): Promise<number> => {
  const rows = await database.query(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prisma-backup-admin backup'",
  );
  return rows.length;
};

it("creates a backup, streams it once to the person who asked, and records what it was", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const created = await admin.ok("POST", "backups", { json: { encryption: { mode: "none" } } });
  expect(created).toMatchObject({
    kind: "backup",
    state: "pending",
    actor: { id: "ada", name: "Ada Admin" },
    encryption: "none",
    changed: "nothing",
    startedAt: null,
  });
  expect(created.fileName).toMatch(/^test_[\w-]+-\d{4}-\d\d-\d\d-\d{4}Z\.zip$/);
  const archive = `backups/${created.id}/archive`;
  expect(await admin.fail("GET", archive, { user: "bob" })).toMatchObject({ code: "FORBIDDEN" });

  const response = await admin.call("GET", archive);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/zip",
    "content-disposition": `attachment; filename="${created.fileName}"`,
    "cache-control": "no-store",
  });
  expect(response.headers.has("content-length")).toBe(false);
  expect(await admin.fail("GET", archive)).toMatchObject({ status: 409, code: "OPERATION_STATE" });
  const zip = Buffer.from(await response.arrayBuffer());
  expect(zip.subarray(0, 2).toString()).toBe("PK");

  const done = await admin.reach(created.id, "succeeded");
  expect(done.result).toMatchObject({
    rows: 550,
    archiveBytes: zip.length,
    fileName: created.fileName,
  });
  expect(done.archive).toEqual({
    sizeBytes: zip.length,
    sha256: createHash("sha256").update(zip).digest("hex"),
  });
  expect(done.progress.tables.map(({ name, state, rows }) => [name, state, rows])).toEqual([
    ["customers", "done", 50],
    ["orders", "done", 500],
  ]);
  expect(done.endedAt).not.toBeNull();
  expect(await admin.fail("GET", archive)).toMatchObject({ code: "OPERATION_STATE" });
  const [listed] = await admin.ok<ListedOperation[]>("GET", "operations");
  const { rows, archiveBytes } = done.result ?? {};
  expect(listed).toMatchObject({ id: done.id, rows, archiveBytes, progress: null });
  expect(listed).toMatchObject({ tables: 2, tablesInDatabase: 2 });
  expect(await backupConnections(database)).toBe(0);
});

it("says in the name, the list and the backup itself that tables are missing", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const tables = [{ schema: "public", name: "customers" }];
  // The download ends a moment before the operation does.
  const listBackup = () =>
    until("the newest operation has succeeded", async () => {
      const [newest] = await admin.ok<ListedOperation[]>("GET", "operations");
      return newest?.state === "succeeded" ? newest : null;
    });
  const file = await admin.backup({ mode: "none" }, tables);
  const listed = await listBackup();
  expect(listed).toMatchObject({ tables: 1, tablesInDatabase: 2 });
  expect(listed.fileName).toMatch(/-\d{4}Z-1-of-2-tables\.zip$/);
  const { id } = await admin.ok("POST", "restores", {
    json: { uploadId: await admin.upload(file) },
  });
  const { plan } = await admin.reach(id, "ready");
  expect(plan?.manifest).toMatchObject({ tablesInDatabase: 2, tables });

  const all = [...tables, { schema: "public", name: "orders" }];
  await admin.backup({ mode: "none" }, all);
  const whole = await listBackup();
  expect(whole).toMatchObject({ tables: 2, tablesInDatabase: 2 });
  expect(whole.fileName).toMatch(/-\d{4}Z\.zip$/);
});

it("frees the connection when the browser gives the download up", async () => {
  await using database = await createTestDatabase({ sql: LARGE_SQL, copied: true });
  await using admin = await createTestAdmin({ url: database.url });
  for (const chunks of [20, 0]) {
    const { id } = await admin.ok("POST", "backups", { json: { encryption: { mode: "none" } } });
    const response = await admin.call("GET", `backups/${id}/archive`);
    const reader = response.body?.getReader();
    for (let chunk = 0; chunk < chunks; chunk++) await reader?.read();
    await until("it is under way", async () => (await backupConnections(database)) === 1);
    expect((await admin.ok("GET", `operations/${id}`)).state).toBe("running");
    // With 0 chunks, the client was gone before the response began. Nothing reports that to the server.
    if (chunks > 0) await reader?.cancel();
    const operation = await admin.reach(id, "cancelled");
    expect(operation.error).toMatchObject({ code: "ABORTED" });
    await until("the connection is free", async () => (await backupConnections(database)) === 0);
  }
});

it("breaks the download where the backup fails or is cancelled midway", async () => {
  await using database = await createTestDatabase({ sql: LARGE_SQL, copied: true });
  await using admin = await createTestAdmin({ url: database.url });
  for (const how of ["failed", "cancelled"] as const) {
    const { id } = await admin.ok("POST", "backups", { json: { encryption: { mode: "none" } } });
    const response = await admin.call("GET", `backups/${id}/archive`);
    const reader = response.body?.getReader();
    for (let chunk = 0; chunk < 20; chunk++) await reader?.read();
    if (how === "failed") {
      await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prisma-backup-admin backup' AND datname = current_database()",
      );
    } else {
      const asked = await admin.ok("POST", `operations/${id}/cancel`, { user: "bob", json: {} });
      expect(asked.state).not.toBe("succeeded");
    }
    const readAll = async () => {
      while (!(await reader?.read())?.done);
    };
    await expect(readAll()).rejects.toThrow();
    const operation = await admin.reach(id, how);
    expect(operation.error?.code).toBe(how === "failed" ? "DUMP_FAILED" : "ABORTED");
    expect(await admin.fail("POST", `operations/${id}/cancel`, { json: {} })).toMatchObject({
      code: "OPERATION_STATE",
    });
    await until("the connection is free", async () => (await backupConnections(database)) === 0);
  }
});

it("lets a download that nobody began be cancelled, or expire", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using admin = await createTestAdmin({ url: database.url });
  const create = () => admin.ok("POST", "backups", { json: { encryption: { mode: "none" } } });
  const first = await create();
  const cancelled = await admin.ok("POST", `operations/${first.id}/cancel`, { json: {} });
  expect(cancelled.state).toBe("cancelled");
  const second = await create();
  await database.query(
    "UPDATE prisma_backup_admin.operations SET created_at = created_at - interval '10 minutes'",
  );
  expect((await admin.ok("GET", `operations/${second.id}`)).state).toBe("cancelled");
  for (const { id } of [first, second]) {
    expect(await admin.fail("GET", `backups/${id}/archive`)).toMatchObject({
      code: "OPERATION_STATE",
    });
  }
});

it("makes one schema for itself, whoever comes first, and says what a role without rights needs", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  const admins = await Promise.all(
    Array.from({ length: 6 }, () => createTestAdmin({ url: database.url })),
  );
  await Promise.all(admins.map((admin) => admin.ok("GET", "operations")));
  await Promise.all(admins.map((admin) => admin[Symbol.asyncDispose]()));

  await using other = await createTestDatabase();
  const role = `${other.name}_clerk`;
  await other.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
  try {
    const url = new URL(other.url);
    url.username = role;
    url.password = "x";
    await using admin = await createTestAdmin({ url: url.href });
    expect(await admin.fail("GET", "operations")).toMatchObject({
      status: 422,
      code: "INSUFFICIENT_PRIVILEGE",
      hint: expect.stringContaining("CREATE SCHEMA prisma_backup_admin AUTHORIZATION"),
    });
    await other.query(`CREATE SCHEMA prisma_backup_admin AUTHORIZATION ${role}`);
    expect(await admin.ok("GET", "operations")).toEqual([]);
  } finally {
    await other.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

it.skipIf(!requireTool("pg_dump"))(
  "keeps no passphrase, and no key once it has ended",
  async () => {
    const passphrase = "plainly-visible-passphrase";
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using admin = await createTestAdmin({ url: database.url });
    const dump = async () =>
      (await run("pg_dump", ["--schema=prisma_backup_admin", `--dbname=${database.url}`])).stdout;
    const encryption = { mode: "passphrase", passphrase };
    const { id } = await admin.ok("POST", "backups", { json: { encryption } });
    const pending = await dump();
    expect(pending).toContain("keyFile");
    expect(pending).not.toContain(passphrase);
    await (await admin.call("GET", `backups/${id}/archive`)).arrayBuffer();
    await admin.reach(id, "succeeded");
    const zip = await admin.backup(encryption);
    const uploadId = await admin.upload(zip);
    const wrong = { uploadId, passphrase: `not-${passphrase}` };
    await admin.fail("POST", "restores", { json: wrong });
    const restore = await admin.ok("POST", "restores", { json: { uploadId, passphrase } });
    await admin.reach(restore.id, "ready");
    const ended = await dump();
    expect(ended).not.toContain(passphrase);
    expect(ended).not.toContain("keyFile");
    expect(admin.log.join()).not.toContain(passphrase);
    await admin.ok("POST", `operations/${restore.id}/cancel`, { json: {} });
    await admin.reach(restore.id, "cancelled");
  },
);
