import { type Column, cellsOf } from "./cells.ts";
import type { RowIndex } from "./row-index.ts";

/** Number of bytes to search at once. */
const BLOCK_BYTES = 512 * 1024;

export interface Found {
  /** Number of rows searched so far. */
  scanned: number;
  /** Indexes of the rows found since the last result, from 0. */
  rows: number[];
}

/** Finds rows that contain a text in one of their values, ignoring case. Works block by block. */
export function* searchRows(
  index: RowIndex,
  columns: readonly Column[],
  query: string,
): Generator<Found, void, void> {
  const wanted = query.toLowerCase();
  // First a quick search in the JSON text, for the query as it is written inside a JSON string, and for the query
  // itself.
  const written = JSON.stringify(wanted).slice(1, -1);
  const mayHold = (json: string) => {
    const text = json.toLowerCase();
    return text.includes(written) || (written !== wanted && text.includes(wanted));
  };
  for (let from = 0; from < index.rows; ) {
    let to = from;
    for (let bytes = 0; to < index.rows && bytes < BLOCK_BYTES; to++) bytes += index.bytesOf(to);
    const rows: number[] = [];
    if (mayHold(index.text(from, to))) {
      for (let row = from; row < to; row++) {
        const json = index.row(row);
        if (mayHold(json) && hasValue(json, columns, wanted)) rows.push(row);
      }
    }
    yield { scanned: to, rows };
    from = to;
  }
}

/** Column names occur in every row, so only the values count. */
const hasValue = (json: string, columns: readonly Column[], wanted: string): boolean =>
  cellsOf(json, columns).some((text) => text?.toLowerCase().includes(wanted));
