/**
 * The next step of a restore that waits or is rehearsed, requested in its row, because another process may have the
 * unlocked archive.
 */
import type { Database } from "../postgres/connection/connection.ts";
import { NO_PROGRESS, type Stage } from "../shared/progress.ts";
import { toErrorReport } from "../to-backup-error.ts";
import {
  BEGIN_NOW,
  change,
  type StepRequest,
  type StoredOperation,
  TAKES_STEPS,
  toJson,
} from "./stored-operation.ts";

/**
 * Requests the next step of a restore. Null if it takes none, another request is stored already, or a start is for
 * another plan.
 */
export const requestStep = (
  database: Database,
  id: string,
  request: StepRequest,
): Promise<StoredOperation | null> =>
  change(
    database,
    id,
    {
      set: "step_requested = $2, step = $3, step_refused = NULL",
      where: `${TAKES_STEPS} AND step_requested IS NULL AND NOT cancel_requested
        AND ($3::jsonb ->> 'kind' = 'plan' OR plan -> 'id' IS NOT DISTINCT FROM $3::jsonb -> 'planId')`,
    },
    [request.id, toJson(request.step)],
  );

const IS_REQUESTED = `${TAKES_STEPS} AND step_requested = $2`;

/** Null if the request was taken up or refused, or the restore has ended in the meantime. */
export const withdrawStep = (
  database: Database,
  id: string,
  requestId: string,
): Promise<StoredOperation | null> =>
  change(database, id, { set: "step_requested = NULL", where: IS_REQUESTED }, [requestId]);

/** Answers the requester with an error. */
export const refuseStep = (
  database: Database,
  id: string,
  requestId: string,
  error: unknown,
): Promise<StoredOperation | null> =>
  change(database, id, { set: "step_requested = NULL, step_refused = $3", where: IS_REQUESTED }, [
    requestId,
    toJson(toErrorReport(error)),
  ]);

/** Takes a request up, when the restore waits. Null if it was withdrawn, or the restore has ended in the meantime. */
export const takeStep = (
  database: Database,
  id: string,
  requestId: string,
  stage: Stage,
): Promise<StoredOperation | null> =>
  change(
    database,
    id,
    {
      set: `state = 'running', step_taken = step_requested, step_requested = NULL, progress = $3, ${BEGIN_NOW}`,
      where: "state = 'ready' AND step_requested = $2 AND NOT cancel_requested",
    },
    [requestId, toJson({ ...NO_PROGRESS, stage })],
  );
