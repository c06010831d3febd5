import { ArchiveProblem } from "./archive-problem.ts";
import type {
  Failure,
  FromWorker,
  ToWorker,
  WorkerMethods,
  WorkerProgress,
} from "./worker-protocol.ts";

/** Loading the worker may take long. If a browser or a policy forbids it, it fails at once. */
const START_TIMEOUT_MS = 20_000;

interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (progress: WorkerProgress) => void;
}

interface Waiting extends CallOptions {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** The page's side of the worker. */
export class LocalArchiveClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#take(data));
    worker.addEventListener("error", (event) => {
      this.#fail(new Error(event.message || "The worker has ended."));
    });
  }

  /** Null if the browser, or the page's Content Security Policy, prevents a worker. */
  static async start(): Promise<LocalArchiveClient | null> {
    let worker: Worker;
    try {
      worker = new Worker(new URL("./archive-worker.ts", import.meta.url), { type: "module" });
    } catch {
      return null;
    }
    const isReady = await new Promise<boolean>((resolve) => {
      worker.addEventListener("message", () => resolve(true), { once: true });
      worker.addEventListener(
        "error",
        (event) => {
          event.preventDefault();
          resolve(false);
        },
        { once: true },
      );
      setTimeout(() => resolve(false), START_TIMEOUT_MS);
    });
    if (isReady) return new LocalArchiveClient(worker);
    worker.terminate();
    return null;
  }

  /** @throws ArchiveProblem; an AbortError; Error if the worker itself failed */
  call<Method extends keyof WorkerMethods>(
    method: Method,
    args: WorkerMethods[Method]["args"],
    options: CallOptions = {},
  ): Promise<WorkerMethods[Method]["result"]> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(cancelled());
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<WorkerMethods[Method]["result"]>((resolve, reject) => {
      this.#waiting.set(id, { ...options, resolve, reject });
      signal?.addEventListener("abort", () => this.#send({ cancel: id }), { once: true });
      this.#send({ id, method, args } as ToWorker);
    });
  }

  /** Stops the worker, and frees everything that it holds. */
  close(): void {
    this.#worker.terminate();
    this.#fail(cancelled());
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromWorker): void {
    if ("isReady" in message) return;
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if ("progress" in message) {
      if (!waiting.signal?.aborted) waiting.onProgress?.(message.progress);
      return;
    }
    this.#waiting.delete(message.id);
    if ("result" in message) waiting.resolve(message.result as never);
    else waiting.reject(errorOf(message.failure));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function errorOf(failure: Failure): Error {
  if (failure.name === "fault") return new ArchiveProblem(failure.verdict);
  return failure.name === "cancelled" ? cancelled() : new Error(failure.message);
}

const cancelled = () => new DOMException("It was cancelled.", "AbortError");

export const isCancelled = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "AbortError";
