import type { BackupError } from "../../errors.ts";
import { quote } from "../../shared/archive/entry-names.ts";
import { MAX_ORIGINAL_DEPTH } from "../../shared/archive/original-files.ts";
import { invalidArchive, truncatedArchive } from "../archive-error.ts";

/** Larger than any row that the original could write, because it held a whole file in one JavaScript string. */
const MAX_ROW_BYTES = 256 * 1024 * 1024;
/** Limit for one row, because each takes fifty times its text in memory when it is parsed. */
const MAX_CONTAINERS = 2_000_000;

const [TAB, NEWLINE, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/**
 * Splits a JSON array of objects into its elements, regardless of line lengths. Holds at most one element and one
 * chunk. Elements that end in the same chunk come together, because a million awaits would take long. Only brackets and
 * strings are checked here.
 *
 * @throws ARCHIVE_TRUNCATED if the array does not end, ARCHIVE_INVALID if it is not an array of objects
 */
export async function* splitRows(
  source: AsyncIterable<Buffer>,
  entry: string,
): AsyncGenerator<Buffer[]> {
  const splitter = new RowSplitter(entry);
  for await (const chunk of withoutByteOrderMark(source)) {
    const rows = splitter.push(chunk);
    if (rows.length > 0) yield rows;
  }
  splitter.end();
}

/** Before the array; before its first row or its end; before a row; inside a row; after a row; after the array. */
type State = "start" | "first" | "next" | "row" | "after" | "end";

/** The work of splitRows, in a class because it takes a third of the time outside a generator. */
class RowSplitter {
  readonly #entry: string;
  #state: State = "start";
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #depth = 0;
  #inString = false;
  #containers = 0;
  #escaped = false;

  constructor(entry: string) {
    this.#entry = entry;
  }

  push(chunk: Buffer): Buffer[] {
    const rows: Buffer[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#state !== "row") {
        const byte = chunk[at] ?? 0;
        if (byte !== SPACE && byte !== NEWLINE && byte !== RETURN && byte !== TAB) {
          this.#state = this.#between(byte);
          // Its first byte is the row's own brace.
          if (this.#state === "row") continue;
        }
        at++;
        continue;
      }
      const end = this.#skipRow(chunk, at);
      const part = chunk.subarray(at, end);
      at = end;
      if (this.#depth > 0) {
        this.#pending.push(part);
        this.#pendingBytes += part.length;
        if (this.#pendingBytes > MAX_ROW_BYTES) throw this.#wrong("holds a row larger than 256 MB");
      } else {
        rows.push(this.#pending.length === 0 ? part : Buffer.concat([...this.#pending, part]));
        this.#pending = [];
        this.#pendingBytes = 0;
        this.#containers = 0;
        this.#state = "after";
      }
    }
    return rows;
  }

  end(): void {
    if (this.#state === "end") return;
    throw truncatedArchive(
      `The file ${quote(this.#entry)} ${this.#state === "start" ? "is empty" : "ends in the middle"}.`,
      { details: { entry: this.#entry } },
    );
  }

  #between(byte: number): State {
    const state = this.#state;
    if (state === "start" && byte === OPEN) return "first";
    if ((state === "first" || state === "next") && byte === OPEN_OBJECT) return "row";
    if ((state === "first" || state === "after") && byte === CLOSE) return "end";
    if (state === "after" && byte === COMMA) return "next";
    throw this.#wrong(
      state === "end" ? "goes on after its end" : "is not a JSON array of a table's rows",
    );
  }

  /** Returns the position in this chunk at which the row or the chunk ends. */
  #skipRow(chunk: Buffer, start: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let at = start;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === OPEN_OBJECT || byte === OPEN) {
        if (++depth > MAX_ORIGINAL_DEPTH)
          throw this.#wrong(`is nested deeper than ${MAX_ORIGINAL_DEPTH} levels`);
        if (++this.#containers > MAX_CONTAINERS) {
          throw this.#wrong("holds a row of more objects and arrays than fit into memory");
        }
      } else if ((byte === CLOSE_OBJECT || byte === CLOSE) && --depth === 0) {
        at++;
        break;
      }
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return at;
  }

  #wrong(what: string): BackupError {
    return invalidArchive(`The file ${quote(this.#entry)} ${what}.`, {
      details: { entry: this.#entry },
    });
  }
}

async function* withoutByteOrderMark(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < BYTE_ORDER_MARK.length) continue;
    const hasMark = head.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    yield hasMark ? head.subarray(BYTE_ORDER_MARK.length) : head;
    head = null;
  }
  if (head) yield head;
}
