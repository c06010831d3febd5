/** A row that is too large for a restore fails the backup. Here the limit is 1 MiB instead of 1 GiB. */
import { expect, test } from "vitest";
import { backUp, errorOf, restore, testDatabase } from "../testing/backups.ts";

const MAX = 2 ** 20;
const tableSql = (value: string) => `CREATE TABLE other (id int);
  CREATE TABLE screen (area text, id int, small text, output text, PRIMARY KEY (area, id));
  INSERT INTO screen SELECT 'zq', i, 's', 'o' FROM generate_series(1, 2000) i; INSERT INTO screen VALUES ('zq', 7000, 's', ${value})`;

test.for<[string, string]>([
  ["control characters, six times as long in JSON", "repeat(chr(27), 180000)"],
  ["double quotes, twice as long", `repeat('"', 600000)`],
  ["backslashes", String.raw`repeat('\', 600000)`],
  ["letters", "repeat('x', 1100000)"],
])("%s", async ([, value]) => {
  const { database } = await testDatabase({ sql: tableSql(value) });
  const error = await errorOf(backUp(database, { maxRowBytes: MAX }));
  expect(error).toMatchObject({
    code: "DUMP_FAILED",
    message: expect.stringContaining("No backup was made"),
  });
  expect(error.details).toEqual({
    table: { schema: "public", name: "screen" },
    rows: [2001, 2001],
    column: "output",
    key: "area = zq, id = 7000",
    leaveOut: { tables: [{ schema: "public", name: "screen" }], wholeSchemas: [] },
  });
  expect(error.hint).toContain(`UPDATE "public"."screen" SET "output" = …`);
});

test("one just below the limit is backed up, and restores", async () => {
  // What surrounds the value: the braces, the names, the key.
  const around = `,{"area":"zq","id":7000,"small":"s","output":""}`.length;
  const sql = tableSql(`repeat('x', ${MAX - around})`);
  const { db, database } = await testDatabase({ sql });
  const { path } = await backUp(database, { maxRowBytes: MAX });
  const hash = "SELECT md5(string_agg(t::text, '' ORDER BY id)) AS hash FROM screen t";
  const before = await db.query(hash);
  await db.query("TRUNCATE screen");
  await restore(database, path);
  expect(await db.query(hash)).toEqual(before);
  await db.query("UPDATE screen SET output = output || 'x' WHERE id = 7000");
  expect((await errorOf(backUp(database, { maxRowBytes: MAX }))).code).toBe("DUMP_FAILED");
});

test("a row that PostgreSQL itself cannot write is named as well", async () => {
  const { database } = await testDatabase({
    sql: `CREATE TABLE blob (id int PRIMARY KEY, a int, b bytea); INSERT INTO blob SELECT i, i FROM generate_series(1, 9) i;
      UPDATE blob SET b = decode(repeat('00', 270000000), 'hex') WHERE id = 3; UPDATE blob SET b = b || b WHERE id = 3`,
  });
  const error = await errorOf(backUp(database));
  expect(error).toMatchObject({
    code: "DUMP_FAILED",
    message: expect.stringContaining("A row is larger than a backup can hold"),
    details: { column: "b", key: "id = 3", rows: [9, 9] },
  });
}, 60_000);
