import { isUtf8 } from "node:buffer";
import { Transform, type TransformCallback } from "node:stream";
import { MAX_ROW_BYTES } from "./load-rows.ts";

export type OnRows = (rows: number, bytes: number) => void;

/** A row that PostgreSQL sent but no restore would take. */
export class UnrestorableRow extends Error {
  readonly row: number;
  readonly reason: "text" | "size";

  constructor(row: number, reason: UnrestorableRow["reason"]) {
    super(reason === "text" ? "a row is not valid UTF-8" : "a row is too large as JSON");
    this.row = row;
    this.reason = reason;
  }
}

interface JsonArrayOptions {
  onRows: OnRows;
  /** How many rows PostgreSQL reports. Called at the end. */
  copiedRows: () => number;
  /** Describes the error that the stream fails with, given the original error. */
  describeError?: (error: Error) => Error | Promise<Error>;
  /** False for an SQL_ASCII database, whose bytes may have any encoding. */
  isUtf8?: boolean;
  /** Maximum size of a row's JSON in bytes. */
  maxRowBytes?: number | undefined;
}

const NEWLINE = 0x0a;
const NO_BYTES = Buffer.alloc(0);

/** Turns lines with a leading comma into one JSON array, and refuses rows that no restore would take. */
export class JsonArray extends Transform {
  #rows = 0;
  #bytes = 0;
  /** Bytes so far of the row that is not complete yet. */
  #rowBytes = 0;
  /** The first bytes of a character that is not complete yet. */
  #begun: Buffer = NO_BYTES;
  readonly #options: JsonArrayOptions;

  constructor(options: JsonArrayOptions) {
    super();
    this.#options = options;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      if (this.#options.isUtf8 ?? true) this.#requireUtf8(chunk);
      this.#count(chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (this.#bytes === 0) chunk[0] = 0x5b; // "[" over the first comma
    this.#bytes += chunk.length;
    this.#options.onRows(this.#rows, this.#bytes);
    done(null, chunk);
  }

  #count(chunk: Buffer): void {
    const { maxRowBytes = MAX_ROW_BYTES } = this.#options;
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEWLINE, from);
      this.#rowBytes += (at === -1 ? chunk.length : at) - from;
      if (this.#rowBytes > maxRowBytes) throw new UnrestorableRow(this.#rows + 1, "size");
      if (at === -1) return;
      this.#rows++;
      this.#rowBytes = 0;
      from = at + 1;
    }
  }

  #requireUtf8(chunk: Buffer): void {
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    const end = bytes.length - lengthOfBegun(bytes);
    this.#begun = Buffer.from(bytes.subarray(end));
    if (isUtf8(bytes.subarray(0, end))) return;
    for (let row = this.#rows + 1, from = 0; ; row++) {
      const at = bytes.indexOf(NEWLINE, from);
      if (at === -1 || !isUtf8(bytes.subarray(from, at))) throw new UnrestorableRow(row, "text");
      from = at + 1;
    }
  }

  override _flush(done: TransformCallback): void {
    const copied = this.#options.copiedRows();
    if (copied !== this.#rows) {
      done(new Error(`COPY sent ${copied} rows, ${this.#rows} lines arrived`));
      return;
    }
    const end = Buffer.from(this.#rows === 0 ? "[\n]\n" : "]\n");
    this.#bytes += end.length;
    this.#options.onRows(this.#rows, this.#bytes);
    done(null, end);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { describeError } = this.#options;
    if (!error || !describeError) done(error);
    else Promise.resolve(describeError(error)).then(done, () => done(error));
  }
}

/** How many bytes at the end belong to a character that is not complete yet. */
function lengthOfBegun(bytes: Buffer): number {
  for (let length = 1; length <= 3 && length <= bytes.length; length++) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (byte < 0x80) return 0;
    // The first byte of a character tells its length.
    if (byte >= 0xc0) return length < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? length : 0;
  }
  return 0;
}
