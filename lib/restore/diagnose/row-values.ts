/** Reads values from the JSON of a row that failed. */
import { partOf, type RowBatch } from "../../archive/batch-rows.ts";
import { exactNumber, isExactNumber } from "../../archive/original/parse-row.ts";
import type { RowKey } from "../../postgres/row-keys.ts";
import { describeKey } from "../../postgres/sample-values.ts";
import type { SampleValue } from "../../shared/rehearsal.ts";

export interface FailingRow {
  /** Starts at 1, in the order of the archive. */
  row: number;
  column?: string;
}

/** In bytes. A larger row is not parsed only to name it. */
const MAX_PARSED_BYTES = 16 * 1024 * 1024;
/** In bytes. A larger row is not parsed only to find the failing value. */
const MAX_SEARCHED_BYTES = 64 * 1024 * 1024;

/** Reads values of a JSON array with one row, as text. Null if the row is too large, or is no object. */
export function valuesIn(json: Buffer, columns: readonly string[]): SampleValue[] | null {
  if (json.length > MAX_PARSED_BYTES) return null;
  const row = onlyRow(JSON.parse(json.toString(), exactNumbers));
  if (!row) return null;
  return columns.map((column) => {
    const value = Object.hasOwn(row, column) ? row[column] : undefined;
    if (value === undefined || typeof value === "string") return value ?? null;
    return JSON.stringify(value);
  });
}

/** The row of a JSON array with one row. Null if it is no object: a damaged backup can hold anything. */
function onlyRow(rows: unknown): Record<string, unknown> | null {
  const row: unknown = Array.isArray(rows) ? rows[0] : null;
  const isRow =
    typeof row === "object" && row !== null && !Array.isArray(row) && !isExactNumber(row);
  return isRow ? (row as Record<string, unknown>) : null;
}

/** Keeps numbers as written, because a bigint can exceed JavaScript's numbers. */
const exactNumbers = (_: string, value: unknown, { source }: { source?: string } = {}): unknown =>
  typeof value === "number" && source !== undefined ? exactNumber(source) : value;

/** The key of the batch's failing row, such as `id = 17`, if no column of it fails. */
export function keyInBatch(
  batch: RowBatch,
  { row, column: refused }: FailingRow,
  key: RowKey | null,
): string | undefined {
  if (!key || (refused !== undefined && key.columns.includes(refused))) return undefined;
  const at = row - batch.firstRow;
  const values = valuesIn(partOf(batch, at, at + 1).json, key.columns);
  return values ? describeKey(key.columns, values) : undefined;
}

/**
 * Reduces a JSON array with one row to one of its values, in the same bytes. Null if the row lacks it, or is too large.
 */
export function columnAlone(json: Buffer, column: string): Buffer | null {
  if (json.length > MAX_SEARCHED_BYTES) return null;
  // Decode each byte as one character, because bytes that are not UTF-8 would be lost otherwise.
  const row = onlyRow(JSON.parse(json.toString("latin1")));
  const name = Buffer.from(column).toString("latin1");
  if (!row || !Object.hasOwn(row, name)) return null;
  const alone = JSON.stringify([{ [name]: row[name] }]);
  const escaped = alone.replaceAll(
    /[\u0100-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Buffer.from(escaped, "latin1");
}
