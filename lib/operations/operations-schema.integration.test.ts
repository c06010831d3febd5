import { expect, it } from "vitest";
import { createTestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";
import { createTestAdmin, SHOP_SQL } from "../testing/test-admin.ts";

const versionOf = (database: { query(sql: string): Promise<unknown[]> }) =>
  database.query(
    "SELECT obj_description('prisma_backup_admin'::regnamespace, 'pg_namespace') AS comment",
  );

it("brings what version 0.1.0 has recorded to what is recorded today", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using before = await createTestAdmin({ url: database.url });
  await before.backup();
  await until("the backup has ended", async () => {
    const [operation] = await before.ok<Array<{ state: string }>>("GET", "operations");
    return operation?.state === "succeeded";
  });
  // The schema as that version left it.
  await database.query(
    `ALTER TABLE prisma_backup_admin.operations DROP step_requested, DROP step, DROP step_refused, DROP step_taken,
       DROP archive, DROP safety_backup, DROP undoes, DROP can_start, DROP result_rows, DROP archive_bytes,
       DROP cancelled_by, DROP result_tables, DROP tables_in_database;
     DROP TABLE prisma_backup_admin.rehearsal_requests;
     COMMENT ON SCHEMA prisma_backup_admin IS 'prisma-backup-admin, version 3'`,
  );
  await using admin = await createTestAdmin({ url: database.url });
  const operations = await admin.ok<object[]>("GET", "operations");
  expect(operations).toMatchObject([
    {
      kind: "backup",
      state: "succeeded",
      archive: null,
      safetyBackup: null,
      undoes: null,
      rows: 550,
      tables: 2,
      tablesInDatabase: 2,
    },
  ]);
  expect(await versionOf(database)).toEqual([{ comment: "prisma-backup-admin, version 8" }]);
  const uploadId = await admin.upload(await admin.backup());
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");
  await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: database.name } });
  await admin.reach(id, "succeeded");
});

it("removes what the version before has kept of a rehearsal", async () => {
  await using database = await createTestDatabase({ sql: SHOP_SQL });
  await using before = await createTestAdmin({ url: database.url });
  await before.ok("GET", "operations");
  await database.query(
    `INSERT INTO prisma_backup_admin.operations (kind, state, actor, request, file_name, progress, heartbeat_at)
       VALUES ('restore', 'ready', '{"id": "ada", "name": "Ada"}',
         '{"kind": "restore", "uploadId": "u", "rehearsal": {"tables": [{"samples": ["a-secret-name"]}]}}', 'a.zip', '{}', now());
     DROP TABLE prisma_backup_admin.rehearsal_requests;
     ALTER TABLE prisma_backup_admin.operations DROP can_start, DROP result_rows, DROP archive_bytes, DROP cancelled_by,
       DROP result_tables, DROP tables_in_database;
     COMMENT ON SCHEMA prisma_backup_admin IS 'prisma-backup-admin, version 4'`,
  );
  await using admin = await createTestAdmin({ url: database.url });
  await admin.ok("GET", "operations");
  expect(await database.query("SELECT request FROM prisma_backup_admin.operations")).toEqual([
    { request: { kind: "restore", uploadId: "u" } },
  ]);
});
