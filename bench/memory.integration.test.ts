import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTestDatabase } from "../lib/testing/database.ts";
import { ROOT } from "../scripts/run.ts";
import { measure } from "./measure.ts";
import { postsSql } from "./posts.ts";

const MAX_GROWTH_BYTES = 100e6;

const CASES = [
  {
    name: "400,000 rows, 230 MB of JSON",
    statements: postsSql(400_000).split(";\n"),
    tables: ["post", "author"],
    count: "SELECT count(*)::int AS rows FROM post",
    rows: 400_000,
    zipBytes: 20e6,
  },
  {
    // Each table needs its own streams, key and zip entry, and the garbage collector would free them too late.
    name: "600 tables of 200 rows",
    statements: Array.from(
      { length: 600 },
      (_, t) => `CREATE TABLE t${t} AS
        SELECT i AS id, md5((i + ${t})::text) AS name FROM generate_series(1, 200) i`,
    ),
    tables: Array.from({ length: 600 }, (_, t) => `t${t}`),
    count: "SELECT ((SELECT count(*) FROM t0) + (SELECT count(*) FROM t599))::int AS rows",
    rows: 400,
    zipBytes: 2e6,
  },
];

// Other systems do not report a process' peak from outside.
test.skipIf(process.platform !== "linux").each(CASES)(
  "$name stream: neither backup nor restore grows the process by 100 MB",
  async ({ statements, tables, count, rows, zipBytes }) => {
    await using database = await createTestDatabase();
    for (const statement of statements) await database.query(statement);
    const folder = await mkdtemp(join(tmpdir(), "memory-"));
    try {
      const zip = join(folder, "backup.zip");
      const passphrase = join(folder, "passphrase");
      await writeFile(passphrase, "correct horse battery staple\n");
      const key = ["--passphrase-file", passphrase];
      const cli = (...args: string[]) =>
        measure(process.execPath, [join(ROOT, "dist/lib/cli/main.js"), ...args]);

      const idle = await cli("help");
      const backup = await cli("create", "--url", database.url, "--out", zip, ...key);
      await database.query(`TRUNCATE ${tables.join(", ")}`);
      const restore = await cli("restore", zip, "--url", database.url, "--yes", ...key);

      // Proves that the measured run really moved the rows.
      expect((await stat(zip)).size).toBeGreaterThan(zipBytes);
      expect(await database.query(count)).toEqual([{ rows }]);
      const growth = ({ peakRssBytes }: typeof idle) =>
        (peakRssBytes ?? Number.NaN) - (idle.peakRssBytes ?? Number.NaN);
      expect(growth(backup)).toBeLessThan(MAX_GROWTH_BYTES);
      expect(growth(restore)).toBeLessThan(MAX_GROWTH_BYTES);
      console.log(
        `growth: backup ${Math.round(growth(backup) / 1e6)} MB, restore ${Math.round(growth(restore) / 1e6)} MB`,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  15 * 60_000,
);
