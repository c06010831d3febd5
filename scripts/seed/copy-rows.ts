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
  | string[]
  | { [key: string]: unknown };

/** A table's rows: the names of the columns, and the values in the same order. */
export interface TableRows {
  /** The name as written in SQL. */
  table: string;
  columns: string[];
  rows: Value[][];
}

export async function copyRows(client: pg.Client, { table, columns, rows }: TableRows) {
  const names = columns.map((column) => `"${column}"`).join(", ");
  await pipeline(
    Readable.from(chunks(rows)),
    client.query(from(`COPY ${table} (${names}) FROM STDIN`)),
  );
}

function* chunks(rows: Value[][]): Generator<string> {
  for (let i = 0; i < rows.length; i += 1000) {
    yield rows
      .slice(i, i + 1000)
      .map((row) => `${row.map(toCopyText).join("\t")}\n`)
      .join("");
  }
}

function toCopyText(value: Value): string {
  if (value === null) return "\\N";
  return toText(value).replace(/[\\\n\r\t]/g, (character) => {
    switch (character) {
      case "\n":
        return "\\n";
      case "\r":
        return "\\r";
      case "\t":
        return "\\t";
      default:
        return "\\\\";
    }
  });
}

function toText(value: Exclude<Value, null>): string {
  if (value === JSON_NULL) return "null";
  if (Buffer.isBuffer(value)) return `\\x${value.toString("hex")}`;
  if (Array.isArray(value)) {
    return `{${value.map((item) => `"${item.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
