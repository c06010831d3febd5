import { BackupError } from "../errors.ts";
import { MAX_ROW_BYTES } from "../postgres/copy/load-rows.ts";

const NEWLINE = 0x0a;
const OPEN = "[".charCodeAt(0);
const COMMA = ",".charCodeAt(0);
const CLOSE = "]".charCodeAt(0);

/**
 * Counts the rows of a table's JSON array by its line ends, and checks its layout. Buffers nothing, regardless of a
 * row's length.
 */
export class RowCounter {
  #rows = 0;
  #lineBytes = 0;
  #firstByte = 0;
  #isOpen = false;
  #isClosed = false;
  #isLaidOut = true;

  /** Number of complete rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** @throws BackupError ARCHIVE_INVALID if a row is larger than PostgreSQL accepts */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#lineBytes === 0) this.#begin(chunk[at] ?? 0);
      const end = chunk.indexOf(NEWLINE, at);
      this.#lineBytes += (end === -1 ? chunk.length : end) - at;
      if (this.#lineBytes > MAX_ROW_BYTES) throw wrong("holds a row larger than PostgreSQL takes");
      if (end === -1) return;
      this.#end();
      at = end + 1;
    }
  }

  /**
   * Call this after the whole text, and after its digest was compared, so that damage is reported as such.
   *
   * @throws BackupError ARCHIVE_INVALID if the layout is not that of an archive
   */
  end(): void {
    if (!this.#isLaidOut || !this.#isClosed || this.#lineBytes > 0) {
      throw wrong("is not laid out as rows");
    }
  }

  #begin(byte: number): void {
    // The first line of an empty array is only the bracket, and no row follows.
    const isNext = byte === CLOSE || (byte === COMMA && this.#rows > 0);
    const isRight = this.#isOpen ? isNext : byte === OPEN;
    if (!isRight || this.#isClosed) this.#isLaidOut = false;
    this.#firstByte = byte;
  }

  #end(): void {
    const isBracket = this.#lineBytes === 1;
    if (this.#firstByte === CLOSE) {
      if (!isBracket) this.#isLaidOut = false;
      this.#isClosed = true;
    } else if (!(this.#firstByte === OPEN && isBracket)) {
      this.#rows++;
    }
    this.#isOpen = true;
    this.#lineBytes = 0;
  }
}

const wrong = (what: string): BackupError =>
  new BackupError("ARCHIVE_INVALID", `The table's content ${what}. Nothing was changed.`, {
    hint: "The backup was not written by this software, or was tampered with. Use another copy.",
  });
