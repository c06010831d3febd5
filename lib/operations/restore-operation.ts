/** A restore from its check to its end, whether or not anybody watches. */
import { BackupError } from "../errors.ts";
import { runRestore } from "../restore/run-restore.ts";
import { verifyTables } from "../restore/verify-tables.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import { toBackupError } from "../to-backup-error.ts";
import { type ActorInBackup, searchActor } from "./actor-in-backup.ts";
import type { Context } from "./context.ts";
import { describeRetry } from "./describe-retry.ts";
import { ended, LiveOperation } from "./live-operation.ts";
import { logError } from "./log-error.ts";
import { type MadePlan, makePlan, rehearsePlan, type WantedPlan } from "./make-plan.ts";
import { notifyStart } from "./notify.ts";
import { type Ending, recordPlan, recordTransaction, writeFacts } from "./operation-store.ts";
import { planChanged } from "./request-step.ts";
import { type RestoreSource, releaseSource } from "./restore-source.ts";
import { makeSafetyBackup, requireRoom, tidySafetyBackups } from "./safety-backup.ts";
import { writeEnd } from "./settle.ts";
import type { StoredOperation } from "./stored-operation.ts";
import { describeUpload } from "./uploads/describe-upload.ts";
import { requireStartable, type TakenStep, waitForStep } from "./wait-for-step.ts";

const PASSING: readonly ErrorCode[] = [
  "LOCK_TIMEOUT",
  "DATABASE_UNREACHABLE",
  "INTERRUPTED",
  "SAFETY_BACKUP_FAILED",
];

/** Whether the same archive may succeed a moment later, so that the upload should be kept. */
const isPassing = ({ code, cause }: BackupError): boolean =>
  // A lost connection appears as the cause of the step in which it was lost.
  PASSING.includes(code) || PASSING.includes(toBackupError(cause).code);

/** A restore on its way: who restores what, from where. */
interface Run {
  context: Context;
  operation: Pick<StoredOperation, "id" | "actor" | "fileName" | "undoes">;
  source: RestoreSource;
  live: LiveOperation;
}

/** Carries out a restore, and owns its archive and upload. Never rejects: every end is written to the operation. */
export async function carryOutRestore(
  context: Context,
  operation: Run["operation"],
  source: RestoreSource,
  first: WantedPlan,
): Promise<void> {
  const { config } = context;
  const { id } = operation;
  const live = new LiveOperation(context, id);
  const run: Run = { context, operation, source, live };
  let ending: Ending;
  let keepsUpload = false;
  try {
    ending = await checkAndRestore(run, first);
  } catch (thrown) {
    const error = toBackupError(live.signal.aborted ? live.signal.reason : thrown);
    keepsUpload = isPassing(error);
    logError(config, `restore ${id}`, error);
    const state = error.code === "ABORTED" ? "cancelled" : "failed";
    ending = { state, error: keepsUpload ? await withRetry(run, error) : error };
  }
  try {
    // Clean up before the end is written, so that a reader of the end finds nothing left over.
    await releaseSource(context, source, keepsUpload);
  } catch (error) {
    logError(config, `archive of ${id}`, error);
  }
  try {
    await live.stop();
    await writeEnd(context, id, { ...ending, progress: live.progress });
    await tidySafetyBackups(context, source.undoes);
  } catch (error) {
    // The operation is later found to be interrupted, and settled.
    logError(config, `restore ${id}`, error);
  }
}

/** Checks and plans, then does what the person decides: another plan, any number of times, or the start. */
async function checkAndRestore(run: Run, first: WantedPlan): Promise<Ending> {
  const { context, operation, source, live } = run;
  const actorInBackup = await proveArchive(run);
  const plan = async ({ scope, rehearse }: WantedPlan): Promise<MadePlan> => {
    const planned = await makePlan(context, live, source, { scope, actorInBackup });
    return rehearse && planned.plan.canStart ? rehearseUntilAsked(run, planned) : planned;
  };
  let made = await plan(first);
  for (;;) {
    const { plan: agreed } = made;
    const step = await waitForStep(context, live, made, async (start) => {
      if (start.planId !== agreed.id) throw planChanged();
      requireStartable(agreed, start);
      if (start.safetyBackup) await requireRoom(context, agreed.safetyBackup, source.key);
    });
    if (step.kind === "start") {
      notifyStart(context, operation, agreed, step.safetyBackup);
      return await startNow(run, made, step);
    }
    live.onProgress({ type: "stage", stage: "check" });
    made = await plan(step);
  }
}

/**
 * Does a trial run of a plan. A person who is in a hurry need not wait for it: the next step that is requested ends it.
 * The request stays, and is taken up as soon as the restore waits.
 *
 * @returns the plan as it was, if the trial run was ended
 */
async function rehearseUntilAsked(
  { context, source, live }: Run,
  unrehearsed: MadePlan,
): Promise<MadePlan> {
  const { onProgress } = live;
  if (!(await recordPlan(context.database, live.id, unrehearsed.plan))) throw ended();
  onProgress({ type: "stage", stage: "rehearsal" });
  const asked = new AbortController();
  live.onStep(async () => asked.abort());
  try {
    const signal = AbortSignal.any([live.signal, asked.signal]);
    return await rehearsePlan(context, { signal, onProgress }, source, unrehearsed);
  } catch (error) {
    if (!asked.signal.aborted || live.signal.aborted) throw error;
    return unrehearsed;
  } finally {
    live.onStep(null);
  }
}

/** @returns whether the person's account is in the archive, or null if that is unknown */
async function proveArchive(run: Run): Promise<ActorInBackup | null> {
  const { context, operation, source } = run;
  const { id, onProgress, signal } = run.live;
  onProgress({ type: "stage", stage: "check" });
  const search = await searchActor(context, source.archive, operation.actor);
  await verifyTables(search.archive, onProgress, signal);
  const archive = await describeUpload(source.path, signal);
  if (!(await writeFacts(context.database, id, { archive }))) throw ended();
  return search.result();
}

async function startNow(
  { context, live, source: { archive, key } }: Run,
  { plan, fingerprint }: MadePlan,
  { safetyBackup, ...step }: Extract<TakenStep, { kind: "start" }>,
): Promise<Ending> {
  await using session = step.session;
  const { config, database, models } = context;
  const { id, onProgress, signal } = live;
  onProgress({ type: "stage", stage: safetyBackup ? "safety-backup" : "restore" });
  const result = await runRestore(session, {
    archive,
    models,
    scope: plan.scope,
    expectedFingerprint: fingerprint,
    lockTimeoutMs: config.lockTimeoutMs,
    onProgress,
    signal,
    async onTransaction(xid) {
      if (!(await recordTransaction(database, id, xid))) throw ended();
    },
    ...(safetyBackup && {
      async beforeChange(tables, aborted) {
        await makeSafetyBackup(context, live, { tables, archiveKey: key, signal: aborted });
        onProgress({ type: "stage", stage: "restore" });
      },
    }),
  });
  return { state: "succeeded", result, changed: "everything" };
}

const withRetry = async (
  { context, operation, source }: Run,
  { code, message, hint, details, cause }: BackupError,
): Promise<BackupError> =>
  new BackupError(code, message, {
    hint,
    details: { ...details, ...(await describeRetry(context, operation.actor, source)) },
    cause,
  });
