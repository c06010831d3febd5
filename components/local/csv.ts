/** CSV as RFC 4180 defines it, and as PostgreSQL's COPY writes NULL: nothing at all, where an empty text is `""`. */

export interface CsvOptions {
  /**
   * A text that a spreadsheet would run as a formula gets an apostrophe before it, and the file says that it is
   * UTF-8. Then it is no longer exactly what the table holds, so it is for a person to choose.
   */
  forSpreadsheet: boolean;
}

/** Without it Excel takes UTF-8 for the system's own encoding. */
export const BYTE_ORDER_MARK = "\uFEFF";

/** One record with its line end. */
export function csvRecord(values: ReadonlyArray<string | null>, options: CsvOptions): string {
  const fields = values.map((value) => csvField(value, options));
  // A single empty field would be an empty line, which readers overlook.
  return `${fields.length === 1 && fields[0] === "" ? '""' : fields.join(",")}\r\n`;
}

function csvField(value: string | null, { forSpreadsheet }: CsvOptions): string {
  if (value === null) return "";
  const text = forSpreadsheet && isFormula(value) ? `'${value}` : value;
  return text === "" || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** As OWASP lists what begins one. A number is none. */
const isFormula = (value: string): boolean =>
  /^[=+\-@\t\r]/.test(value) && !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value);
