/**
 * Tests with a real Prisma Client what is lost on the way into the original's files. Each loss has a warning before the
 * restore.
 */
import { PrismaPg } from "@prisma/adapter-pg";
import { expect, test } from "vitest";
import { PrismaClient } from "../../../prisma/generated/client.ts";
import { verifyArchive } from "../../restore/plan-restore.ts";
import { NO_PRISMA_MODELS } from "../../schema/prisma-models.ts";
import { restore, testDatabase } from "../../testing/backups.ts";
import { folderOf, opened, tableFile } from "../../testing/original-backups.ts";

/** With `BigInt.prototype.toJSON` patched in a common way, which rounds. */
const toJson = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);

const CASES: Array<{ type: string; value: string; back: string | null; code: string }> = [
  { type: "date", value: "infinity", back: null, code: "ORIGINAL_DATE_NULL" },
  { type: "date", value: "0044-03-15 BC", back: null, code: "ORIGINAL_DATE_NULL" },
  { type: "timestamp(3)", value: "-infinity", back: null, code: "ORIGINAL_DATE_NULL" },
  { type: "timestamptz(3)", value: "12000-01-01Z", back: null, code: "ORIGINAL_DATE_NULL" },
  { type: "date[]", value: "{infinity}", back: "{NULL}", code: "ORIGINAL_DATE_NULL" },
  {
    type: "timestamptz(3)",
    value: "2024-06-01 12:00:00+00",
    back: "2024-06-01 17:30:00+00",
    code: "ORIGINAL_SESSION_ZONE",
  },
  { type: "float8", value: "NaN", back: null, code: "ORIGINAL_FLOAT_NULL" },
  { type: "float8[]", value: "{NaN,1}", back: "{NULL,1}", code: "ORIGINAL_FLOAT_NULL" },
  { type: "jsonb", value: "null", back: null, code: "ORIGINAL_JSON_NULL" },
  { type: "jsonb[]", value: '{"null",1}', back: "{NULL,1}", code: "ORIGINAL_JSON_NULL" },
  {
    type: "int8",
    value: "9007199254740993",
    back: "9007199254740992",
    code: "ORIGINAL_NUMBER_PRECISION",
  },
  {
    type: "int8[]",
    value: "{9007199254740993}",
    back: "{9007199254740992}",
    code: "ORIGINAL_NUMBER_PRECISION",
  },
];

test.for(CASES)("$type $value", async ({ type, value, back, code }) => {
  const { db, database } = await testDatabase({
    sql: `CREATE TABLE t (v ${type}); INSERT INTO t VALUES ('${value}')`,
  });
  await db.query(`ALTER DATABASE ${db.name} SET timezone = 'Asia/Kolkata'`);
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: db.url }) });
  const rows = await prisma.$queryRawUnsafe<object[]>("SELECT * FROM t");
  await prisma.$disconnect();
  const written: object[] = JSON.parse(JSON.stringify(rows, toJson));
  const folder = await folderOf({ "t.json": tableFile("t", written) });

  await using archive = await opened(folder);
  const plan = await verifyArchive({ database, models: NO_PRISMA_MODELS, archive });
  expect(plan.warnings.map((warning) => warning.code)).toContain(code);
  await restore(database, folder);
  const [row] = await db.query(
    "SELECT v::text FROM (SELECT set_config('timezone', 'UTC', false)) s, t",
  );
  expect(row?.v).toBe(back);
});

test("values that lost nothing are not warned of", async () => {
  const { database } = await testDatabase({
    sql: "CREATE TABLE t (d date, z timestamptz(3), f float8[], j jsonb[], i int8)",
  });
  const row = { d: "2024-01-01T00:00:00.000Z", z: null, f: [1.5], j: [{}], i: "9007199254740993" };
  await using archive = await opened(await folderOf({ "t.json": tableFile("t", [row]) }));
  const { warnings } = await verifyArchive({ database, models: NO_PRISMA_MODELS, archive });
  expect(warnings.map(({ code }) => code)).toEqual([
    "ORIGINAL_INTEGRITY",
    "ORIGINAL_OFFSET_POSSIBLE",
    // About the column `z`.
    "ORIGINAL_DATE_NULL",
  ]);
});

test("a table of which there is no file is named, and stays as it is", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE a (id int); CREATE TABLE lost (id int); INSERT INTO lost VALUES (7); CREATE TABLE _prisma_migrations (id int)",
  });
  const folder = await folderOf({ "a.json": "[]" });
  await using archive = await opened(folder);
  const { warnings } = await verifyArchive({ database, models: NO_PRISMA_MODELS, archive });
  expect(warnings).toContainEqual({
    code: "ORIGINAL_TABLES_MISSING",
    message: "The backup has no file of public.lost: their rows stay as they are.",
  });
  await restore(database, folder);
  expect(await db.query("SELECT id FROM lost")).toEqual([{ id: 7 }]);
});
