/**
 * The next step requested of a restore that waits or is rehearsed. The request is stored in the operation's row, because
 * the unlocked archive is in the memory of one process.
 */

import type { Database } from "../postgres/connection.ts";
import type { RestoreScope } from "../shared/api.ts";
import { NO_PROGRESS, type Stage } from "../shared/progress.ts";
import { toErrorReport } from "../to-backup-error.ts";
import {
  query,
  returning,
  type StepRequest,
  type StoredOperation,
  TABLE,
  TAKES_STEPS,
} from "./operation-store.ts";

/** Changes a restore that takes a step. Null if it takes none or the condition does not hold. */
async function change(
  database: Database,
  id: string,
  { set, where, values }: { set: string; where: string; values: unknown[] },
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`UPDATE ${TABLE} SET ${set} WHERE id = $1 AND ${TAKES_STEPS} AND ${where}`),
    [id, ...values],
  );
  return operation ?? null;
}

/**
 * Stores a request. Null if the restore takes none, or another request is stored already.
 *
 * @param scope that of the plan that the person has seen. What is started must be for the same one.
 */
export const requestStep = (
  database: Database,
  id: string,
  request: StepRequest,
  scope: RestoreScope,
): Promise<StoredOperation | null> =>
  change(database, id, {
    set: "step_requested = $2, step = $3, step_refused = NULL",
    where:
      "step_requested IS NULL AND NOT cancel_requested AND ($3::jsonb ->> 'kind' = 'plan' OR plan -> 'scope' = $4::jsonb)",
    values: [request.id, JSON.stringify(request.step), JSON.stringify(scope)],
  });

/** Withdraws a request. Null if it was taken up or refused, or the restore has ended in the meantime. */
export const withdrawStep = (
  database: Database,
  id: string,
  requestId: string,
): Promise<StoredOperation | null> =>
  change(database, id, {
    set: "step_requested = NULL",
    where: "step_requested = $2",
    values: [requestId],
  });

/** Answers the requester with an error. */
export const refuseStep = (
  database: Database,
  id: string,
  requestId: string,
  error: unknown,
): Promise<StoredOperation | null> =>
  change(database, id, {
    set: "step_requested = NULL, step_refused = $3",
    where: "step_requested = $2",
    values: [requestId, JSON.stringify(toErrorReport(error))],
  });

/** Takes a request up. Null if it was withdrawn, or the restore has ended in the meantime. */
export const takeStep = (
  database: Database,
  id: string,
  requestId: string,
  stage: Stage,
): Promise<StoredOperation | null> =>
  change(database, id, {
    set: `state = 'running', step_taken = step_requested, step_requested = NULL, progress = $3,
      started_at = clock_timestamp(), heartbeat_at = clock_timestamp()`,
    where: "state = 'ready' AND step_requested = $2 AND NOT cancel_requested",
    values: [requestId, JSON.stringify({ ...NO_PROGRESS, stage })],
  });
