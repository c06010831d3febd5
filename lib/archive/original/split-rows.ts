import { invalidArchive, truncatedArchive } from "../archive-error.ts";
import { quote } from "../zip-structure.ts";

/** Larger than any row that the original could write: it held a whole file in one JavaScript string. */
export const MAX_ROW_BYTES = 256 * 1024 * 1024;
/** Below what JSON.stringify's recursion and PostgreSQL's own parser bear. */
export const MAX_DEPTH = 1000;

const [TAB, NEWLINE, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** Before the array; before its first row or end; before a row; in one; after one; after the array. */
type State = "start" | "first" | "next" | "row" | "after" | "end";

/**
 * Cuts a JSON array of objects into its elements, however long its lines are: no more than one element and one
 * chunk is held. An element is whole as far as brackets and strings go; whether it is JSON is for its parser.
 *
 * @throws ARCHIVE_TRUNCATED where the array does not end, ARCHIVE_INVALID where it is none of objects
 */
export async function* splitRows(
  source: AsyncIterable<Buffer>,
  entry: string,
): AsyncGenerator<Buffer> {
  const details = { entry };
  const wrong = (what: string) => invalidArchive(`The file ${quote(entry)} ${what}.`, { details });
  let state = "start" as State;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let pending: Buffer[] = [];
  let pendingBytes = 0;

  for await (const chunk of withoutByteOrderMark(source)) {
    let rowStart = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (state === "row") {
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) {
          inString = true;
        } else if (byte === OPEN || byte === OPEN_OBJECT) {
          if (++depth > MAX_DEPTH) throw wrong(`is nested deeper than ${MAX_DEPTH} levels`);
        } else if (byte === CLOSE || byte === CLOSE_OBJECT) {
          if (--depth === 0) {
            state = "after";
            const tail = chunk.subarray(rowStart, at + 1);
            yield pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
            pending = [];
            pendingBytes = 0;
          }
        }
        continue;
      }
      if (byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB) continue;
      if (state === "start" && byte === OPEN) {
        state = "first";
      } else if ((state === "first" || state === "next") && byte === OPEN_OBJECT) {
        state = "row";
        depth = 1;
        rowStart = at;
      } else if ((state === "first" || state === "after") && byte === CLOSE) {
        state = "end";
      } else if (state === "after" && byte === COMMA) {
        state = "next";
      } else {
        throw wrong(
          state === "end" ? "goes on after its end" : "is not a JSON array of a table's rows",
        );
      }
    }
    if (state === "row") {
      pending.push(chunk.subarray(rowStart));
      pendingBytes += chunk.length - rowStart;
      if (pendingBytes > MAX_ROW_BYTES) throw wrong("holds a row larger than 256 MB");
    }
  }
  if (state !== "end") {
    throw truncatedArchive(
      `The file ${quote(entry)} ${state === "start" ? "is empty" : "ends in the middle"}.`,
      { details },
    );
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
