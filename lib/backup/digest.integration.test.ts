import { createHash } from "node:crypto";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { openDatabase } from "../postgres/connection/connection.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import { createTestDatabase } from "../testing/database.ts";
import { runBackup } from "./run-backup.ts";

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => setImmediate(done) });

/** About 20 MB with all characters that must be escaped. */
const LARGE_SQL = `CREATE TABLE large AS
  SELECT i AS id, repeat(E'plain "quoted" \\\\ \\t\\n\\u0001 é ' || i, 15) AS text, jsonb_build_object('a "b"', i) AS json,
    CASE WHEN i % 3 = 0 THEN (i / 7.0)::float8 END AS number FROM generate_series(1, 40000) i`;

test("what is made of rows, and their digest, is what PostgreSQL makes of them", async () => {
  await using db = await createTestDatabase({ sql: LARGE_SQL, copied: true });
  const rows = await db.query<{ line: string }>("SELECT row_to_json(l)::text AS line FROM large l");
  const json = `[${rows.map(({ line }) => `${line}\n`).join(",")}]\n`;
  const database = openDatabase({ connectionString: db.url });
  try {
    const { tables } = await runBackup({
      database,
      models: NO_PRISMA_MODELS,
      key: { mode: "none" },
      output: nowhere(),
    });
    const jsonSha256 = createHash("sha256").update(json).digest("hex");
    expect(tables).toMatchObject([{ name: "large", rows: 40_000, jsonSha256 }]);
  } finally {
    await database.close();
  }
});
