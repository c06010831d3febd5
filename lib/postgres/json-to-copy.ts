import type { CatalogColumn } from "../schema/catalog.ts";
import type { StageKind, StageWork } from "../thread/stage.ts";

/** A column as `jsonToCopy` looks for it. */
export interface CopiedColumn {
  name: string;
  /** Takes a JSON value's own text; others take a string's content, a number or a boolean. */
  isJson: boolean;
}

export const copiedColumn = ({ name, encoding }: CatalogColumn): CopiedColumn => ({
  name,
  isJson: encoding === "jsonb",
});

/**
 * Makes of a batch's JSON what COPY reads in its text format, which PostgreSQL does in half the time that it takes for
 * the JSON. Only where every byte is as a backup of ours has it.
 *
 * @param columns all of each row, in their order
 * @returns null where anything is different: then it is PostgreSQL that has to read the JSON
 */
export const jsonToCopy = (json: Buffer, columns: readonly CopiedColumn[]): Buffer | null => {
  const copied = convertBatches(columns).push(json);
  return copied && Buffer.from(copied.buffer);
};

/** A stage, of which each piece is a whole batch: it refers to nothing outside of itself. */
function convertBatches(columns: readonly CopiedColumn[]): StageWork {
  const TAB = 9;
  const NEWLINE = 10;
  const SPACE = 32;
  const QUOTE = 34;
  const COMMA = 44;
  const MINUS = 45;
  const SLASH = 47;
  const ZERO = 48;
  const NINE = 57;
  const OPEN = 91;
  const BACKSLASH = 92;
  const CLOSE = 93;
  const UNICODE = 117;
  const BEGIN = 123;
  const END = 125;
  /** Bytes after a backslash that mean the same in JSON and in COPY: \\ b f n r t */
  const SHARED_ESCAPES = [BACKSLASH, 98, 102, 110, 114, 116];
  const LITERAL = /^(true|false|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?)$/;
  /** Four bytes in one number: spaces, ones, quotes, backslashes; and the highest bit of each. */
  const SPACES = 0x20202020;
  const ONES = 0x01010101;
  const QUOTES = 0x22222222;
  const BACKSLASHES = 0x5c5c5c5c;
  const HIGH_BITS = 0x80808080 | 0;
  const KEPT_BYTES = 8 * 1024 * 1024;

  /** With all that comes before a value: `,"name":` */
  const keys = columns.map(({ name }, index) =>
    Buffer.from(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`),
  );
  const areJson = columns.map(({ isJson }) => isJson);
  /** Written anew for each batch. */
  let target: Buffer = Buffer.alloc(0);

  /** The control character of `\u00xx`; -1 for what PostgreSQL writes otherwise, or not at all. */
  function readControl(json: Buffer, at: number): number {
    const digits = /^\\u00([01][0-9a-f])$/.exec(json.toString("latin1", at, at + 6))?.[1];
    const code = Number.parseInt(digits ?? "0", 16);
    return code === 0 || (code >= 8 && code <= 13 && code !== 11) ? -1 : code;
  }

  /** @returns the bytes written to the target; -1 where anything is different */
  function convert(json: Buffer): number {
    const words = new DataView(json.buffer, json.byteOffset, json.length);
    const targetWords = new DataView(target.buffer);
    const last = json.length - 1;
    let at = 0;
    let end = 0;
    for (let before = OPEN; at < last; before = COMMA) {
      if (json[at++] !== before) return -1;
      for (let column = 0; column < keys.length; column++) {
        const key = keys[column] as Buffer;
        for (let k = 0; k < key.length; k++) if (json[at++] !== key[k]) return -1;
        const isJson = areJson[column] as boolean;
        const first = json[at] as number;
        if (first === 110) {
          if (json[at + 1] !== 117 || json[at + 2] !== 108 || json[at + 3] !== 108) return -1; // null
          target[end++] = BACKSLASH;
          target[end++] = 78; // N
          at += 4;
        } else if (first === QUOTE || (isJson && (first === BEGIN || first === OPEN))) {
          // A string's content; or the text of a JSON value as it is, for its type to say whether that is right.
          let depth = 0;
          let isInString = false;
          do {
            const byte = json[at] as number;
            if (byte === QUOTE) {
              isInString = !isInString;
              if (isJson) target[end++] = byte;
              at++;
            } else if (byte < SPACE || at >= last) return -1;
            else if (!isInString) {
              if (byte === BEGIN || byte === OPEN) depth++;
              else if (byte === END || byte === CLOSE) depth--;
              target[end++] = byte;
              at++;
            } else if (byte !== BACKSLASH) {
              // Bytes that mean themselves, four at a time: one below what is subtracted borrows its highest bit.
              while (at + 4 <= last) {
                const word = words.getInt32(at);
                const asQuote = word ^ QUOTES;
                const asBackslash = word ^ BACKSLASHES;
                const borrowed =
                  ((word - SPACES) & ~word) |
                  ((asQuote - ONES) & ~asQuote) |
                  ((asBackslash - ONES) & ~asBackslash);
                if ((borrowed & HIGH_BITS) !== 0) break;
                targetWords.setInt32(end, word);
                at += 4;
                end += 4;
              }
              for (; at < last; at++) {
                const plain = json[at] as number;
                if (plain < SPACE || plain === QUOTE || plain === BACKSLASH) break;
                target[end++] = plain;
              }
            } else {
              const escaped = json[at + 1] as number;
              const isControl = escaped === UNICODE;
              const control = isControl ? readControl(json, at) : 0;
              if (control === -1) return -1;
              if (isJson) {
                // A backslash of its own is doubled for COPY.
                const length = isControl ? 6 : 2;
                for (const to = at + length; at < to; at++) {
                  if (json[at] === BACKSLASH) target[end++] = BACKSLASH;
                  target[end++] = json[at] as number;
                }
              } else if (isControl) {
                target[end++] = control;
                at += 6;
              } else {
                if (SHARED_ESCAPES.includes(escaped)) target[end++] = BACKSLASH;
                else if (escaped !== QUOTE && escaped !== SLASH) return -1;
                target[end++] = escaped;
                at += 2;
              }
            }
          } while (depth > 0 || isInString);
          if (depth < 0) return -1;
        } else {
          // A number, true or false.
          const start = at;
          let isInteger = first !== ZERO && first !== MINUS;
          for (; ; at++) {
            const byte = json[at] ?? 0;
            if (byte === COMMA || byte === END) break;
            if (byte <= SPACE) return -1;
            if (byte < ZERO || byte > NINE) isInteger = false;
            target[end++] = byte;
          }
          const isPlain = isInteger && at > start;
          if (!isPlain && !LITERAL.test(json.toString("latin1", start, at))) return -1;
        }
        target[end++] = column === keys.length - 1 ? NEWLINE : TAB;
      }
      if (json[at++] !== END || json[at++] !== NEWLINE) return -1;
    }
    return json[at] === CLOSE ? end : -1;
  }

  return {
    push(json) {
      // `$json` stands for a JSON null, or for an object that looks as if it did.
      if (columns.length === 0 || json.includes("$json")) return null;
      // No more than a backslash becomes longer, and it becomes two.
      if (target.length < json.length * 2) target = Buffer.allocUnsafeSlow(json.length * 2);
      const end = convert(json);
      const copied = end === -1 ? null : new Uint8Array(target.subarray(0, end));
      if (target.length > KEPT_BYTES) target = Buffer.alloc(0);
      return copied;
    },
    end: () => null,
  };
}

export const JSON_TO_COPY: StageKind<readonly CopiedColumn[]> = {
  make: convertBatches,
  sample: {
    options: [
      { name: 'a "name"', isJson: false },
      { name: "json", isJson: true },
    ],
    input: `[{"a \\"name\\"":"text \\"of\\" \\\\ some \\n \\u0001 length","json":{"a": ["\\\\u0001 b"]}}
,{"a \\"name\\"":-1.5e9,"json":null}
,{"a \\"name\\"":true,"json":12}
]`,
  },
};
