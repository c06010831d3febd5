import { BackupError } from "../../errors.ts";
import { markOwn } from "../../own-memory.ts";
import { COMPILED_ASSEMBLY } from "./compiled-assembly.ts";

/** The compiled exports of `assembly/index.ts`. Addresses and lengths are in bytes of its memory. */
interface Exports {
  memory: WebAssembly.Memory;
  heapBase(): number;
  openCopy(columns: number, count: number): void;
  convertCopy(source: number, length: number, target: number, limit: number): number;
  bytesRead(): number;
  isBetweenRows(): number;
  convertJson(columns: number, count: number, json: number, length: number, target: number): number;
}

/** A column as both conversions see it. */
export interface AssemblyColumn {
  /** The JSON before the column's value, for example `,"name":`. */
  key: string;
  kind: AssemblyKind;
}

/** How a column's text becomes JSON: escaped in quotes, unchanged, or as a number or boolean if it is one. */
export type AssemblyKind = keyof typeof KINDS;

const KINDS = { string: 0, json: 1, number: 2, boolean: 3 };

/** Size of a column's description, as in `assembly/bytes.ts`. */
const COLUMN_BYTES = 12;
/** Bytes read or written at a time. The last access may go beyond the end of the data by as much. */
export const VECTOR_BYTES = 16;
const PAGE_BYTES = 65_536;

/** How many idle instances are kept for the next table, and how large their memory may be. */
const KEPT = 2;
const KEPT_BYTES = 8 * 1024 * 1024;
/** If a large row made the memory grow beyond this, it is not kept for the rows that follow. */
const LARGE_BYTES = 64 * 1024 * 1024;

/** Instances that no table uses at the moment. */
const idle: Exports[] = [];
let compiled: WebAssembly.Module | undefined;

/**
 * The compiled conversions, with their own memory, which describes the columns of one table. They process sixteen bytes
 * at a time. Conversion took most of a backup's time in this process, and JavaScript needs five times as long for it.
 */
export class Assembly {
  readonly exports: Exports;
  /** Address of the column descriptions. */
  readonly columnsAt: number;
  /** The caller may use the memory from this address on. */
  readonly freeAt: number;
  /** The memory as a Buffer. A new Buffer replaces it when the memory grows. */
  bytes: Buffer;
  #isOpen = true;

  constructor(columns: readonly AssemblyColumn[]) {
    if (typeof WebAssembly === "undefined") {
      throw new BackupError(
        "INTERNAL",
        "This process has no WebAssembly, which rows are converted by. Nothing was changed.",
        { hint: "Start Node without --jitless and --lite-mode." },
      );
    }
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

  /** Grows the memory to at least this many bytes. */
  reserve(bytes: number): void {
    const missing = bytes - this.bytes.length;
    if (missing <= 0) return;
    this.exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.bytes = Buffer.from(this.exports.memory.buffer);
  }

  /** True if the memory grew for an unusually large row and should not be kept. */
  get isLarge(): boolean {
    return this.bytes.length > LARGE_BYTES;
  }

  /** Copies part of the memory into a new buffer. */
  copy(start: number, length: number): Buffer {
    const copy = Buffer.allocUnsafeSlow(length);
    this.bytes.copy(copy, 0, start, start + length);
    return markOwn(copy);
  }

  /** Releases the instance. Call it when the conversion is done. */
  close(): void {
    // An instance that is returned twice would serve two tables at once.
    const isKept = this.#isOpen && this.bytes.length <= KEPT_BYTES && idle.length < KEPT;
    if (isKept) idle.push(this.exports);
    this.#isOpen = false;
  }
}
