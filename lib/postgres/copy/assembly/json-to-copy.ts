/** AssemblyScript: converts lines of JSON to COPY text. See `../json-to-copy.ts` for the purpose. */
import {
  BACKSLASH,
  BEGIN,
  CLOSE,
  COLUMN_BYTES,
  COMMA,
  DOT,
  END,
  isDigit,
  MINUS,
  NEWLINE,
  OPEN,
  QUOTE,
  SLASH,
  SPACE,
  special,
  TAB,
  VECTOR,
  ZERO,
} from "./bytes";

/** Little-endian, so that one load compares the whole word. */
const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;
const U00: u32 = 0x3030755c;

/** Whether `json` has the expected bytes. Both sides need room for a vector after them. */
function isAt(json: usize, expected: usize, length: usize): bool {
  for (let k: usize = 0; k < length; k += VECTOR) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(json + k), v128.load(expected + k)));
    const rest = length - k;
    if ((same | (rest < VECTOR ? 0xffff << (<i32>rest) : 0) | ~0xffff) !== -1) return false;
  }
  return true;
}

/** Whether `"$json"` is at this address, which is that of the opening quote. */
function isWrapperName(json: usize): bool {
  return load<u32>(json) === 0x736a2422 && (load<u32>(json, 4) & 0xffffff) === 0x226e6f;
}

/** The end of a JSON number, true or false, or 0 if there is none. The byte at `to` ends it. */
function literalEnd(from: usize): usize {
  let at = from;
  const word = load<u32>(at);
  if (word === TRUE) return at + 4;
  if (word === FALS && load<u8>(at, 4) === 0x65) return at + 5;
  if (<u32>load<u8>(at) === MINUS) at++;
  if (!isDigit(load<u8>(at))) return 0;
  if (<u32>load<u8>(at) === ZERO) at++;
  else while (isDigit(load<u8>(at))) at++;
  if (<u32>load<u8>(at) === DOT) {
    if (!isDigit(load<u8>(++at))) return 0;
    while (isDigit(load<u8>(at))) at++;
  }
  // e, E
  if ((<u32>load<u8>(at) | 32) === 101) {
    at++;
    const sign = <u32>load<u8>(at);
    if (sign === 43 || sign === MINUS) at++;
    if (!isDigit(load<u8>(at))) return 0;
    while (isDigit(load<u8>(at))) at++;
  }
  return at;
}

/** The value of a lower-case hex digit, as PostgreSQL writes it; above fifteen for any other byte. */
function digitOf(hex: u32): u32 {
  if (isDigit(hex)) return hex - ZERO;
  return hex >= 97 && hex <= 102 ? hex - 87 : 255;
}

/** The control character of `\u00xx`. Negative for characters that PostgreSQL writes in another way, or never. */
function controlAt(json: usize): i32 {
  const high = digitOf(load<u8>(json, 4));
  const low = digitOf(load<u8>(json, 5));
  if (load<u32>(json) !== U00 || high > 1 || low > 15) return -1;
  const code = high * 16 + low;
  return code === 0 || (code >= 8 && code <= 13 && code !== 11) ? -1 : <i32>code;
}

/** \\ \b \f \n \r \t mean the same in JSON and in COPY. */
function isShared(escaped: u32): bool {
  return (
    escaped === BACKSLASH ||
    escaped === 98 ||
    escaped === 102 ||
    escaped === 110 ||
    escaped === 114 ||
    escaped === 116
  );
}

/**
 * Converts a batch, which begins with `[` and ends with `]`. The target needs room for twice the batch's bytes and a
 * vector. All of it is one function, because a call for each value makes it a tenth slower.
 *
 * @param columns address of the columns' descriptions, in the order of the keys; at least one. Kind 1 takes the text of
 *   a JSON value
 * @returns the number of bytes written; negative if any byte differs from what this library's backups contain
 */
// biome-ignore lint/complexity/useMaxParams: WebAssembly takes only numbers, so a record would have to be written to memory.
export function convertJson(
  columns: usize,
  count: usize,
  json: usize,
  length: usize,
  target: usize,
): isize {
  const quotes = i8x16.splat(0x22);
  /** Address of the closing bracket. Rows end before it. */
  const last = json + length - 1;
  const lastColumn = count - 1;
  let at = json;
  let end = target;
  let before = OPEN;
  while (at < last) {
    if (<u32>load<u8>(at++) !== before) return -1;
    before = COMMA;
    for (let column: usize = 0; column < count; column++) {
      const entry = columns + column * COLUMN_BYTES;
      const keyLength = <usize>load<u32>(entry, 4);
      const isJson = load<u32>(entry, 8) === 1;
      // Bytes beyond the batch may hold anything. So check that a place is within the batch before reading from it.
      if (at + keyLength > last || !isAt(at, <usize>load<u32>(entry), keyLength)) return -1;
      at += keyLength;
      const first = <u32>load<u8>(at);
      if (first === 110) {
        if (load<u32>(at) !== NULL) return -1;
        // \N
        store<u16>(end, 0x4e5c);
        end += 2;
        at += 4;
      } else if (first === QUOTE || (isJson && (first === BEGIN || first === OPEN))) {
        // The content of a string, or the text of a JSON value. The JSON is not checked here: the column's type does
        // that.
        let depth: i32 = 0;
        let isInString = false;
        // {"$json": …} stands for the value inside it.
        const isWrapped = isJson && first === BEGIN && isWrapperName(at + 1);
        if (isWrapped) {
          if (<u32>load<u16>(at + 8) !== 0x203a) return -1;
          depth = 1;
          at += 10;
        }
        do {
          if (at >= last) return -1;
          const byte = <u32>load<u8>(at);
          if (byte === QUOTE) {
            // "$json" beside other keys, or something that only looks like it: leave this to PostgreSQL.
            if (isJson && depth === 1 && !isInString && isWrapperName(at)) return -1;
            isInString = !isInString;
            if (isJson) store<u8>(end++, <u8>byte);
            at++;
          } else if (byte < SPACE) return -1;
          else if (!isInString) {
            if (byte === BEGIN || byte === OPEN) depth++;
            else if (byte === END || byte === CLOSE) depth--;
            // A wrapper holds exactly one value and ends with its own brace.
            if (isWrapped && (depth === 1 ? byte === COMMA : depth === 0 && byte !== END))
              return -1;
            if (!isWrapped || depth > 0) store<u8>(end++, <u8>byte);
            at++;
          } else if (byte !== BACKSLASH) {
            let found: i32 = 0;
            while (found === 0 && at < last) {
              const bytes = v128.load(at);
              v128.store(end, bytes);
              found = special(bytes, quotes);
              const plain = found === 0 ? VECTOR : <usize>ctz(found);
              at += plain;
              end += plain;
            }
          } else {
            const escaped = <u32>load<u8>(at, 1);
            // u
            const isControl = escaped === 117;
            const control = isControl ? controlAt(at) : 0;
            if (control < 0) return -1;
            if (isJson) {
              // COPY needs each backslash of the value doubled.
              const to = at + (isControl ? 6 : 2);
              for (; at < to; at++) {
                const own = load<u8>(at);
                if (<u32>own === BACKSLASH) store<u8>(end++, own);
                store<u8>(end++, own);
              }
            } else if (isControl) {
              store<u8>(end++, <u8>control);
              at += 6;
            } else {
              if (isShared(escaped)) store<u8>(end++, <u8>BACKSLASH);
              else if (escaped !== QUOTE && escaped !== SLASH) return -1;
              store<u8>(end++, <u8>escaped);
              at += 2;
            }
          }
        } while (depth > 0 || isInString);
        if (depth < 0) return -1;
      } else {
        const to = literalEnd(at);
        if (to === 0 || to > last) return -1;
        for (; at < to; at++) store<u8>(end++, load<u8>(at));
      }
      store<u8>(end++, <u8>(column === lastColumn ? NEWLINE : TAB));
    }
    if (<u32>load<u16>(at) !== 0x0a7d) return -1;
    at += 2;
  }
  return at === last && <u32>load<u8>(at) === CLOSE ? <isize>(end - target) : -1;
}
