import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { Database } from "../../postgres/connection/connection.ts";
import { verifyArchive } from "../../restore/plan-restore.ts";
import type { RestorePlan, Unlock } from "../../shared/api.ts";
import { models, restore, testDatabase } from "../../testing/backups.ts";
import { requireTool } from "../../testing/database.ts";
import { fixture } from "../../testing/original-backups.ts";
import { openArchive } from "../archive-reader.ts";

const PASSWORD = { passphrase: "a-very-strong-password" };

async function planOf(database: Database, path: string, unlock: Unlock): Promise<RestorePlan> {
  await using archive = await openArchive(path);
  await archive.unlock(unlock);
  return await verifyArchive({ database, models, archive });
}

/** Returns the output of `pg_dump --inserts` without what differs in each run: rows sorted by their text, sequences. */
async function insertsOf(url: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)("pg_dump", [
    "--data-only",
    "--inserts",
    `--dbname=${url}`,
  ]);
  return statements(stdout);
}

const statements = (dump: string): string[] =>
  dump
    .split("\n")
    .filter((line) => /^(INSERT INTO|SELECT pg_catalog\.setval)/.test(line))
    .sort();

/** What the files themselves have lost, as statements before the backup and after the restore. */
const LOST: Array<[was: string, is: string]> = [
  // Microseconds are cut.
  [
    `INSERT INTO public."User" VALUES (1, 'alice@x.io', 'ADMIN', '{a,"b,c","q\\"q",""}', '{USER,ADMIN}', '2024-05-06 05:08:09.123456+00');`,
    `INSERT INTO public."User" VALUES (1, 'alice@x.io', 'ADMIN', '{a,"b,c","q\\"q",""}', '{USER,ADMIN}', '2024-05-06 05:08:09.123+00');`,
  ],
  [
    `INSERT INTO public."User" VALUES (2, 'bob@x.io', 'USER', '{}', '{}', '2024-05-06 00:00:00.000001+00');`,
    `INSERT INTO public."User" VALUES (2, 'bob@x.io', 'USER', '{}', '{}', '2024-05-06 00:00:00+00');`,
  ],
  [
    `INSERT INTO public."User" VALUES (3, 'čára@x.io', 'USER', '{😀}', '{ADMIN}', '1999-12-31 23:59:59.999999+00');`,
    `INSERT INTO public."User" VALUES (3, 'čára@x.io', 'USER', '{😀}', '{ADMIN}', '1999-12-31 23:59:59.999+00');`,
  ],
  [
    `INSERT INTO public."Misc" VALUES ('00000000-0000-4000-8000-000000000001', '2024-02-29', '23:59:59.999999', '2024-02-29 12:34:56.789', 0.1, true, '{1,2,3}');`,
    `INSERT INTO public."Misc" VALUES ('00000000-0000-4000-8000-000000000001', '2024-02-29', '23:59:59.999', '2024-02-29 12:34:56.789', 0.1, true, '{1,2,3}');`,
  ],
  // JSON null in a column that accepts SQL NULL.
  [
    `INSERT INTO public."Post" VALUES (3, 'third', 'null', 2);`,
    `INSERT INTO public."Post" VALUES (3, 'third', NULL, 2);`,
  ],
  [
    `INSERT INTO public."Doc" VALUES (2, 'null', 'null');`,
    `INSERT INTO public."Doc" VALUES (2, NULL, 'null');`,
  ],
  // Precision inside JSON.
  [
    `INSERT INTO public."Doc" VALUES (3, '{"big": 12345678901234567890}', '"s"');`,
    `INSERT INTO public."Doc" VALUES (3, '{"big": 12345678901234567000}', '"s"');`,
  ],
];

/** The rows that `offset` skipped. */
const SKIPPED = [
  `INSERT INTO public."Page" VALUES (11, 'page 11');`,
  `INSERT INTO public."Page" VALUES (22, 'page 22');`,
];

const WARNINGS = [
  "ORIGINAL_FLOAT_NULL Misc",
  "ORIGINAL_INTEGRITY",
  "ORIGINAL_JSON_NULL Doc",
  "ORIGINAL_JSON_NULL Post",
  "ORIGINAL_JSON_PRECISION Doc",
  "ORIGINAL_MICROSECONDS Misc",
  "ORIGINAL_MICROSECONDS User",
  "ORIGINAL_OFFSET_POSSIBLE",
  "ORIGINAL_SESSION_ZONE User",
];

interface Sample {
  path: string;
  unlock?: Unlock;
  expected?: string;
  skipped?: string[];
  warnings?: string[];
}

const SAMPLES: Sample[] = [
  { path: "plain" },
  { path: "encrypted", unlock: PASSWORD },
  { path: "zipped", warnings: ["ORIGINAL_FILES_IGNORED"] },
  { path: "zipped/zipped.zip" },
  { path: "encrypted-zipped", unlock: PASSWORD, warnings: ["ORIGINAL_FILES_IGNORED"] },
  { path: "encrypted-zipped/encrypted-zipped.zip", unlock: PASSWORD },
  { path: "offset", skipped: SKIPPED },
  { path: "bigint-tojson-shim", expected: "expected-bigint.sql" },
];

/** Other rows than the backup's, which conflict with its keys. */
const DIRTY = `
  INSERT INTO "User" (id, email) VALUES (1, 'other@x.io'), (77, 'alice@x.io');
  INSERT INTO "Post" (title, "authorId") VALUES ('other', 77);
  INSERT INTO "Category" (name) VALUES ('other');
  INSERT INTO "_CategoryToPost" VALUES (1, 1);
  INSERT INTO "Employee" (name, "managerId") VALUES ('other', 1);
  INSERT INTO "A" DEFAULT VALUES; INSERT INTO "B" ("aId") VALUES (1); UPDATE "A" SET "bId" = 1;
  INSERT INTO "Empty" SELECT FROM generate_series(1, 9);
  INSERT INTO "Page" (body) VALUES ('other');
  SELECT setval('"Doc_id_seq"', 1000)`;

describe.skipIf(!requireTool("pg_dump"))("every sample comes back", () => {
  test.for(SAMPLES)(
    "$path",
    async ({ path, unlock = {}, expected = "expected.sql", skipped = [], warnings = [] }) => {
      const schema = await readFile(fixture("source/schema.sql"), "utf8");
      const { db, database } = await testDatabase({ sql: `${schema}; ${DIRTY}` });
      const migrations = await db.query("SELECT * FROM _prisma_migrations");
      expect(migrations).toEqual([]);

      const plan = await planOf(database, fixture(path), unlock);
      expect(plan.canStart).toBe(true);
      expect(plan.drift).toEqual([]);
      expect(
        plan.warnings.map(({ code, table }) => (table ? `${code} ${table.name}` : code)).sort(),
      ).toEqual([...WARNINGS, ...warnings].sort());

      const was = statements(await readFile(fixture(`source/${expected}`), "utf8")).filter(
        // The table of Prisma's migrations is not changed.
        (statement) => !statement.includes("_prisma_migrations"),
      );
      const rows = was.filter((statement) => statement.startsWith("INSERT")).length;
      const result = await restore(database, fixture(path), { unlock });
      expect(result).toMatchObject({ rows: rows - skipped.length, warnings: [] });
      expect(result.tables).toHaveLength(15);

      const is = await insertsOf(db.url);
      const lost = [...LOST.map(([it]) => it), ...skipped];
      expect(was.filter((statement) => !is.includes(statement))).toEqual([...lost].sort());
      expect(is.filter((statement) => !was.includes(statement))).toEqual(
        LOST.map(([, it]) => it).sort(),
      );
      expect(is.length).toBe(was.length - skipped.length);
    },
  );
});
