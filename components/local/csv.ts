/**
 * Writes CSV according to RFC 4180. NULL is written as PostgreSQL's COPY does: as nothing at all, while an empty text
 * is `""`.
 */

import { type Column, cellsOf } from "./cells.ts";
import type { RowIndex } from "./row-index.ts";

export interface CsvOptions {
  /**
   * Puts an apostrophe before texts that a spreadsheet would run as a formula, and marks the file as UTF-8. The file
   * then no longer contains exactly the table's values, so the person chooses this.
   */
  forSpreadsheet: boolean;
}

/** Without it, Excel assumes the system's own encoding instead of UTF-8. */
const BYTE_ORDER_MARK = "\uFEFF";

/** Returns one record with its line end. */
export function csvRecord(values: ReadonlyArray<string | null>, options: CsvOptions): string {
  const fields = values.map((value, at) => csvField(value, at, options));
  // A single empty field would make an empty line, which readers skip.
  return `${fields.length === 1 && fields[0] === "" ? '""' : fields.join(",")}\r\n`;
}

function csvField(value: string | null, at: number, { forSpreadsheet }: CsvOptions): string {
  if (value === null) return "";
  const text = forSpreadsheet ? withoutFormulas(value, at === 0) : value;
  return text === "" || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Includes the separators that Excel uses if its list separator is not the comma. */
const NEEDS_QUOTES = /[",;|\p{Cc}]|^\s|\s$/u;

/**
 * Characters that a program ignores before the first visible one: blanks, control and zero-width characters, quotes.
 */
const UNSEEN = String.raw`[\s"\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]`;
/**
 * From OWASP's list: `=`, `+`, `-`, `@`, including the full-width, small, superscript and subscript forms, and the
 * minus sign.
 */
const SIGN =
  "[=+\\-@\uFF1D\uFF0B\uFF0D\uFF20\uFE66\uFE62\uFE63\uFE6B\u207A-\u207C\u208A-\u208C\u2212]";
/** From the same list: tab, carriage return, newline. Other control characters are treated alike. */
const BEGINS_FORMULA = new RegExp(String.raw`^(?:\p{Cc}|${UNSEEN}*${SIGN})`, "u");
/**
 * Finds formulas inside a value. A program that splits fields at other characters than the comma also splits quoted
 * fields, because the quote is not at the beginning of that program's field.
 */
const BEGINS_FORMULA_WITHIN = new RegExp(
  String.raw`([;|\p{Cc}\p{Zl}\p{Zp}])(?=${UNSEEN}*${SIGN})`,
  "gu",
);
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * A number is not a formula. But if a program does not split at the comma, the first field of a line begins a cell that
 * the others continue: `-1` and `2+cmd|…` would be one formula.
 */
function withoutFormulas(value: string, isFirst: boolean): string {
  if (!isFirst && NUMBER.test(value)) return value;
  const within = value.replaceAll(BEGINS_FORMULA_WITHIN, "$1'");
  return BEGINS_FORMULA.test(value) ? `'${within}` : within;
}

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
