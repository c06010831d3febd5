/** AssemblyScript: converts COPY text to lines of JSON. See `../copy-to-json.ts` for the purpose. */
import {
  BACKSLASH,
  COLUMN_BYTES,
  isDigit,
  MINUS,
  NEWLINE,
  QUOTE,
  special,
  TAB,
  VECTOR,
} from "./bytes";

/** How a column's text becomes a JSON value. Any other kind is already JSON. */
const STRING: u32 = 0;
const NUMBER: u32 = 2;
const BOOLEAN: u32 = 3;

/** Little-endian, so that one store writes the whole word. */
const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;
const U00: u32 = 0x3030755c;

let columns: usize = 0;
let lastColumn: usize = 0;
/** The state of the current value. `atStart` means that none of it has been read yet. */
let column: usize = 0;
let atStart: bool = true;
let isQuoted: bool = false;
let read: usize = 0;

/**
 * Begins a table.
 *
 * @param table address of the columns' descriptions; at least one
 */
export function openCopy(table: usize, count: usize): void {
  columns = table;
  lastColumn = count - 1;
  column = 0;
  atStart = true;
}

export function isBetweenRows(): bool {
  return atStart && column === 0;
}

/** How many bytes the last call consumed. The rest had no room, or means something only with the bytes that follow. */
export function bytesRead(): usize {
  return read;
}

function hex(digit: u32): u8 {
  return <u8>(digit < 10 ? 48 + digit : 87 + digit);
}

/**
 * Converts text from `source` on, and stops at `limit`. Beyond the limit there must be room for a key, a vector and a
 * few bytes.
 *
 * @returns the number of bytes written; negative if the text is not valid COPY text
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the whole state stays in local variables, so it is fast.
export function convertCopy(source: usize, length: usize, target: usize, limit: usize): isize {
  const to = source + length;
  let from = source;
  let end = target;
  let quoted = isQuoted;
  let start = atStart;
  let at = column;
  while (from < to && end < limit) {
    if (start) {
      const first = <u32>load<u8>(from);
      const isLonger = from + 1 < to;
      if (!isLonger && first !== TAB && first !== NEWLINE) break;
      const second = isLonger ? <u32>load<u8>(from + 1) : NEWLINE;
      const entry = columns + at * COLUMN_BYTES;
      const key = <usize>load<u32>(entry);
      const keyLength = <usize>load<u32>(entry, 4);
      const kind = load<u32>(entry, 8);
      for (let k: usize = 0; k < keyLength; k += VECTOR) v128.store(end + k, v128.load(key + k));
      end += keyLength;
      start = false;
      quoted = false;
      if (first === BACKSLASH && second === 0x4e) {
        store<u32>(end, NULL);
        end += 4;
        from += 2;
      } else if (kind === BOOLEAN) {
        const isTrue = first === 0x74;
        store<u32>(end, isTrue ? TRUE : FALS);
        store<u8>(end + 4, 0x65);
        end += isTrue ? 4 : 5;
        from++;
      } else {
        // NaN and infinities become strings.
        quoted =
          kind === STRING ||
          (kind === NUMBER && !isDigit(first) && !(first === MINUS && isDigit(second)));
        if (quoted) store<u8>(end++, <u8>QUOTE);
      }
    }
    // Copy bytes that need no escaping. The same bytes end an unquoted value, except quotes.
    const quote = i8x16.splat(quoted ? 0x22 : 0x5c);
    let found: i32 = 0;
    while (found === 0 && from < to && end < limit) {
      const bytes = v128.load(from);
      v128.store(end, bytes);
      found = special(bytes, quote);
      const plain = found === 0 ? VECTOR : <usize>ctz(found);
      from += plain;
      end += plain;
    }
    if (from >= to) {
      end -= from - to;
      from = to;
      break;
    }
    if (found === 0) break;
    const byte = <u32>load<u8>(from);
    if (byte === TAB || byte === NEWLINE) {
      const isLast = at === lastColumn;
      if ((byte === NEWLINE) !== isLast) return -1;
      if (quoted) store<u8>(end++, <u8>QUOTE);
      if (isLast) {
        store<u16>(end, 0x0a7d);
        end += 2;
      }
      at = isLast ? 0 : at + 1;
      start = true;
      from++;
    } else if (byte === BACKSLASH) {
      if (from + 1 === to) break;
      const escaped = <u32>load<u8>(from + 1);
      // COPY and JSON have the same escapes, except \v. In the text of a JSON value, only a backslash is escaped.
      if (!quoted) {
        if (escaped !== BACKSLASH) return -2;
        store<u8>(end++, <u8>BACKSLASH);
      } else if (escaped === 0x76) {
        store<u32>(end, U00);
        store<u16>(end + 4, 0x6230);
        end += 6;
      } else {
        store<u8>(end, <u8>BACKSLASH);
        store<u8>(end + 1, <u8>escaped);
        end += 2;
      }
      from += 2;
    } else {
      if (!quoted) return -3;
      if (byte === QUOTE) {
        store<u16>(end, 0x225c);
        end += 2;
      } else {
        store<u32>(end, U00);
        store<u8>(end + 4, hex(byte >> 4));
        store<u8>(end + 5, hex(byte & 15));
        end += 6;
      }
      from++;
    }
  }
  isQuoted = quoted;
  atStart = start;
  column = at;
  read = from - source;
  return <isize>(end - target);
}
