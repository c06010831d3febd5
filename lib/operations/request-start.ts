import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../errors.ts";
import type { ErrorReport } from "../shared/api.ts";
import type { Context } from "./context.ts";
import { findLiveOperation } from "./live-operation.ts";
import { requestStart, type StoredOperation, withdrawStart } from "./operation-store.ts";
import { getOperation } from "./operations.ts";
import { notWaiting } from "./restore-operation.ts";

const LOOK_MS = 50;
/** Longer than a process may be silent before it is taken for dead, and than a connection to the database may take. */
const WAIT_MS = 20_000;

/**
 * Begins a restore, whichever process of the app has its unlocked archive in memory: that one is asked to by way of the
 * operation. Another process takes it up within half a second, this one at once.
 *
 * @returns when it has begun
 * @throws OPERATION_STATE where it does not wait, or somebody else was first; what kept that process from it;
 *   INTERRUPTED where it is dead
 */
export async function requestStartOf(context: Context, id: string): Promise<StoredOperation> {
  const requestId = randomUUID();
  if (!(await requestStart(context.database, id, requestId))) throw notWaiting();
  findLiveOperation(id)?.start(requestId);
  try {
    return await waitForAnswer(context, id, requestId);
  } catch (error) {
    // Whoever is told that it failed must not find it begun later.
    await withdrawStart(context.database, id, requestId).catch(() => null);
    throw error;
  }
}

async function waitForAnswer(
  context: Context,
  id: string,
  requestId: string,
): Promise<StoredOperation> {
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    await sleep(LOOK_MS);
    const operation = await getOperation(context, id);
    if (operation.state === "interrupted" && operation.error) throw toError(operation.error);
    if (operation.state !== "ready") return operation;
    if (operation.startRequested === requestId) continue;
    throw operation.startRefused ? toError(operation.startRefused) : notWaiting();
  }
  if (!(await withdrawStart(context.database, id, requestId))) return getOperation(context, id);
  throw new BackupError(
    "OPERATION_STATE",
    "The process of the app that has unlocked the archive does not answer. Nothing has been changed.",
    {
      hint: "Try again in a moment. If it stays so, cancel this restore and unlock the archive again.",
    },
  );
}

const toError = ({ code, message, hint, details }: ErrorReport): BackupError =>
  new BackupError(code, message, { hint, details });
