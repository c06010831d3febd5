import { type Column, cellsOf } from "./cells.ts";
import { BYTE_ORDER_MARK, type CsvOptions, csvRecord } from "./csv.ts";
import type { RowIndex } from "./row-index.ts";

const PART_CHARACTERS = 1024 * 1024;
const NEWLINE = 0x0a;

/** Writes a table as CSV, in parts that the browser may store on disk. `rows` provides each row's JSON. */
export async function tableCsv(
  rows: AsyncIterable<string> | Iterable<string>,
  columns: readonly Column[],
  options: CsvOptions,
): Promise<Blob> {
  const parts: Blob[] = [];
  let text = options.forSpreadsheet ? BYTE_ORDER_MARK : "";
  text += csvRecord(
    columns.map(({ name }) => name),
    options,
  );
  for await (const row of rows) {
    text += csvRecord(cellsOf(row, columns), options);
    if (text.length < PART_CHARACTERS) continue;
    parts.push(new Blob([text]));
    text = "";
  }
  return new Blob([...parts, text], { type: "text/csv;charset=utf-8" });
}

/** Reads the rows of a table as the archive writes it: one row per line, after `[` or `,`. */
export async function* rowsOfLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: Uint8Array[] = [];
  const take = () => {
    // Lines end between characters, so each line can be decoded separately.
    const line = pieces.map((piece, at) =>
      decoder.decode(piece, { stream: at < pieces.length - 1 }),
    );
    pieces = [];
    return line.join("").slice(1);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      pieces.push(chunk.subarray(from, end));
      from = end + 1;
      const row = take();
      // The lines `[` (of a table without rows) and `]` (the last) contain no row.
      if (row !== "") yield row;
    }
    // Copy the rest, because the chunk's memory may be reused.
    if (from < chunk.length) pieces.push(chunk.slice(from));
  }
}

export function* rowsOfIndex(index: RowIndex): Generator<string> {
  for (let row = 0; row < index.rows; row++) yield index.row(row);
}
