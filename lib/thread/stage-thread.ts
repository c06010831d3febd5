import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { markOwn } from "./own-memory.ts";
import { type Answer, PROGRAM, type Question } from "./program.ts";
import { openInPlace, type Stage, type StageKind } from "./stage.ts";

/** Shared memory is taken in multiples of this, and what is larger than a few is given back. */
const SLOT_BYTES = 256 * 1024;
const LARGEST_SLOT_BYTES = 8 * SLOT_BYTES;
const KEPT_SLOTS = 16;

/** What passes through it is outside of its heap. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** Without its number, and still one or the other. */
type QuestionOf<Q> = Q extends Question ? Omit<Q, "call"> : never;

/** A thread for stages. Bytes go there in shared memory, which is used again and again, and come back as its own. */
export class StageThread {
  readonly #worker: Worker;
  readonly #onIdle: () => void;
  readonly #proven = new Set<unknown>();
  readonly #calls = new Map<number, PromiseWithResolvers<Answer["output"]>>();
  #slots: SharedArrayBuffer[] = [];
  #callCount = 0;
  #stageCount = 0;
  #openStages = 0;
  #death: Error | null = null;

  /** @throws what there is against a thread here. @param onIdle called when its last stage is closed */
  static async start(onIdle: () => void): Promise<StageThread> {
    // By no import: bundlers take the text of a program for the path of one.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const worker = new Worker(PROGRAM, {
      eval: true,
      name: "prisma-backup-admin",
      resourceLimits: LIMITS,
      // Neither secrets nor what a host has loaded into each of its own.
      env: {},
      execArgv: [],
    });
    await once(worker, "online");
    return new StageThread(worker, onIdle);
  }

  private constructor(worker: Worker, onIdle: () => void) {
    this.#worker = worker;
    this.#onIdle = onIdle;
    worker.on("message", (answer: Answer) => this.#settle(answer));
    worker.on("error", (error) => this.#die(error));
    worker.on("exit", () => this.#die(new Error("The thread that prepares rows has ended.")));
  }

  /** Whether it can be asked for stages of this kind. */
  does(kind: StageKind<unknown>): boolean {
    return !this.#death && this.#proven.has(kind);
  }

  get isIdle(): boolean {
    return this.#openStages === 0;
  }

  /** Compares what it makes of a sample with what is made of it in place: a bundler may have changed the text. */
  async prove<Options>(kind: StageKind<Options>): Promise<void> {
    if (this.#proven.has(kind)) return;
    const { options, input } = kind.sample;
    const results = [this.open(kind, options), openInPlace(kind, options)].map(async (stage) => {
      try {
        const output = await stage.push([Buffer.from(input)]);
        return `${output?.toString("latin1")} ${await stage.end()}`;
      } finally {
        stage.close();
      }
    });
    const [there, here] = await Promise.all(results).catch(() => [null, undefined]);
    if (there === here) this.#proven.add(kind);
  }

  open<Options>({ make }: StageKind<Options>, options: Options): Stage {
    const stage = ++this.#stageCount;
    this.#openStages++;
    let isOpen = true;
    // Where that fails, so does what is asked next.
    this.#ask({ ask: "open", stage, text: String(make), options }).catch(() => {});
    return {
      push: async (chunks) => {
        const { shared, bytes } = this.#share(chunks);
        const output = await this.#ask({ ask: "push", stage, shared, bytes });
        this.#keep(shared);
        return output instanceof Uint8Array
          ? markOwn(Buffer.from(output.buffer, output.byteOffset, output.length))
          : null;
      },
      end: async () => {
        const output = await this.#ask({ ask: "end", stage });
        return typeof output === "string" ? output : null;
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#openStages--;
        this.#ask({ ask: "close", stage }).catch(() => {});
        if (this.isIdle) this.#onIdle();
      },
    };
  }

  /** Ends it, whatever it is doing. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(question: QuestionOf<Question>): Promise<Answer["output"]> {
    if (this.#death) return Promise.reject(this.#death);
    const call = ++this.#callCount;
    const pending = Promise.withResolvers<Answer["output"]>();
    this.#calls.set(call, pending);
    this.#worker.postMessage({ call, ...question });
    return pending.promise;
  }

  #settle({ call, output, error }: Answer): void {
    const pending = this.#calls.get(call);
    this.#calls.delete(call);
    if (error === undefined) pending?.resolve(output);
    else pending?.reject(new Error(error));
  }

  #die(error: Error): void {
    this.#death ??= error;
    for (const pending of this.#calls.values()) pending.reject(this.#death);
    this.#calls.clear();
  }

  #share(chunks: readonly Buffer[]): { shared: SharedArrayBuffer; bytes: number } {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const free = this.#slots.findIndex(({ byteLength }) => byteLength >= length);
    const shared =
      this.#slots.splice(free, free === -1 ? 0 : 1)[0] ??
      new SharedArrayBuffer(Math.ceil(length / SLOT_BYTES) * SLOT_BYTES);
    const target = new Uint8Array(shared);
    let bytes = 0;
    for (const chunk of chunks) {
      target.set(chunk, bytes);
      bytes += chunk.length;
    }
    return { shared, bytes };
  }

  #keep(shared: SharedArrayBuffer): void {
    const isUsual = shared.byteLength <= LARGEST_SLOT_BYTES;
    if (isUsual && this.#slots.length < KEPT_SLOTS) this.#slots.push(shared);
  }
}
