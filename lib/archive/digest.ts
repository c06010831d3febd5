import { Transform, type TransformCallback } from "node:stream";
import { openStage, type Stage, type StageKind } from "../thread/stage.ts";

/** What a stream held: its length, and its SHA-256 in hexadecimal. */
export interface Digest {
  bytes: number;
  sha256: string;
}

export const SHA256: StageKind<undefined> = {
  make: (_options, { createHash }) => {
    const hash = createHash("sha256");
    return {
      push(bytes) {
        hash.update(bytes);
        return null;
      },
      end: () => hash.digest("hex"),
    };
  },
  sample: { options: undefined, input: "abc" },
};

/** Chunks whose digest is not computed yet, while they are on their way already. */
const LOOK_AHEAD = 2;

/** Passes bytes on, counts them and computes their SHA-256. */
export class DigestStream extends Transform {
  #stage: Stage | undefined;
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
    this.#stage ??= openStage(SHA256, undefined);
    const hashed = this.#stage.push([chunk]);
    // Whoever waits for it hears of its error.
    hashed.catch(() => {});
    this.#bytes += chunk.length;
    const isAhead = this.#pending.push(hashed) >= LOOK_AHEAD;
    if (!isAhead) done(null, chunk);
    else this.#pending.shift()?.then(() => done(null, chunk), done);
  }

  override _flush(done: TransformCallback): void {
    this.#stage ??= openStage(SHA256, undefined);
    this.#stage.end().then((sha256) => {
      this.#sha256 = sha256 ?? undefined;
      done();
    }, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stage?.close();
    done(error);
  }
}
