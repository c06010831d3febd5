import { BackupError } from "../errors.ts";
import { markOwn } from "../own-memory.ts";
import { COMPILED_ASSEMBLY } from "./compiled-assembly.ts";

/** What `assembly/index.ts` exports, compiled. Places and lengths are of bytes in its memory. */
interface Exports {
  memory: WebAssembly.Memory;
  heapBase(): number;
  openCopy(columns: number, count: number): void;
  convertCopy(source: number, length: number, target: number, limit: number): number;
  bytesRead(): number;
  isBetweenRows(): number;
  convertJson(columns: number, count: number, json: number, length: number, target: number): number;
}

/** A column as both conversions know it. */
export interface AssemblyColumn {
  /** All that comes before its value in JSON, such as `,"name":`. */
  key: string;
  kind: AssemblyKind;
}

/** How a column's text is a JSON value: escaped in quotes, as it is, or a number or boolean where it is one. */
export type AssemblyKind = keyof typeof KINDS;

const KINDS = { string: 0, json: 1, number: 2, boolean: 3 };

/** As in `assembly/bytes.ts`. */
const COLUMN_BYTES = 12;
/** What is read and written at a time, and so may be read and written beyond an end. */
export const VECTOR_BYTES = 16;
const PAGE_BYTES = 65_536;

/** Kept for the next table. */
const KEPT = 2;
const KEPT_BYTES = 8 * 1024 * 1024;
/** Of a table's rows, beyond which its memory is not kept for those that follow. */
const LARGE_BYTES = 64 * 1024 * 1024;

/** Of no use to anybody at the moment. */
const idle: Exports[] = [];
let compiled: WebAssembly.Module | undefined;

/**
 * The compiled conversions, with memory of their own that holds the columns of one table. They take sixteen bytes at a
 * time: most of a backup's time in this process was spent there, and the same in JavaScript takes five times as long.
 */
export class Assembly {
  readonly exports: Exports;
  /** Where the columns' descriptions are. */
  readonly columnsAt: number;
  /** From where on its memory is for whoever made it. */
  readonly freeAt: number;
  /** Its memory. Another buffer once it grew. */
  bytes: Buffer;
  #isOpen = true;

  constructor(columns: readonly AssemblyColumn[]) {
    if (typeof WebAssembly === "undefined") throw noWebAssembly();
    compiled ??= new WebAssembly.Module(Buffer.from(COMPILED_ASSEMBLY, "base64"));
    this.exports = idle.pop() ?? (new WebAssembly.Instance(compiled).exports as object as Exports);
    this.bytes = Buffer.from(this.exports.memory.buffer);
    this.columnsAt = this.exports.heapBase();
    const keys = Buffer.from(columns.map(({ key }) => key).join(""));
    let at = this.columnsAt + COLUMN_BYTES * columns.length;
    this.freeAt = at + keys.length + VECTOR_BYTES;
    this.reserve(this.freeAt);
    keys.copy(this.bytes, at);
    for (const [index, { key, kind }] of columns.entries()) {
      const description = [at, Buffer.byteLength(key), KINDS[kind]];
      for (const [i, value] of description.entries())
        this.bytes.writeUInt32LE(value, this.columnsAt + COLUMN_BYTES * index + 4 * i);
      at += Buffer.byteLength(key);
    }
  }

  /** Sees to it that its memory is as large. */
  reserve(bytes: number): void {
    const missing = bytes - this.bytes.length;
    if (missing <= 0) return;
    this.exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.bytes = Buffer.from(this.exports.memory.buffer);
  }

  /** Whether it grew for a row that is larger than most, and is better not kept. */
  get isLarge(): boolean {
    return this.bytes.length > LARGE_BYTES;
  }

  /** A copy of some of its memory, in a buffer of its own. */
  copy(start: number, length: number): Buffer {
    const copy = Buffer.allocUnsafeSlow(length);
    this.bytes.copy(copy, 0, start, start + length);
    return markOwn(copy);
  }

  /** To be called in the end, by whoever uses it no more. */
  close(): void {
    // Given back twice, it would have two tables.
    const isKept = this.#isOpen && this.bytes.length <= KEPT_BYTES && idle.length < KEPT;
    if (isKept) idle.push(this.exports);
    this.#isOpen = false;
  }
}

const noWebAssembly = (): BackupError =>
  new BackupError(
    "INTERNAL",
    "This process has no WebAssembly, which rows are converted by. Nothing has changed.",
    { hint: "Start Node without --jitless and --lite-mode." },
  );
