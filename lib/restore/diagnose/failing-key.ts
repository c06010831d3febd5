/** Identifies the row in the message of a failed restore, by a key with which a person can look it up. */
import { type RowBatch, splitBatch } from "../../postgres/copy/load-rows.ts";
import type { RowKey } from "../../postgres/row-keys.ts";
import { describeKey } from "../../postgres/sample-values.ts";
import type { FailingRow } from "./find-failing-row.ts";

/** In bytes. A larger row is not parsed only to name it. */
const MAX_PARSED_BYTES = 16 * 1024 * 1024;

/**
 * Returns the key of the batch's failing row, such as `id = 17`.
 *
 * @returns undefined if the row has no key, or if a column of the key fails
 */
export function keyInBatch(
  batch: RowBatch,
  { row, column: refused }: FailingRow,
  key: RowKey | null,
): string | undefined {
  const at = row - batch.firstRow;
  const json = splitBatch(batch, at, at + 1);
  if (!key || json.length > MAX_PARSED_BYTES) return undefined;
  if (refused !== undefined && key.columns.includes(refused)) return undefined;
  const [values] = JSON.parse(json.toString(), exactNumbers) as [Record<string, unknown>];
  return describeKey(
    key.columns,
    key.columns.map((column) => {
      const value = values[column];
      return typeof value === "string" ? value : value === undefined ? null : JSON.stringify(value);
    }),
  );
}

/** Keeps numbers as written, because a bigint can exceed JavaScript's numbers. */
const exactNumbers = (_: string, value: unknown, { source }: { source?: string } = {}): unknown =>
  typeof value === "number" && source !== undefined ? source : value;
