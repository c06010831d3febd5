import { Transform, type TransformCallback } from "node:stream";
import { type Hash, openHash } from "./digest-thread.ts";

/** What a stream held: its length, and its SHA-256 in hexadecimal. */
export interface Digest {
  bytes: number;
  sha256: string;
}

/** Chunks whose digest is not computed yet, while they are on their way already. */
const LOOK_AHEAD = 2;

/** Passes bytes on, counts them and computes their SHA-256. */
export class DigestStream extends Transform {
  #hash: Hash | undefined;
  #pending: Array<Promise<unknown>> = [];
  #bytes = 0;
  #sha256: string | undefined;

  /** Bytes seen so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The digest of the whole stream. To be called after its end. */
  digest(): Digest {
    if (this.#sha256 === undefined) throw new Error("the stream has not ended");
    return { bytes: this.#bytes, sha256: this.#sha256 };
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash ??= openHash();
    const hashed = this.#hash.update(chunk);
    // Whoever waits for it hears of its error.
    hashed.catch(() => {});
    this.#bytes += chunk.length;
    const isAhead = this.#pending.push(hashed) >= LOOK_AHEAD;
    if (!isAhead) done(null, chunk);
    else this.#pending.shift()?.then(() => done(null, chunk), done);
  }

  override _flush(done: TransformCallback): void {
    this.#hash ??= openHash();
    this.#hash.digest().then((sha256) => {
      this.#sha256 = sha256;
      done();
    }, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#hash?.close();
    done(error);
  }
}
