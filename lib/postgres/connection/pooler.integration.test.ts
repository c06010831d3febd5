/** Tests against a real PgBouncer, in each of its modes. */
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { openConfiguredDatabase } from "../../config.ts";
import { createTestDatabase, pgDumpText, requireTool } from "../../testing/database.ts";
import { startPgBouncer } from "../../testing/pgbouncer.ts";
import { createTestAdmin, SHOP_SQL } from "../../testing/test-admin.ts";
import { cancelOnAbort, openDatabase } from "./connection.ts";
import { recogniseAccess } from "./pooler.ts";

const SETTINGS_SQL = `
  SELECT current_setting('search_path') || current_setting('TimeZone') || current_setting('lock_timeout') AS settings`;

async function settingsOf(url: string): Promise<unknown> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(SETTINGS_SQL);
  await client.end();
  return rows[0];
}

it("is not needed: a direct connection is recognised", async () => {
  await using database = await createTestDatabase();
  expect(await recogniseAccess({ connectionString: database.url })).toBe("direct");
});

describe.skipIf(!requireTool("pgbouncer"))("a pooler", () => {
  it.each([
    ["by transaction", "transaction", {}],
    ["by transaction, with one connection", "transaction", { default_pool_size: 1 }],
    ["by transaction, in turn", "transaction", { server_round_robin: 1, min_pool_size: 3 }],
    ["by statement", "statement", {}],
  ] as const)(
    "that works %s is refused, and no session keeps a setting of ours",
    async (_, mode, settings) => {
      await using database = await createTestDatabase({ sql: SHOP_SQL });
      await using pooler = await startPgBouncer(database.url, mode, settings);
      const config = { connectionString: pooler.url };
      const before = await settingsOf(pooler.url);
      // Like an app that keeps its connections busy.
      const app = new pg.Pool({ ...config, max: 3 });
      await Promise.all([1, 2, 3].map(() => app.query("SELECT pg_sleep(0.05)")));

      expect(await recogniseAccess(config)).toBe("transaction pooler");
      const refused = {
        code: "CONFIG_INVALID",
        message: expect.stringContaining("transaction pooler"),
        hint: expect.stringContaining("DIRECT_URL"),
      };
      const opened = openDatabase(config);
      await expect(opened.connect("backup")).rejects.toMatchObject(refused);
      await expect(opened.pool.query("SELECT 1")).rejects.toMatchObject(refused);
      await opened.close();
      await using admin = await createTestAdmin({ url: pooler.url });
      expect(await admin.fail("GET", "overview")).toMatchObject({ status: 500, ...refused });
      expect(await admin.fail("GET", "operations")).toMatchObject({ status: 500, ...refused });

      for (let session = 0; session < 5; session++) {
        expect(await settingsOf(pooler.url)).toEqual(before);
      }
      await app.end();
      // Nothing was created in the database either.
      expect(
        await database.query("SELECT FROM pg_namespace WHERE nspname = 'prisma_backup_admin'"),
      ).toEqual([]);
    },
  );

  it("that the app's own client uses gives way to DIRECT_URL of the same database, and of no other", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using other = await createTestDatabase();
    await using pooler = await startPgBouncer(database.url, "transaction");
    const prisma = {
      _engineConfig: { adapter: new PrismaPg({ connectionString: pooler.url }) },
    };
    const serverOf = async (DIRECT_URL: string) => {
      const opened = await openConfiguredDatabase({ prisma }, { DIRECT_URL });
      await opened.close();
      return opened.server;
    };
    expect(await serverOf(database.url)).toBe(new URL(database.url).host);
    expect(await serverOf(other.url)).toBe(new URL(pooler.url).host);
  });

  it("that works by session is as good as none: backup, restore, cancellation", async () => {
    await using database = await createTestDatabase({ sql: SHOP_SQL });
    await using pooler = await startPgBouncer(database.url, "session");
    expect(await recogniseAccess({ connectionString: pooler.url })).toBe("session pooler");
    const before = await pgDumpText(database.url);
    await using admin = await createTestAdmin({ url: pooler.url });
    const uploadId = await admin.upload(await admin.backup());
    await database.query("DELETE FROM orders; UPDATE customers SET name = 'changed since'");
    const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
    await admin.reach(id, "ready");
    await admin.ok("POST", `restores/${id}/start`, { json: { confirmation: database.name } });
    await admin.reach(id, "succeeded");
    expect(await pgDumpText(database.url)).toBe(before);

    const opened = openDatabase({ connectionString: pooler.url });
    const client = await opened.connect("test");
    const controller = new AbortController();
    const stopListening = cancelOnAbort(client, opened, controller.signal);
    const sleeping = client.query("SELECT pg_sleep(60)");
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: "57014" });
    stopListening();
    await client.end();
    await opened.close();
  });

  it("that has one connection for each of too few clients makes nobody wait for ever", async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPgBouncer(database.url, "session", { default_pool_size: 1 });
    expect(await recogniseAccess({ connectionString: pooler.url })).toBe("session pooler");
  });

  it("that takes no `options` says so, and what to do", async () => {
    await using database = await createTestDatabase();
    await using pooler = await startPgBouncer(database.url, "session");
    const url = new URL(pooler.url);
    url.searchParams.set("options", "-c search_path=public");
    const opened = openDatabase({ connectionString: url.href });
    await expect(opened.connect("backup")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("options"),
    });
    await opened.close();
  });
});
