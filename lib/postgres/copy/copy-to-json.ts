import { Transform, type TransformCallback } from "node:stream";
import { freeOwn } from "../../own-memory.ts";
import type { CatalogColumn } from "../../schema/catalog.ts";
import { Assembly, type AssemblyKind, VECTOR_BYTES } from "./assembly.ts";

/** How many bytes are converted at a time: as many as a socket delivers. */
const SOURCE_BYTES = 64 * 1024;
/** Minimum size of what is passed on: each later step costs the same for less. */
const STEP_BYTES = 128 * 1024;
const TARGET_BYTES = STEP_BYTES + 2 * SOURCE_BYTES;
/** Room for a byte carried over to the next chunk, because it means nothing alone: a backslash, a value's first. */
const CARRIED_BYTES = 1;
/** What may be written beyond the limit besides a key: the end of a value and of a row, and an escape. */
const SLACK_BYTES = 16 + VECTOR_BYTES;

/**
 * Converts COPY's text format to what `',' || row_to_json(…)` returns, byte for byte, one row a line. PostgreSQL takes
 * three times as long for it, in a single process. No line is held in memory, however long it is.
 */
export class CopyToJson extends Transform {
  readonly #hasColumns: boolean;
  readonly #assembly: Assembly;
  readonly #sourceAt: number;
  readonly #targetAt: number;
  readonly #limit: number;
  #carried = 0;
  #written = 0;

  /** @param columns those that COPY sends, in its order */
  constructor(columns: readonly CatalogColumn[]) {
    super();
    const known = columns.map((column, index) => ({
      key: `${index === 0 ? ",{" : ","}${JSON.stringify(column.name)}:`,
      kind: kindOf(column),
    }));
    this.#hasColumns = columns.length > 0;
    this.#assembly = new Assembly(known);
    this.#sourceAt = this.#assembly.freeAt;
    this.#targetAt = this.#sourceAt + CARRIED_BYTES + SOURCE_BYTES + VECTOR_BYTES;
    this.#limit = this.#targetAt + TARGET_BYTES;
    const longestKey = known.reduce((most, { key }) => Math.max(most, Buffer.byteLength(key)), 0);
    this.#assembly.reserve(this.#limit + longestKey + SLACK_BYTES);
    this.#assembly.exports.openCopy(this.#assembly.columnsAt, columns.length);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      // Rows of a table without columns are empty lines.
      if (!this.#hasColumns) this.push(",{}\n".repeat(chunk.length));
      else for (let at = 0; at < chunk.length; at += SOURCE_BYTES) this.#convert(chunk, at);
      freeOwn(chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    const isWhole = this.#carried === 0 && this.#assembly.exports.isBetweenRows() === 1;
    if (!isWhole) done(new Error("COPY ended within a row"));
    else {
      this.#pass();
      done();
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#assembly.close();
    done(error);
  }

  #convert(chunk: Buffer, start: number): void {
    const { bytes, exports } = this.#assembly;
    const to = this.#sourceAt + this.#carried;
    let at = this.#sourceAt;
    const end = to + chunk.copy(bytes, to, start, start + SOURCE_BYTES);
    for (;;) {
      const writeAt = this.#targetAt + this.#written;
      const written = exports.convertCopy(at, end - at, writeAt, this.#limit);
      if (written < 0) throw new Error("COPY sent a row that is none of its table's");
      this.#written += written;
      at += exports.bytesRead();
      const isFull = this.#written >= TARGET_BYTES;
      if (this.#written >= STEP_BYTES) this.#pass();
      if (!isFull) break;
    }
    this.#carried = end - at;
    bytes.copyWithin(this.#sourceAt, at, end);
  }

  #pass(): void {
    if (this.#written > 0) this.push(this.#assembly.copy(this.#targetAt, this.#written));
    this.#written = 0;
  }
}

function kindOf({ encoding, valueType }: CatalogColumn): AssemblyKind {
  if (encoding === "jsonb") return "json";
  if (encoding === "text" || valueType.isArray) return "string";
  if (valueType.name === "bool") return "boolean";
  return ["int2", "int4", "float4", "float8"].includes(`${valueType.name}`) ? "number" : "string";
}
