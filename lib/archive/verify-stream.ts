import type { TransformCallback } from "node:stream";
import { digestMismatch } from "./archive-error.ts";
import { type Digest, DigestStream } from "./digest.ts";

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
