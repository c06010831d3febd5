import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../scripts/run.ts";
import { createTestDatabase } from "../scripts/testing/database.ts";
import { measure } from "./measure.ts";
import { postsSql } from "./posts.ts";

const ROWS = 400_000;
const MAX_GROWTH_BYTES = 100e6;

// Other systems do not tell a process's peak from outside.
test.skipIf(process.platform !== "linux")(
  "400,000 rows, 230 MB of JSON, stream: neither backup nor restore grows the process by 100 MB",
  async () => {
    await using database = await createTestDatabase();
    for (const statement of postsSql(ROWS).split(";\n")) await database.query(statement);
    const folder = await mkdtemp(join(tmpdir(), "memory-"));
    try {
      const zip = join(folder, "backup.zip");
      const passphrase = join(folder, "passphrase");
      await writeFile(passphrase, "correct horse battery staple\n");
      const key = ["--passphrase-file", passphrase];
      const cli = (...args: string[]) =>
        measure(process.execPath, [join(ROOT, "lib/cli/main.ts"), ...args]);

      const idle = await cli("help");
      const backup = await cli("create", "--url", database.url, "--out", zip, ...key);
      await database.query("TRUNCATE post, author");
      const restore = await cli("restore", zip, "--url", database.url, "--yes", ...key);

      // The figures are of a run that really moved the rows.
      expect((await stat(zip)).size).toBeGreaterThan(20e6);
      expect(await database.query("SELECT count(*)::int AS rows FROM post")).toEqual([
        { rows: ROWS },
      ]);
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
