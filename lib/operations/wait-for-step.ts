import { BackupError } from "../errors.ts";
import { beginRestore, type RestoreSession } from "../restore/run-restore.ts";
import type { RestorePlan } from "../shared/api.ts";
import type { Stage } from "../shared/progress.ts";
import type { Context } from "./context.ts";
import { ended, type LiveOperation } from "./live-operation.ts";
import { logError } from "./log-error.ts";
import type { MadePlan } from "./make-plan.ts";
import { markReady } from "./operation-store.ts";
import { notWaiting } from "./request-step.ts";
import { refuseStep, takeStep } from "./step-store.ts";
import type { PlanStep, StartStep, Step } from "./stored-operation.ts";

/** How long an unlocked archive waits for a person's next step. */
const READY_MAX_AGE_MS = 60 * 60 * 1000;

/** The session holds the restore's lock. The receiver must end it. */
export type TakenStep = PlanStep | (StartStep & { session: RestoreSession });

/**
 * Shows the plan and waits for a person's next step, requested in any process of the app.
 * @param prepare throws if the restore cannot start at this moment; then the wait goes on
 * @throws the reason of an abort, also after too long a wait; INTERRUPTED if it was ended in the meantime
 */
export async function waitForStep(
  context: Pick<Context, "config" | "database">,
  live: LiveOperation,
  made: MadePlan,
  prepare: (step: StartStep) => Promise<void>,
): Promise<TakenStep> {
  // Set this before the restore is seen as ready, or the first request for the report might find none.
  live.rehearsal = made.rehearsal;
  const taken = listen(context, live, prepare);
  if (!(await markReady(context.database, live.id, made.plan, live.progress))) {
    live.onStep(null);
    throw ended();
  }
  return taken;
}

function listen(
  { config, database }: Pick<Context, "config" | "database">,
  live: LiveOperation,
  prepare: (step: StartStep) => Promise<void>,
): Promise<TakenStep> {
  const { id, signal } = live;
  const { promise, resolve, reject } = Promise.withResolvers<TakenStep>();
  const timer = setTimeout(() => live.abort(notConfirmed()), READY_MAX_AGE_MS).unref();
  const stopWaiting = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    return live.onStep(null);
  };
  const onAbort = () => {
    stopWaiting();
    reject(signal.reason);
  };
  const take = async (requestId: string, taken: TakenStep, firstStage: Stage) => {
    const running = await takeStep(database, id, requestId, firstStage);
    if (!running || signal.aborted || !stopWaiting()) throw notWaiting();
    resolve(taken);
  };
  const takeUp = async (requestId: string, step: Step) => {
    if (step.kind === "plan") return take(requestId, step, "check");
    await prepare(step);
    const session = await beginRestore(database);
    try {
      const firstStage = step.safetyBackup ? "safety-backup" : "restore";
      await take(requestId, { ...step, session }, firstStage);
    } catch (error) {
      await session.end();
      throw error;
    }
  };
  const refused = new Map<string, unknown>();
  live.onStep(async ({ id: requestId, step }) => {
    try {
      // Each request is tried once. The requester may already have been told that nothing was begun.
      if (!refused.has(requestId)) return await takeUp(requestId, step);
    } catch (error) {
      refused.set(requestId, error);
    }
    // If this write fails, the next heartbeat leads here again.
    await refuseStep(database, id, requestId, refused.get(requestId)).catch((error: unknown) =>
      logError(config, `next step of ${id}`, error),
    );
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  // If the restore ends before `taken` is awaited, an unhandled rejection would end the process.
  promise.catch(() => {});
  return promise;
}

/** @throws SCHEMA_DRIFT if the check forbids the restore, or nobody has accepted the differences that it found */
export function requireStartable(
  plan: RestorePlan | null,
  { acceptDrift }: Pick<StartStep, "acceptDrift">,
): void {
  if (!plan?.canStart) {
    throw new BackupError(
      "SCHEMA_DRIFT",
      "The check found that this backup cannot be restored here.",
      { hint: "Look at the failed checks, and correct what they name." },
    );
  }
  if (plan.drift.length > 0 && !acceptDrift) {
    throw new BackupError(
      "SCHEMA_DRIFT",
      "The backup's tables and the database's differ, and no one has confirmed that. Nothing was changed.",
      {
        hint: "Look at the differences. If you accept them, confirm them and start the restore again.",
      },
    );
  }
}

const notConfirmed = (): BackupError =>
  new BackupError("ABORTED", "The restore was not confirmed within an hour. Nothing was changed.", {
    hint: "Upload the backup again.",
  });
