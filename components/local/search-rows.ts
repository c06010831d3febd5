import { type Column, cellsOf } from "./cells.ts";
import type { RowIndex } from "./row-index.ts";

/** As much as is looked through at once. */
const BLOCK_BYTES = 512 * 1024;

export interface Found {
  /** Rows that were looked at. */
  scanned: number;
  /** Of those found since the last time, counted from 0. */
  rows: number[];
}

/** Finds the rows that have a text in one of their values, upper and lower case alike; block by block. */
export function* searchRows(
  index: RowIndex,
  columns: readonly Column[],
  query: string,
): Generator<Found, void, void> {
  const wanted = query.toLowerCase();
  // A quick look first: as JSON writes the text inside of a string, or as it is in JSON itself.
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

/** Names of columns are in every row, and not what is looked for. */
const hasValue = (json: string, columns: readonly Column[], wanted: string): boolean =>
  cellsOf(json, columns).some((text) => text?.toLowerCase().includes(wanted));
