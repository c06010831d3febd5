/** CSV as RFC 4180 defines it, and as PostgreSQL's COPY writes NULL: nothing at all, where an empty text is `""`. */

export interface CsvOptions {
  /**
   * Texts that a spreadsheet would run as a formula get an apostrophe before it, and the file says that it is UTF-8.
   * Then it is no longer exactly what the table holds, so it is for a person to choose.
   */
  forSpreadsheet: boolean;
}

/** Without it Excel takes UTF-8 for the system's own encoding. */
export const BYTE_ORDER_MARK = "\uFEFF";

/** One record with its line end. */
export function csvRecord(values: ReadonlyArray<string | null>, options: CsvOptions): string {
  const fields = values.map((value, at) => csvField(value, at, options));
  // A single empty field would be an empty line, which readers overlook.
  return `${fields.length === 1 && fields[0] === "" ? '""' : fields.join(",")}\r\n`;
}

function csvField(value: string | null, at: number, { forSpreadsheet }: CsvOptions): string {
  if (value === null) return "";
  const text = forSpreadsheet ? withoutFormulas(value, at === 0) : value;
  return text === "" || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Also what separates fields where Excel's list separator is another than the comma. */
const NEEDS_QUOTES = /[",;|\p{Cc}]|^\s|\s$/u;

/** Nothing that a program shows or counts before the first character: blanks, control and zero-width characters, quotes. */
const UNSEEN = String.raw`[\s"\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]`;
/** Of OWASP's list: `=`, `+`, `-`, `@`, also full-width, small, raised and lowered, and the minus sign. */
const SIGN =
  "[=+\\-@\uFF1D\uFF0B\uFF0D\uFF20\uFE66\uFE62\uFE63\uFE6B\u207A-\u207C\u208A-\u208C\u2212]";
/** Also of OWASP's list: tab, carriage return, newline, and other control characters with them. */
const BEGINS_FORMULA = new RegExp(String.raw`^(?:\p{Cc}|${UNSEEN}*${SIGN})`, "u");
/**
 * A program that splits fields elsewhere than at the comma ends a quoted one there as well, as its quote is not where
 * that program's field begins.
 */
const BEGINS_FORMULA_WITHIN = new RegExp(
  String.raw`([;|\p{Cc}\p{Zl}\p{Zp}])(?=${UNSEEN}*${SIGN})`,
  "gu",
);
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * A number is no formula. But where the comma does not separate fields, the first one of a line begins a cell that the
 * others go on with: `-1` and `2+cmd|…` would be one formula.
 */
function withoutFormulas(value: string, isFirst: boolean): string {
  if (!isFirst && NUMBER.test(value)) return value;
  const within = value.replaceAll(BEGINS_FORMULA_WITHIN, "$1'");
  return BEGINS_FORMULA.test(value) ? `'${within}` : within;
}
