/**
 * Writes CSV according to RFC 4180. NULL is written as PostgreSQL's COPY does: as nothing at all, while an empty text
 * is `""`.
 */

export interface CsvOptions {
  /**
   * Puts an apostrophe before texts that a spreadsheet would run as a formula, and marks the file as UTF-8. The file
   * then no longer contains exactly the table's values, so the person chooses this.
   */
  forSpreadsheet: boolean;
}

/** Without it, Excel assumes the system's own encoding instead of UTF-8. */
export const BYTE_ORDER_MARK = "\uFEFF";

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
