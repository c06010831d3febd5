import type { CatalogColumn } from "../schema/catalog.ts";
import type { StageKind, StageWork } from "../thread/stage.ts";
import { StageStream } from "../thread/stage-stream.ts";

/** How a column's text becomes a JSON value: escaped in quotes, as it is, or a number or boolean where it is one. */
type ValueKind = "string" | "json" | "number" | "boolean";

type JsonColumn = { name: string; kind: ValueKind };

/**
 * Makes of COPY's text format what `',' || row_to_json(…)` gives, byte for byte: a line a row. PostgreSQL takes three
 * times as long for it, in one process. No line is held, however long it is.
 */
export class CopyToJson extends StageStream<JsonColumn[]> {
  /** @param columns those that COPY sends, in its order */
  constructor(columns: readonly CatalogColumn[]) {
    super(
      COPY_TO_JSON,
      columns.map((column) => ({ name: column.name, kind: kindOf(column) })),
    );
  }
}

function kindOf({ encoding, valueType }: CatalogColumn): ValueKind {
  if (encoding === "jsonb") return "json";
  if (encoding === "text" || valueType.isArray) return "string";
  switch (valueType.name) {
    case "bool":
      return "boolean";
    case "int2":
    case "int4":
    case "float4":
    case "float8":
      return "number";
    default:
      return "string";
  }
}

/**
 * A stage: it refers to nothing outside of itself. One loop and local variables, since most of a backup's time in this
 * process is spent here.
 */
function copyToJson(columns: readonly JsonColumn[]): StageWork {
  const TAB = 9;
  const NEWLINE = 10;
  const SPACE = 32;
  const QUOTE = 34;
  const BACKSLASH = 92;
  /** Four bytes in one number: spaces, ones, quotes, backslashes; and the highest bit of each. */
  const SPACES = 0x20202020;
  const ONES = 0x01010101;
  const QUOTES = 0x22222222;
  const BACKSLASHES = 0x5c5c5c5c;
  const HIGH_BITS = 0x80808080 | 0;
  /** Room for what a byte becomes at most, `\u001f`, and for what ends a value and a row. */
  const SLACK_BYTES = 16;
  const HEX = "0123456789abcdef";

  const kinds = columns.map(({ kind }) => kind);
  const keys = columns.map(({ name }, index) =>
    Buffer.from(`${index === 0 ? ",{" : ","}${JSON.stringify(name)}:`),
  );
  const longestKey = keys.reduce((longest, { length }) => Math.max(longest, length), 0);
  const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 48 && byte <= 57;
  /** Of the value that is being read; at its start, nothing of it has been read yet. */
  let column = 0;
  let atStart = true;
  let isQuoted = false;
  /** The last bytes of a chunk, where what they mean depends on those that follow. */
  let carried: Buffer = Buffer.alloc(0);
  /** Written anew for each chunk. */
  let buffer: Buffer = Buffer.alloc(0);

  /** @returns how many bytes of the buffer were written */
  function read(source: Buffer): number {
    const sourceWords = new DataView(source.buffer, source.byteOffset, source.length);
    const { length } = source;
    let target = buffer;
    let words = new DataView(target.buffer);
    let i = 0;
    let end = 0;
    while (i < length) {
      // Room for what is left of the chunk, and a little; more where something becomes longer.
      if (target.length - end < length - i + longestKey + SLACK_BYTES) {
        buffer = Buffer.allocUnsafeSlow((end + length - i + longestKey + SLACK_BYTES) * 2);
        target.copy(buffer, 0, 0, end);
        target = buffer;
        words = new DataView(target.buffer);
      }
      if (atStart) {
        const first = source[i];
        const isLonger = i + 1 < length;
        if (!isLonger && first !== TAB && first !== NEWLINE) break;
        const second = isLonger ? source[i + 1] : NEWLINE;
        const key = keys[column];
        const kind = kinds[column];
        if (!key) throw new Error("COPY sent a row with more values than columns");
        for (let k = 0; k < key.length; k++) target[end++] = key[k] as number;
        atStart = false;
        isQuoted = false;
        if (first === BACKSLASH && second === 0x4e) {
          target[end++] = 0x6e; // null
          target[end++] = 0x75;
          target[end++] = 0x6c;
          target[end++] = 0x6c;
          i += 2;
        } else if (kind === "boolean") {
          end += target.write(first === 0x74 ? "true" : "false", end, "latin1");
          i++;
        } else {
          // NaN and infinities are strings.
          isQuoted =
            kind === "string" ||
            (kind === "number" && !isDigit(first) && !(first === 45 && isDigit(second)));
          if (isQuoted) target[end++] = QUOTE;
        }
      }
      // Bytes that mean themselves, four at a time: one below what is subtracted borrows its highest bit.
      const quote = isQuoted ? QUOTE : BACKSLASH;
      const quotes = isQuoted ? QUOTES : BACKSLASHES;
      while (i + 4 <= length) {
        const word = sourceWords.getInt32(i);
        const asQuote = word ^ quotes;
        const asBackslash = word ^ BACKSLASHES;
        const borrowed =
          ((word - SPACES) & ~word) |
          ((asQuote - ONES) & ~asQuote) |
          ((asBackslash - ONES) & ~asBackslash);
        if ((borrowed & HIGH_BITS) !== 0) break;
        words.setInt32(end, word);
        i += 4;
        end += 4;
      }
      let byte = 0;
      for (; i < length; i++) {
        byte = source[i] as number;
        if (byte < SPACE || byte === BACKSLASH || byte === quote) break;
        target[end++] = byte;
      }
      if (i === length) break;
      if (byte === TAB || byte === NEWLINE) {
        const isLast = column === columns.length - 1;
        if ((byte === NEWLINE) !== isLast) throw new Error("COPY sent a row of another length");
        if (isQuoted) target[end++] = QUOTE;
        if (isLast) {
          target[end++] = 0x7d; // }
          target[end++] = NEWLINE;
        }
        column = isLast ? 0 : column + 1;
        atStart = true;
        i++;
      } else if (byte === BACKSLASH) {
        if (i + 1 === length) break;
        const escaped = source[i + 1] as number;
        // COPY's escapes are JSON's, but for \v. A JSON value's own text has none but that of a backslash.
        if (!isQuoted && escaped !== BACKSLASH)
          throw new Error("COPY sent a control character in a JSON value");
        if (isQuoted && escaped === 0x76) end += target.write("\\u000b", end, "latin1");
        else {
          target[end++] = BACKSLASH;
          if (isQuoted) target[end++] = escaped;
        }
        i += 2;
      } else {
        if (!isQuoted) throw new Error("COPY sent a control character or quote in a value");
        target[end++] = BACKSLASH;
        if (byte === QUOTE) target[end++] = QUOTE;
        else end += target.write(`u00${HEX[byte >> 4]}${HEX[byte & 15]}`, end, "latin1");
        i++;
      }
    }
    carried = Buffer.from(source.subarray(i));
    return end;
  }

  return {
    push(bytes) {
      // Rows of a table without columns are empty lines.
      if (columns.length === 0) return new Uint8Array(Buffer.from(",{}\n".repeat(bytes.length)));
      const end = read(carried.length === 0 ? bytes : Buffer.concat([carried, bytes]));
      return new Uint8Array(buffer.subarray(0, end));
    },
    end() {
      if (column > 0 || !atStart || carried.length > 0) throw new Error("COPY ended within a row");
      return null;
    },
  };
}

export const COPY_TO_JSON: StageKind<JsonColumn[]> = {
  make: copyToJson,
  sample: {
    options: [
      { name: 'a "name"', kind: "string" },
      { name: "json", kind: "json" },
      { name: "number", kind: "number" },
      { name: "boolean", kind: "boolean" },
    ],
    input: `text "of" \\\\ some \\n \\v length\t{"a": "\\\\u0001"}\t-1.5\tt\n\u0001\t\\N\tNaN\tf\n`,
  },
};
