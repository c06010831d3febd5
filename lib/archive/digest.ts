import { createHash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";

/** The length of a stream in bytes, and its SHA-256 in hexadecimal. */
export interface Digest {
  bytes: number;
  sha256: string;
}

export const sha256 = (content: Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** Passes bytes on, counts them and computes their SHA-256. */
export class DigestStream extends Transform {
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #sha256: string | undefined;

  /** Number of bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the digest of the whole stream. @throws Error before the stream's end */
  digest(): Digest {
    if (this.#sha256 === undefined) throw new Error("the stream has not ended");
    return { bytes: this.#bytes, sha256: this.#sha256 };
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#sha256 = this.#hash.digest("hex");
    done();
  }
}
