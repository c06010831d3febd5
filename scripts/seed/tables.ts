import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from } from "pg-copy-streams";

/** JSON null. SQL NULL is `null`. */
export const JSON_NULL = Symbol("JSON null");

export type Value =
  | null
  | string
  | number
  | bigint
  | boolean
  | Buffer
  | typeof JSON_NULL
  | readonly string[]
  | { [key: string]: unknown };

/** A value for each column. All rows of a table name the same columns in the same order. */
type Row = Record<string, Value>;

/** The rows to insert, by table. Tables are filled in the order in which they got their first row. */
export class Tables {
  readonly #rows = new Map<string, Row[]>();

  /** @param table its name as written in SQL @returns the row's number in the table, from 1 */
  add(table: string, row: Row): number {
    const rows = this.#rows.get(table) ?? [];
    this.#rows.set(table, rows);
    return rows.push(row);
  }

  /** @returns the number of rows */
  async insert(client: pg.Client): Promise<number> {
    let count = 0;
    for (const [table, rows] of this.#rows) {
      const columns = Object.keys(rows[0] ?? {});
      const names = columns.map((column) => `"${column}"`).join(", ");
      const copy = client.query(from(`COPY ${table} (${names}) FROM STDIN`));
      await pipeline(Readable.from(chunks(rows)), copy);
      if (columns[0] === "id") await advanceSequence(client, table);
      count += rows.length;
    }
    return count;
  }
}

/** If the key is a uuid, there is no sequence, and this does nothing. */
async function advanceSequence(client: pg.Client, table: string): Promise<void> {
  await client.query(
    `SELECT setval(sequence, (SELECT max(id::text::bigint) FROM ${table}))
     FROM pg_get_serial_sequence($1, 'id') AS sequence WHERE sequence IS NOT NULL`,
    [table],
  );
}

function* chunks(rows: Row[]): Generator<string> {
  for (let i = 0; i < rows.length; i += 1000) {
    yield rows
      .slice(i, i + 1000)
      .map((row) => `${Object.values(row).map(toCopyText).join("\t")}\n`)
      .join("");
  }
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const toCopyText = (value: Value): string =>
  value === null
    ? "\\N"
    : toText(value).replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? "");

function toText(value: Exclude<Value, null>): string {
  if (value === JSON_NULL) return "null";
  if (Buffer.isBuffer(value)) return `\\x${value.toString("hex")}`;
  if (Array.isArray(value)) {
    return `{${value.map((item) => `"${item.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
