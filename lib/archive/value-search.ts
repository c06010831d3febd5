const NEWLINE = 0x0a;

/** Longer lines are not searched. A user's row is not that long. */
const MAX_LINE_BYTES = 4 * 2 ** 20;

/** Searches a table's JSON, while it is read, for a row with a value in a column. Parses only rows with its bytes. */
export class ValueSearch {
  readonly #column: string;
  readonly #value: string | number;
  readonly #needle: Buffer;
  #rest: Buffer = Buffer.alloc(0);
  #skipsLine = false;
  #isWhole = true;
  #isFound = false;

  constructor(column: string, value: string | number) {
    this.#column = column;
    this.#value = value;
    // In the form in which PostgreSQL writes it.
    this.#needle = Buffer.from(`${JSON.stringify(column)}:${JSON.stringify(value)}`);
  }

  /** Read it after the table's end. Null if the value was not found and some rows were not searched. */
  get isFound(): boolean | null {
    return this.#isFound || (this.#isWhole ? false : null);
  }

  push(chunk: Buffer): void {
    if (this.#isFound) return;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const start = this.#skipsLine ? chunk.indexOf(NEWLINE) + 1 : 0;
      this.#look(Buffer.concat([this.#rest, chunk.subarray(start, end)]));
      this.#rest = Buffer.alloc(0);
      this.#skipsLine = false;
    }
    if (this.#skipsLine) return;
    if (this.#rest.length + chunk.length - end > MAX_LINE_BYTES) {
      this.#isWhole = false;
      this.#skipsLine = true;
      this.#rest = Buffer.alloc(0);
    } else this.#rest = Buffer.concat([this.#rest, chunk.subarray(end)]);
  }

  #look(lines: Buffer): void {
    for (let at = lines.indexOf(this.#needle); at !== -1; ) {
      const start = lines.lastIndexOf(NEWLINE, at) + 1;
      const end = lines.indexOf(NEWLINE, at);
      if (this.#isRow(lines.toString("utf8", start, end))) {
        this.#isFound = true;
        return;
      }
      at = lines.indexOf(this.#needle, end);
    }
  }

  /** The bytes may be part of a longer value or inside of another value, so parse the row. */
  #isRow(line: string): boolean {
    try {
      const row: unknown = JSON.parse(line.replace(/^[[,]/, "").replace(/\]$/, ""));
      return (
        typeof row === "object" && row !== null && Reflect.get(row, this.#column) === this.#value
      );
    } catch {
      // The check of the archive reports what is wrong with the row.
      return false;
    }
  }
}
