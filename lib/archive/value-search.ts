const NEWLINE = 0x0a;

/** A user's row is not that long; what is, is not looked into. */
const MAX_LINE_BYTES = 4 * 2 ** 20;

/** Looks for a row that has a value in a column, in a table's JSON as it is read; parses only rows that hold its bytes. */
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
    // As PostgreSQL writes it.
    this.#needle = Buffer.from(`${JSON.stringify(column)}:${JSON.stringify(value)}`);
  }

  /** To be read after the table's end. Null where it was not found, and not every row was looked into. */
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

  /** The bytes may be a part of a longer value, or be inside of one. */
  #isRow(line: string): boolean {
    try {
      const row: unknown = JSON.parse(line.replace(/^[[,]/, "").replace(/\]$/, ""));
      return (
        typeof row === "object" && row !== null && Reflect.get(row, this.#column) === this.#value
      );
    } catch {
      // What is wrong with it is said by whoever checks the archive.
      return false;
    }
  }
}
