import { BackupError } from "../errors.ts";

/** PostgreSQL's limit for a value, and so for a row's JSON and for a parameter. A dump refuses a larger row. */
export const MAX_ROW_BYTES = 2 ** 30;

const NEWLINE = 0x0a;
const [OPEN, COMMA, CLOSE] = [0x5b, 0x2c, 0x5d];

/**
 * Follows the layout of a table's JSON array: `[row`, then `,row` for each further row, then `]`, each on a line of its
 * own. The first line of an empty array is only the bracket. Keeps nothing of the rows, however long they are.
 */
export class RowLayout {
  readonly #maxRowBytes: number;
  #rows = 0;
  #firstByte = 0;
  #lineBytes = 0;
  #lineHasEnded = true;
  #isWrong = false;

  constructor(maxRowBytes = MAX_ROW_BYTES) {
    this.#maxRowBytes = maxRowBytes;
  }

  /** Number of rows before the last line that has begun. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * @returns the position in the chunk at which its last line begins. Null if no line begins in it.
   * @throws BackupError ARCHIVE_INVALID if a row is larger than PostgreSQL accepts
   */
  push(chunk: Buffer): number | null {
    let lastLineAt: number | null = null;
    let at = 0;
    while (at < chunk.length) {
      if (this.#lineHasEnded) {
        this.#begin(chunk[at]);
        lastLineAt = at;
      }
      const end = chunk.indexOf(NEWLINE, at);
      this.#lineHasEnded = end !== -1;
      const lineEnd = this.#lineHasEnded ? end : chunk.length;
      this.#lineBytes += lineEnd - at;
      if (this.#lineBytes > this.#maxRowBytes)
        throw wrong("holds a row larger than PostgreSQL takes");
      at = lineEnd + 1;
    }
    return lastLineAt;
  }

  /** @throws BackupError ARCHIVE_INVALID if a line begins wrongly */
  requireRight(): void {
    if (this.#isWrong) throw wrong("is not laid out as rows");
  }

  /**
   * Call this after the whole text, and after its checksum was compared, so that damage is reported as such.
   *
   * @throws BackupError ARCHIVE_INVALID if the layout is not that of an archive
   */
  end(): void {
    const isClosed = this.#firstByte === CLOSE && this.#isBracket && this.#lineHasEnded;
    this.#isWrong ||= !isClosed;
    this.requireRight();
  }

  get #isBracket(): boolean {
    return this.#lineBytes === 1;
  }

  #begin(byte: number | undefined): void {
    const before = this.#firstByte;
    const isFirstLine = before === 0;
    if (before === COMMA || (before === OPEN && !this.#isBracket)) this.#rows++;
    const isNext = byte === CLOSE || (byte === COMMA && this.#rows > 0);
    if (before === CLOSE || !(isFirstLine ? byte === OPEN : isNext)) this.#isWrong = true;
    this.#firstByte = byte ?? 0;
    this.#lineBytes = 0;
  }
}

const wrong = (what: string): BackupError =>
  new BackupError("ARCHIVE_INVALID", `The table's content ${what}. Nothing was changed.`, {
    hint: "The backup was not written by this software, or was tampered with. Use another copy.",
  });
