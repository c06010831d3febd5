import { Transform, type TransformCallback } from "node:stream";
import { freeOwn } from "./own-memory.ts";
import { openStage, type Stage, type StageKind } from "./stage.ts";

/** Fewer and larger steps: each costs a hop to the thread and back. */
const STEP_BYTES = 128 * 1024;
/** Steps whose result has not come back yet, while what is next is gathered. */
const LOOK_AHEAD = 2;

/** Passes what a stage makes of the bytes. */
export class StageStream<Options> extends Transform {
  readonly #stage: Stage;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  readonly #pending: Array<Promise<Buffer | null>> = [];

  constructor(kind: StageKind<Options>, options: Options) {
    super();
    this.#stage = openStage(kind, options);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes >= STEP_BYTES) this.#step();
    if (this.#pending.length < LOOK_AHEAD) done();
    // What it passes on with `done` is what a slow reader is waited for with.
    else this.#pending.shift()?.then((made) => done(null, made), done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#gatheredBytes > 0) this.#step();
    this.#finish().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stage.close();
    done(error);
  }

  #step(): void {
    const made = this.#stage.push(this.#gathered);
    // Whoever waits for it hears of its error.
    made.catch(() => {});
    this.#pending.push(made);
    this.#gathered.forEach(freeOwn);
    this.#gathered = [];
    this.#gatheredBytes = 0;
  }

  async #finish(): Promise<void> {
    for (const made of this.#pending) {
      const bytes = await made;
      if (bytes) this.push(bytes);
    }
    await this.#stage.end();
  }
}
