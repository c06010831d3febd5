import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { createTestDatabase } from "../lib/testing/database.ts";
import { pgDumpText, requireTool } from "../lib/testing/oracles.ts";
import { migrate } from "./migrate.ts";
import { seed } from "./seed.ts";

/** `_prisma_migrations` contains times and random ids. */
const withoutHistory = (dump: string) =>
  dump.replace(/COPY public\._prisma_migrations.*?\n\\\.\n/s, "");

it.skipIf(!requireTool("pg_dump"))("fills two databases alike, and once only", async () => {
  await using one = await createTestDatabase();
  await using other = await createTestDatabase();
  for (const { url } of [one, other]) {
    expect(await migrate(url)).toEqual([
      "20260105090000_init",
      "20260302141500_audit_events",
      "20260518093000_shipment_lines_index",
    ]);
    expect(await seed(url, { scale: 0.25 })).toBeGreaterThan(20_000);
  }
  const dump = withoutHistory(await pgDumpText(one.url));
  expect(withoutHistory(await pgDumpText(other.url)) === dump).toBe(true);

  expect(await migrate(one.url)).toEqual([]);
  expect(await seed(one.url)).toBeNull();
  expect(withoutHistory(await pgDumpText(one.url)) === dump).toBe(true);
});

it.skipIf(!requireTool("sha256sum"))(
  "records migrations under the checksum that Prisma computes",
  async () => {
    await using database = await createTestDatabase();
    await migrate(database.url);
    const rows = await database.query(
      "SELECT migration_name, checksum, applied_steps_count FROM _prisma_migrations ORDER BY 1",
    );
    for (const { migration_name, checksum, applied_steps_count } of rows) {
      const { stdout } = await promisify(execFile)("sha256sum", [
        `prisma/migrations/${migration_name}/migration.sql`,
      ]);
      expect(stdout.split(" ")[0]).toBe(checksum);
      expect(applied_steps_count).toBe(1);
    }
  },
);

it("holds the kinds of values that a backup can lose", async () => {
  await using database = await createTestDatabase();
  await migrate(database.url);
  await seed(database.url, { scale: 0.25 });
  const [counts] = await database.query(`SELECT
    (SELECT count(*) FROM customers WHERE preferences IS NULL) > 0 AS sql_null,
    (SELECT count(*) FROM customers WHERE preferences = 'null') > 0 AS json_null,
    (SELECT count(*) FROM customers WHERE cardinality(labels) > 0) > 0 AS arrays,
    (SELECT count(*) FROM orders WHERE extract(microseconds FROM placed_at)::int % 1000 <> 0) > 0 AS microseconds,
    (SELECT count(*) FROM orders WHERE current_invoice_id IS NOT NULL) > 0 AS order_cycle,
    (SELECT count(*) FROM departments WHERE head_id IS NOT NULL) = 5 AS department_cycle,
    (SELECT count(*) FROM categories WHERE parent_id IS NOT NULL) > 0 AS tree,
    (SELECT count(*) FROM product_pictures WHERE substr(content, 2, 3) = 'PNG') > 0 AS pictures,
    (SELECT last_value FROM orders_id_seq) = (SELECT max(id) FROM orders) AS sequence`);
  expect(Object.entries(counts ?? {}).filter(([, holds]) => holds !== true)).toEqual([]);
});

it("leaves a database of something else alone", async () => {
  await using database = await createTestDatabase({ sql: "CREATE TABLE theirs (id int)" });
  await expect(migrate(database.url)).rejects.toThrow("tables of something else");
  const tables = await database.query(
    "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
  );
  expect(tables).toEqual([{ tablename: "theirs" }]);
});
