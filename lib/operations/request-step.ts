import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { BackupError } from "../errors.ts";
import { type ErrorReport, isEnded } from "../shared/api.ts";
import type { Context } from "./context.ts";
import { findLiveOperation } from "./live-operation.ts";
import { getOperation } from "./operations.ts";
import { requestStep, withdrawStep } from "./step-store.ts";
import type { Step, StepRequest, StoredOperation } from "./stored-operation.ts";

export const LOOK_MS = 50;
/** Longer than the silence of a dead process, and than a connection to the database may take. */
export const WAIT_MS = 20_000;

export const notWaiting = (): BackupError =>
  new BackupError("OPERATION_STATE", "This restore is not waiting to be started.", {
    hint: "It has been started already, is being checked, or has ended. Look at its page.",
  });

/** What the person has seen is not what would be done. */
export const planChanged = (): BackupError =>
  new BackupError(
    "OPERATION_STATE",
    "What this restore would do is different from what you have seen. Nothing was changed.",
    { hint: "Look at it again, and confirm it." },
  );

/**
 * Requests the next step of a restore from the process of the app that has the unlocked archive in memory. Another
 * process takes the request up from the operation's row within half a second. This process takes it up at once. A trial
 * run that goes on is ended for it.
 *
 * @returns when the step has begun
 * @throws OPERATION_STATE if the restore takes no step or another request was first; the reason if the process refused;
 *   INTERRUPTED if that process is dead
 */
export async function requestStepOf(
  context: Context,
  id: string,
  step: Step,
): Promise<StoredOperation> {
  const request = { id: randomUUID(), step };
  const underWay = await storeRequest(context, id, request);
  if (underWay) return underWay;
  findLiveOperation(id)?.takeUp(request);
  try {
    return await waitForAnswer(context, id, request);
  } catch (error) {
    // A request that was reported as failed must not begin later.
    await withdrawStep(context.database, id, request.id).catch(() => null);
    throw error;
  }
}

/**
 * Stores a request. While another one is taken up or the plan is made again, it waits, because the page itself has its
 * trial run begun.
 *
 * @returns the operation if what is requested is under way already, else null
 */
async function storeRequest(
  context: Context,
  id: string,
  request: StepRequest,
): Promise<StoredOperation | null> {
  const { step } = request;
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const operation = await getOperation(context, id);
    const { state, plan, progress, cancelRequested } = operation;
    if (isUnderWay(operation, step)) return operation;
    if (await requestStep(context.database, id, request)) return null;
    const isPlanning = progress.stage === "check" || progress.stage === "rehearsal";
    const isOver = isEnded(state) || cancelRequested || Date.now() > deadline;
    if (!plan || !isPlanning || isOver) throw notWaiting();
    if (step.kind === "start" && step.planId !== plan.id) throw planChanged();
    await sleep(LOOK_MS);
  }
}

/** Whether a trial run of the same scope goes on. Two tabs would otherwise end each other's. */
const isUnderWay = ({ state, plan, progress }: StoredOperation, step: Step): boolean =>
  step.kind === "plan" &&
  step.rehearse &&
  state === "running" &&
  progress.stage === "rehearsal" &&
  isDeepStrictEqual(plan?.scope, step.scope);

async function waitForAnswer(
  context: Context,
  id: string,
  request: StepRequest,
): Promise<StoredOperation> {
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    await sleep(LOOK_MS);
    const operation = await getOperation(context, id);
    if (operation.state === "interrupted" && operation.error) throw toError(operation.error);
    if (operation.stepTaken === request.id || isEnded(operation.state)) return operation;
    if (operation.stepRequested === request.id) continue;
    throw operation.stepRefused ? toError(operation.stepRefused) : notWaiting();
  }
  if (!(await withdrawStep(context.database, id, request.id))) return getOperation(context, id);
  throw notAnswering();
}

export const notAnswering = (): BackupError =>
  new BackupError(
    "OPERATION_STATE",
    "The app's process that has unlocked the backup does not answer. Nothing was changed.",
    {
      hint: "Try again in a moment. If it stays so, cancel this restore and unlock the backup again.",
    },
  );

const toError = ({ code, message, hint, details }: ErrorReport): BackupError =>
  new BackupError(code, message, { hint, details });
