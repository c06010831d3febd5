import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Worker } from "node:worker_threads";

/** Below this, a thread is not worth the hundredth of a second and the megabytes that it takes. */
const WORTH_A_THREAD_BYTES = 8 * 1024 * 1024;

/** Shared memory is taken in multiples of this, and what is larger than a few is given back. */
const SLOT_BYTES = 128 * 1024;
const LARGEST_SLOT_BYTES = 16 * SLOT_BYTES;
const KEPT_SLOTS = 8;

/** What passes through it is outside of its heap. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };

interface Question {
  call: number;
  hash: number;
  /** With bytes, more of what is hashed; without, its end. */
  shared?: SharedArrayBuffer;
  bytes?: number;
}

interface Answer {
  call: number;
  sha256?: string;
}

/** As text, since bundlers take the file of a thread for one of theirs, and lose it. */
const PROGRAM = `
  const { createHash } = require("node:crypto");
  const { parentPort } = require("node:worker_threads");
  const hashes = new Map();
  parentPort.on("message", ({ call, hash, shared, bytes }) => {
    const it = hashes.get(hash) ?? createHash("sha256");
    hashes.set(hash, it);
    if (shared) {
      it.update(new Uint8Array(shared, 0, bytes));
      parentPort.postMessage({ call });
    } else {
      hashes.delete(hash);
      parentPort.postMessage({ call, sha256: it.digest("hex") });
    }
  });`;

/** A SHA-256 that is being computed. */
export interface Hash {
  /** Takes bytes for no longer than the call. Answers come in their order. */
  update(bytes: Buffer): Promise<void>;
  /** In hexadecimal. */
  digest(): Promise<string>;
  /** To be called in any case, so that the thread can end. */
  close(): void;
}

/** One for all backups and restores of this process, while any runs that it is worth it for. */
let starting: Promise<DigestThread | null> | null = null;
let running: DigestThread | null = null;
let holders = 0;

/**
 * Has digests computed in a thread of their own while the work is done: beside it, and not on a web server's time.
 * Where none can be started, they are computed in place.
 *
 * @param expectedBytes what there is to do; for little, no thread is started
 */
export async function withDigestThread<Result>(
  expectedBytes: number,
  work: () => Promise<Result>,
): Promise<Result> {
  if (expectedBytes < WORTH_A_THREAD_BYTES) return await work();
  holders++;
  try {
    // Wherever threads are not allowed, nothing else is lost but time.
    starting ??= DigestThread.start().catch(() => null);
    running = await starting;
    return await work();
  } finally {
    holders--;
    endWhenUnused();
  }
}

/** Whether there is such a thread. */
export const hasDigestThread = (): boolean => holders > 0 && running !== null && !running.isDead;

export const openHash = (): Hash => (hasDigestThread() && running ? running.open() : openInPlace());

function endWhenUnused(): void {
  if (holders > 0 || (running && !running.isIdle)) return;
  void running?.end();
  running = null;
  starting = null;
}

function openInPlace(): Hash {
  const hash = createHash("sha256");
  return {
    async update(bytes) {
      hash.update(bytes);
    },
    digest: async () => hash.digest("hex"),
    close() {},
  };
}

/** Bytes go there in shared memory, which is used again and again. */
class DigestThread {
  readonly #worker: Worker;
  readonly #calls = new Map<number, PromiseWithResolvers<string | undefined>>();
  readonly #slots: SharedArrayBuffer[] = [];
  #callCount = 0;
  #hashCount = 0;
  #openHashes = 0;
  #death: Error | null = null;

  /** @throws what there is against a thread here */
  static async start(): Promise<DigestThread> {
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
    return new DigestThread(worker);
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", ({ call, sha256 }: Answer) => {
      this.#calls.get(call)?.resolve(sha256);
      this.#calls.delete(call);
    });
    worker.on("error", (error) => this.#die(error));
    worker.on("exit", () => this.#die(new Error("The thread that computes digests has ended.")));
  }

  get isDead(): boolean {
    return this.#death !== null;
  }

  get isIdle(): boolean {
    return this.#openHashes === 0;
  }

  open(): Hash {
    const hash = ++this.#hashCount;
    this.#openHashes++;
    let isOpen = true;
    let hasEnded = false;
    return {
      update: async (bytes) => {
        const shared = this.#share(bytes);
        await this.#ask({ hash, shared, bytes: bytes.length });
        this.#keep(shared);
      },
      digest: async () => {
        hasEnded = true;
        const sha256 = await this.#ask({ hash });
        if (sha256 === undefined) throw new Error("The thread that computes digests gave none.");
        return sha256;
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#openHashes--;
        // One that was given up half-way is forgotten there by being ended.
        if (!hasEnded) this.#ask({ hash }).catch(() => {});
        endWhenUnused();
      },
    };
  }

  /** Ends it, whatever it is doing. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask(question: Omit<Question, "call">): Promise<string | undefined> {
    if (this.#death) return Promise.reject(this.#death);
    const call = ++this.#callCount;
    const pending = Promise.withResolvers<string | undefined>();
    this.#calls.set(call, pending);
    this.#worker.postMessage({ call, ...question } satisfies Question);
    return pending.promise;
  }

  #die(error: Error): void {
    this.#death ??= error;
    for (const pending of this.#calls.values()) pending.reject(this.#death);
    this.#calls.clear();
  }

  #share(bytes: Buffer): SharedArrayBuffer {
    const free = this.#slots.findIndex(({ byteLength }) => byteLength >= bytes.length);
    const shared =
      this.#slots.splice(free, free === -1 ? 0 : 1)[0] ??
      new SharedArrayBuffer(Math.ceil(bytes.length / SLOT_BYTES) * SLOT_BYTES);
    new Uint8Array(shared).set(bytes);
    return shared;
  }

  #keep(shared: SharedArrayBuffer): void {
    const isUsual = shared.byteLength <= LARGEST_SLOT_BYTES;
    if (isUsual && this.#slots.length < KEPT_SLOTS) this.#slots.push(shared);
  }
}
