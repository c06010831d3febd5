/** Which row it was, for the message of a restore that has failed: its key, as a person looks it up. */
import { type RowBatch, splitBatch } from "../../postgres/load-rows.ts";
import type { RowKey } from "../../postgres/row-keys.ts";
import { describeKey } from "../../postgres/sample-values.ts";
import type { FailingRow } from "./find-failing-row.ts";

/** A longer row is not parsed only to name it. */
const MAX_PARSED_BYTES = 16 * 1024 * 1024;

/**
 * The key of the row of a batch that is refused.
 *
 * @returns as `id = 17`. Undefined if the row has none, or if the key is what is refused
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

/** As they are written: a bigint is more than a JavaScript number can hold. */
const exactNumbers = (_: string, value: unknown, { source }: { source?: string } = {}): unknown =>
  typeof value === "number" && source !== undefined ? source : value;
