import { Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import type { CatalogTable } from "../../schema/catalog.ts";
import { readCatalog } from "../../schema/read-catalog.ts";
import { testDatabase } from "../../testing/backups.ts";
import { EVERYTHING_SQL } from "../../testing/everything-schema.ts";
import { rowsAsJson } from "../../testing/rows-as-json.ts";
import { TYPE_CASES, TYPES_SQL, typeTable } from "../../testing/type-cases.ts";
import type { Database } from "../connection/connection.ts";
import { rowsOf } from "../rows-of.ts";
import { copyOut } from "./copy-out.ts";
import { CopyOutStream } from "./copy-out-stream.ts";

/** Runs `act` in one snapshot, and ends the connection afterwards. */
async function inSnapshot<T>(
  database: Database,
  act: (client: pg.Client, tables: CatalogTable[]) => Promise<T>,
): Promise<T> {
  const client = await database.connect("test");
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return await act(client, (await readCatalog(client)).tables);
  } finally {
    await client.end();
  }
}

const COUNTED_SQL = `
  CREATE TABLE no_rows (a int); CREATE TABLE without_columns (); INSERT INTO without_columns SELECT FROM generate_series(1, 3);
  CREATE TABLE six AS SELECT i, repeat(E'"\\\\\\n\\r\\t\\x01 é😀', i) AS t FROM generate_series(1, 6) i`;

/** A table for each type, with the type alone and in arrays, domains and composites. */
const ALL_TYPES_SQL = [
  TYPES_SQL,
  ...TYPE_CASES.filter(({ since }) => since === undefined).map(typeTable),
].join(";");

test.for([
  { encoding: undefined, sql: `${EVERYTHING_SQL};${COUNTED_SQL}` },
  { encoding: undefined, sql: ALL_TYPES_SQL },
  {
    encoding: "SQL_ASCII" as const,
    sql: String.raw`CREATE TABLE t (a text, b text[]); INSERT INTO t SELECT E'caf\xe9', ARRAY[E'\xff"'] FROM generate_series(1, 7)`,
  },
])(
  "what COPY's text becomes is byte for byte what PostgreSQL's row_to_json writes",
  async ({ encoding, sql }) => {
    const { database } = await testDatabase({ encoding, sql });
    await inSnapshot(database, async (client, tables) => {
      expect(tables.length).toBeGreaterThan(0);
      for (const table of tables) {
        const label = `${table.schema}.${table.name}`;
        let copied = 0;
        const options = { isUtf8: encoding === undefined };
        const whole = await buffer(copyOut(client, table, (rows) => (copied = rows), options));
        const written = await rowsAsJson(client, table);
        expect(written.equals(whole), label).toBe(true);
        const [count] = (await client.query(`SELECT count(*)::int AS rows FROM ${rowsOf(table)} t`))
          .rows;
        expect(copied, label).toBe(count.rows);
      }
    });
  },
);

/** A socket that delivers its data in pieces of 1 to 13 bytes. */
class CutSocket extends Socket {
  #reads = 0;

  override read(size?: number) {
    const length = Math.min(this.readableLength, 1 + (this.#reads++ % 13));
    return super.read(size ?? (length || undefined));
  }
}

test("rows and errors arrive whole, wherever the network cuts what is sent", async () => {
  const { db } = await testDatabase({ sql: `${EVERYTHING_SQL};${COUNTED_SQL}` });
  const client = new pg.Client({ connectionString: db.url, stream: () => new CutSocket() });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query("BEGIN");
  for (const table of (await readCatalog(client)).tables) {
    const copied = await buffer(copyOut(client, table, () => {}));
    const written = await rowsAsJson(client, table);
    expect(copied.equals(written), table.name).toBe(true);
  }
  await client.query("COMMIT");

  const failing = "COPY (SELECT 1 / (4 - i) FROM generate_series(1, 9) i) TO STDOUT";
  await expect(text(client.query(new CopyOutStream(failing)))).rejects.toMatchObject({
    code: "22012",
  });
  // The connection can be used afterwards, and messages between rows are not taken for rows.
  const noisy = `CREATE FUNCTION noisy(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    RAISE NOTICE 'row %', i; PERFORM set_config('application_name', 'row ' || i, false); RETURN i; END $$`;
  await client.query(noisy);
  const copy = new CopyOutStream("COPY (SELECT noisy(i) FROM generate_series(1, 4) i) TO STDOUT");
  expect(await text(client.query(copy))).toBe("1\n2\n3\n4\n");
  expect((await client.query("SELECT current_setting('application_name') AS is")).rows).toEqual([
    { is: "row 4" },
  ]);
  expect(copy.rowCount).toBe(4);
});
