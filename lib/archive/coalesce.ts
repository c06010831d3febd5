import { Transform, type TransformCallback } from "node:stream";
import { concatOwn, freeOwn } from "../own-memory.ts";

const TARGET_BYTES = 128 * 1024;

/** Joins small chunks, so that some 250 rows share a switch to zlib's thread pool, a hash update and a promise. */
export class CoalesceStream extends Transform {
  #chunks: Buffer[] = [];
  #bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= TARGET_BYTES) this.#pass();
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#bytes > 0) this.#pass();
    done();
  }

  #pass(): void {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1) this.push(first);
    else {
      this.push(concatOwn(this.#chunks));
      this.#chunks.forEach(freeOwn);
    }
    this.#chunks = [];
    this.#bytes = 0;
  }
}
