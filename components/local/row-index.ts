/** The rows of one table in memory: its JSON, unchanged, and the positions at which each row begins and ends. */
const [NEWLINE, QUOTE, BACKSLASH, COMMA] = [0x0a, 0x22, 0x5c, 0x2c];
const [OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

const decoder = new TextDecoder();

export class RowIndex {
  readonly #json: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;

  private constructor(json: Uint8Array, starts: Uint32Array, ends: Uint32Array) {
    this.#json = json;
    this.#starts = starts;
    this.#ends = ends;
  }

  /** Indexes a table as the archive writes it: one row per line, after `[` or `,`. */
  static ofLines(json: Uint8Array, rows: number): RowIndex {
    const starts = new Uint32Array(rows);
    const ends = new Uint32Array(rows);
    let at = 0;
    for (let row = 0; row < rows; row++) {
      const end = json.indexOf(NEWLINE, at);
      if (end === -1) throw new SyntaxError("The table ends before its last row.");
      starts[row] = at + 1;
      ends[row] = end;
      at = end + 1;
    }
    return new RowIndex(json, starts, ends);
  }

  /** Indexes any JSON array of objects. */
  static ofArray(json: Uint8Array): RowIndex {
    const starts: number[] = [];
    const ends: number[] = [];
    let depth = 0;
    for (let at = 0; at < json.length; at++) {
      const byte = json[at];
      if (byte === QUOTE) {
        at = endOfString(json, at);
      } else if (byte === OPEN || byte === OPEN_OBJECT) {
        depth++;
        if (depth === 1 && byte !== OPEN) throw new SyntaxError("The table is no JSON array.");
        if (depth === 2) starts.push(at);
      } else if (byte === CLOSE || byte === CLOSE_OBJECT) {
        if (depth === 2) ends.push(at + 1);
        depth--;
      } else if (depth <= 1 && byte !== COMMA && (byte ?? 0) > 0x20) {
        throw new SyntaxError("The table holds what is no row.");
      }
    }
    if (depth !== 0) throw new SyntaxError("The table has no end.");
    return new RowIndex(json, Uint32Array.from(starts), Uint32Array.from(ends));
  }

  get rows(): number {
    return this.#starts.length;
  }

  /** Returns a row's JSON. `index` starts at 0. */
  row(index: number): string {
    return this.text(index, index + 1);
  }

  /** Returns the JSON from one row to another, with everything in between. */
  text(from: number, to: number): string {
    return decoder.decode(this.#json.subarray(this.#starts[from], this.#ends[to - 1]));
  }

  bytesOf(index: number): number {
    return (this.#ends[index] ?? 0) - (this.#starts[index] ?? 0);
  }
}

function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
