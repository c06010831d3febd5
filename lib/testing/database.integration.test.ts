import pg from "pg";
import { expect, it } from "vitest";
import { createTestDatabase, serverUrlOf } from "./database.ts";
import { MAJORS } from "./majors.ts";
import { pgDumpText, requireTool } from "./oracles.ts";

it.each(MAJORS)("gives a database of PostgreSQL %i, and drops it", async (major) => {
  let name: string;
  {
    await using database = await createTestDatabase({ major, sql: "CREATE TABLE t (a text)" });
    name = database.name;
    await database.query("INSERT INTO t VALUES ($1)", ["ä"]);
    expect(await database.query("SELECT a FROM t")).toEqual([{ a: "ä" }]);
    const [settings] = await database.query(
      "SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_encoding') AS encoding",
    );
    expect(settings).toEqual({ major, encoding: "UTF8" });
  }
  const client = new pg.Client(serverUrlOf(major));
  await client.connect();
  try {
    const { rows } = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
    expect(rows).toEqual([]);
  } finally {
    await client.end();
  }
});

it.skipIf(!requireTool("pg_dump"))("dumps equal databases as equal text", async () => {
  const create = "CREATE TABLE t (a int PRIMARY KEY, b text);";
  await using one = await createTestDatabase({
    sql: `${create} INSERT INTO t VALUES (1, 'x'), (2, '-- kept')`,
  });
  await using other = await createTestDatabase({
    sql: `${create} INSERT INTO t VALUES (2, '-- kept'), (1, 'x'); CREATE SCHEMA prisma_backup_admin CREATE TABLE own (a int)`,
  });
  expect(await pgDumpText(one.url)).toContain("2\t-- kept\n");
  expect(await pgDumpText(other.url)).toBe(await pgDumpText(one.url));
  await other.query("UPDATE t SET b = 'y' WHERE a = 1");
  expect(await pgDumpText(other.url)).not.toBe(await pgDumpText(one.url));
});
