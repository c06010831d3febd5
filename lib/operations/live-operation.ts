import { BackupError } from "../errors.ts";
import { addProgress, NO_PROGRESS, type OnProgress, type Progress } from "../shared/progress.ts";
import { type Context, report } from "./context.ts";
import { writeHeartbeat } from "./operation-store.ts";
import { processWideMap } from "./process-wide.ts";

const PROGRESS_INTERVAL_MS = 500;
const HEARTBEAT_INTERVAL_MS = 2000;

const live = processWideMap<LiveOperation>("live-operations");

/** The operation where this process carries it out, to be cancelled or begun without waiting for its heartbeat. */
export const findLiveOperation = (id: string): LiveOperation | undefined => live.get(id);

/** An operation that this process carries out: writes its progress and heartbeat, hears of its cancellation and its start. */
export class LiveOperation {
  readonly id: string;
  readonly #context: Pick<Context, "config" | "database">;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #progress: Progress = NO_PROGRESS;
  #isChanged = false;
  #writtenAt = Date.now();
  #writing: Promise<void> | null = null;
  #start: ((requestId: string) => Promise<void>) | null = null;
  #isStarting = false;

  constructor(context: Pick<Context, "config" | "database">, id: string) {
    this.#context = context;
    this.id = id;
    this.#timer = setInterval(() => this.#tick(), PROGRESS_INTERVAL_MS);
    live.set(id, this);
  }

  /** Aborted with a BackupError as its reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get progress(): Progress {
    return this.#progress;
  }

  readonly onProgress: OnProgress = (event) => {
    this.#progress = addProgress(this.#progress, event);
    this.#isChanged = true;
  };

  /** Forgets the progress of the check, before the restore itself. */
  resetProgress(): void {
    this.#progress = NO_PROGRESS;
    this.#isChanged = true;
  }

  /**
   * While the operation waits for its start: what begins it when that has been asked of any process of the app.
   *
   * @returns whether it was waiting
   */
  onStart(start: ((requestId: string) => Promise<void>) | null): boolean {
    const wasWaiting = this.#start !== null;
    this.#start = start;
    return wasWaiting;
  }

  /** Begins it, if it waits; once at a time. Never throws. */
  start(requestId: string): void {
    if (this.#isStarting || !this.#start) return;
    this.#isStarting = true;
    void this.#start(requestId).finally(() => {
      this.#isStarting = false;
    });
  }

  abort(reason: BackupError): void {
    this.#controller.abort(reason);
  }

  /** Ends the heartbeat, after the write that is under way. To be called before the operation's end is written. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    live.delete(this.id);
    await this.#writing;
  }

  #tick(): void {
    if (this.#writing) return;
    const isDue = Date.now() - this.#writtenAt >= HEARTBEAT_INTERVAL_MS;
    if (!this.#isChanged && !this.#start && !isDue) return;
    this.#writing = this.#write().finally(() => {
      this.#writing = null;
    });
  }

  async #write(): Promise<void> {
    const progress = this.#isChanged ? this.#progress : null;
    this.#isChanged = false;
    this.#writtenAt = Date.now();
    try {
      const { answer, startRequested } = await writeHeartbeat(
        this.#context.database,
        this.id,
        progress,
      );
      if (answer === "cancel") this.abort(cancelled());
      if (answer === "continue" && startRequested !== null) this.start(startRequested);
      // Somebody saw no heartbeat for so long that they settled the operation. What they were told must stay true.
      if (answer === "gone") {
        this.abort(
          new BackupError(
            "INTERRUPTED",
            "The operation had no contact with the database for too long.",
            {
              hint: "Begin it again.",
            },
          ),
        );
      }
    } catch (error) {
      // The next one is tried all the same; without any, the operation is seen as interrupted.
      if (progress) this.#isChanged = true;
      report(this.#context.config, `heartbeat of ${this.id}`, error);
    }
  }
}

export const cancelled = (): BackupError =>
  new BackupError("ABORTED", "The operation was cancelled. Nothing has been changed.");
