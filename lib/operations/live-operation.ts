import { BackupError } from "../errors.ts";
import { addProgress, NO_PROGRESS, type OnProgress, type Progress } from "../shared/progress.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import type { Context } from "./context.ts";
import { logError } from "./log-error.ts";
import { writeHeartbeat } from "./operation-store.ts";
import { processWideMap } from "./process-wide.ts";
import { answerReportRequests } from "./report-store.ts";
import type { StepRequest } from "./stored-operation.ts";

const PROGRESS_INTERVAL_MS = 500;
const HEARTBEAT_INTERVAL_MS = 2000;
/** In the largest databases, the progress of all tables is megabytes, so it is written less often. */
const PROGRESS_BYTES_PER_MS = 1000;

/** Never rejects. It answers the requester through the operation's row. */
type TakeStep = (request: StepRequest) => Promise<void>;

const live = processWideMap<LiveOperation>("live-operations");

/** The operation, if this process carries it out. Then nothing has to wait for a heartbeat. */
export const findLiveOperation = (id: string): LiveOperation | undefined => live.get(id);

/** Writes an operation's progress and heartbeat, and learns from its row of a cancellation or a next step. */
export class LiveOperation {
  readonly id: string;
  /** The report of the trial run while the restore waits. It contains rows, so it exists only in memory. */
  rehearsal: RehearsalReport | null = null;
  readonly #context: Pick<Context, "config" | "database">;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #progress: Progress = NO_PROGRESS;
  #isChanged = false;
  #writtenAt = Date.now();
  /** Progress is not written again before this time. */
  #progressDueAt = 0;
  #writing: Promise<void> | null = null;
  #take: TakeStep | null = null;
  #isTaking = false;

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

  /** Sets what takes up a step that any process requests while the operation waits. @returns whether it waited */
  onStep(take: TakeStep | null): boolean {
    const wasWaiting = this.#take !== null;
    this.#take = take;
    return wasWaiting;
  }

  /** Takes up a step if the operation waits. Only one step is taken up at a time. Never throws. */
  takeUp(request: StepRequest): void {
    if (this.#isTaking || !this.#take) return;
    this.#isTaking = true;
    void this.#take(request).finally(() => {
      this.#isTaking = false;
    });
  }

  abort(reason: BackupError): void {
    this.#controller.abort(reason);
  }

  /** Ends the heartbeat after the write in progress. Call it before you write the operation's end. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    live.delete(this.id);
    await this.#writing;
  }

  #tick(): void {
    if (this.#writing) return;
    const now = Date.now();
    const isDue = now - this.#writtenAt >= HEARTBEAT_INTERVAL_MS;
    const hasProgress = this.#isChanged && now >= this.#progressDueAt;
    if (!hasProgress && !this.#take && !isDue) return;
    this.#writing = this.#write(hasProgress).finally(() => {
      this.#writing = null;
    });
  }

  async #write(hasProgress: boolean): Promise<void> {
    const progress = hasProgress ? JSON.stringify(this.#progress) : null;
    if (progress) {
      this.#isChanged = false;
      this.#progressDueAt = Date.now() + progress.length / PROGRESS_BYTES_PER_MS;
    }
    this.#writtenAt = Date.now();
    try {
      const { database } = this.#context;
      const { answer, requested, reports } = await writeHeartbeat(database, this.id, progress);
      if (answer === "cancel") this.abort(cancelled());
      if (answer === "continue" && requested) this.takeUp(requested);
      if (this.rehearsal && reports.length > 0)
        await answerReportRequests(database, this.rehearsal, reports);
      // Another process saw no heartbeat for so long that it settled the operation. What it reported must stay true.
      if (answer === "gone") {
        const message = "The operation had no contact with the database for too long.";
        this.abort(new BackupError("INTERRUPTED", message, { hint: "Begin it again." }));
      }
    } catch (error) {
      // The next heartbeat is tried all the same. Without any, the operation is found to be interrupted.
      if (progress) this.#isChanged = true;
      logError(this.#context.config, `heartbeat of ${this.id}`, error);
    }
  }
}

export const cancelled = (): BackupError =>
  new BackupError("ABORTED", "The operation was cancelled. Nothing was changed.");

export const ended = (): BackupError =>
  new BackupError("INTERRUPTED", "The restore was ended meanwhile. Nothing was changed.", {
    hint: "Begin it again.",
  });
