import { createHash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import { digestMismatch } from "./archive-error.ts";

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

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws Error before the stream's end */
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

/** Passes an entry's bytes on. Fails with DIGEST_MISMATCH at the first byte too many, or at the end. */
export class VerifyStream extends DigestStream {
  readonly #entry: string;
  readonly #expected: Digest;

  constructor(entry: string, expected: Digest) {
    super();
    this.#entry = entry;
    this.#expected = expected;
  }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    // This stops a decompression bomb.
    if (this.bytes + chunk.length > this.#expected.bytes) done(digestMismatch(this.#entry));
    else super._transform(chunk, encoding, done);
  }

  override _flush(done: TransformCallback): void {
    super._flush((error) => {
      if (error) return done(error);
      const { bytes, sha256 } = this.digest();
      const agrees = bytes === this.#expected.bytes && sha256 === this.#expected.sha256;
      done(agrees ? null : digestMismatch(this.#entry));
    });
  }
}
