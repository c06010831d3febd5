import type { Database } from "../postgres/connection/connection.ts";
import type {
  Actor,
  ArchiveIdentity,
  EncryptionMode,
  KnownOperation,
  ListedOperation,
  Operation,
  OperationResult,
  OperationState,
  RestorePlan,
} from "../shared/api.ts";
import { NO_PROGRESS, type Progress } from "../shared/progress.ts";
import { toErrorReport } from "../to-backup-error.ts";
import { queryOperations } from "./operations-schema.ts";
import { REPORT_TABLE, type ReportRequest } from "./report-store.ts";
import {
  actorJson,
  BEGIN_NOW,
  change,
  LISTED_COLUMNS,
  type OperationRequest,
  queryOne,
  returning,
  type StepRequest,
  type StoredOperation,
  type StoredSafetyBackup,
  select,
  TABLE,
  TAKES_STEPS,
  timestamp,
  toJson,
} from "./stored-operation.ts";

export async function insertOperation(
  database: Database,
  operation: {
    id: string;
    state: OperationState;
    actor: Actor;
    request: OperationRequest;
    encryption: EncryptionMode | null;
    fileName: string;
    progress?: Progress;
    undoes?: string | null;
  },
): Promise<StoredOperation> {
  const { id, state, actor, request, encryption, fileName } = operation;
  const { progress = NO_PROGRESS, undoes = null } = operation;
  const inserted = await queryOne(
    database,
    returning(`
      INSERT INTO ${TABLE}
        (id, kind, state, actor, request, encryption, file_name, progress, undoes, started_at, heartbeat_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
        CASE WHEN $3 = 'running' THEN clock_timestamp() END,
        CASE WHEN $3 = 'running' THEN clock_timestamp() END)`),
    [
      id,
      request.kind,
      state,
      actorJson(actor),
      toJson(request),
      encryption,
      fileName,
      toJson(progress),
      undoes,
    ],
  );
  if (!inserted) throw new Error("INSERT returned no row");
  return inserted;
}

/** @param known if state and start have not changed since, the plan is null */
export function readOperation(
  database: Database,
  id: string,
  known: KnownOperation | null = null,
): Promise<StoredOperation | null> {
  if (!known) return queryOne(database, select(`${TABLE} WHERE id = $1`), [id]);
  const isKnown = `state = $2 AND ${timestamp("started_at")} IS NOT DISTINCT FROM $3::text`;
  const plan = `CASE WHEN NOT (${isKnown}) THEN plan END`;
  const values = [id, known.state, known.startedAt];
  return queryOne(database, select(`${TABLE} WHERE id = $1`, plan), values);
}

/** Returns operations newest first. */
export async function readListedOperations(
  database: Database,
  limit: number,
): Promise<ListedOperation[]> {
  const rows = await queryOperations<{ operation: string }>(
    database,
    `SELECT row_to_json(o)::text AS operation FROM (
       SELECT ${LISTED_COLUMNS} FROM ${TABLE} ORDER BY created_at DESC, id LIMIT $1) o`,
    [limit],
  );
  return rows.map((row) => JSON.parse(row.operation) as ListedOperation);
}

/** How long a restore has been writing, in ms. Null if none is: a check or a trial run does not count. */
export async function readRestoringMs(database: Database): Promise<number | null> {
  const [row] = await queryOperations<{ ms: string | null }>(
    database,
    `SELECT (extract(epoch FROM max(clock_timestamp() - started_at)) * 1000)::text AS ms FROM ${TABLE}
     WHERE state = 'running' AND kind = 'restore' AND progress ->> 'stage' = 'restore'`,
  );
  return row?.ms ? Number(row.ms) : null;
}

/** Null if the download was already begun or never will be. */
export const beginRunning = (database: Database, id: string): Promise<StoredOperation | null> =>
  change(database, id, {
    set: `state = 'running', ${BEGIN_NOW}`,
    where: "state = 'pending' AND NOT cancel_requested",
  });

/** Records the plan and that the restore waits for a person. Null if it has been ended in the meantime. */
export const markReady = (
  database: Database,
  id: string,
  plan: RestorePlan,
  progress: Progress,
): Promise<StoredOperation | null> =>
  change(
    database,
    id,
    {
      set: "state = 'ready', plan = $2, heartbeat_at = clock_timestamp(), progress = $3",
      where: "state = 'running'",
    },
    [toJson(plan), toJson(progress)],
  );

/**
 * Records a plan whose trial run begins. A person can decide before it ends. The start changes too, because a client
 * that knows it is not sent the plan again.
 *
 * @returns false if the restore has been ended in the meantime
 */
export async function recordPlan(
  database: Database,
  id: string,
  plan: RestorePlan,
): Promise<boolean> {
  const rows = await queryOperations(
    database,
    `UPDATE ${TABLE} SET plan = $2, progress = $3, started_at = clock_timestamp()
     WHERE id = $1 AND state = 'running' RETURNING 1`,
    [id, toJson(plan), toJson({ ...NO_PROGRESS, stage: "rehearsal" })],
  );
  return rows.length === 1;
}

/** Records the archive's identity and the safety backup, each when it is known. False if the operation has ended. */
export async function writeFacts(
  database: Database,
  id: string,
  { archive, safetyBackup }: { archive?: ArchiveIdentity; safetyBackup?: StoredSafetyBackup },
): Promise<boolean> {
  const rows = await queryOperations(
    database,
    `UPDATE ${TABLE} SET archive = coalesce($2, archive), safety_backup = coalesce($3, safety_backup)
     WHERE id = $1 AND state IN ('running', 'ready') RETURNING 1`,
    [id, toJson(archive), toJson(safetyBackup)],
  );
  return rows.length === 1;
}

interface Heartbeat {
  answer: "continue" | "cancel" | "gone";
  /** For a waiting restore: the step that is requested. */
  requested: StepRequest | null;
  /** Requests from other processes for the report of the trial run. */
  reports: ReportRequest[];
}

/**
 * Records that the process is alive, and returns whether to stop or take a step. Progress from before the start, which
 * may come late, does not replace what the start has recorded.
 *
 * @param progress JSON, if changed
 */
export async function writeHeartbeat(
  database: Database,
  id: string,
  progress: string | null,
): Promise<Heartbeat> {
  const [row] = await queryOperations<{ heartbeat: string }>(
    database,
    `UPDATE ${TABLE} SET heartbeat_at = clock_timestamp(),
       progress = CASE WHEN progress ->> 'stage' IN ('safety-backup', 'restore') AND $2::jsonb ->> 'stage' IN ('check', 'rehearsal')
         THEN progress ELSE coalesce($2::jsonb, progress) END
     WHERE id = $1 AND state IN ('running', 'ready')
     RETURNING json_build_object(
       'answer', CASE WHEN cancel_requested THEN 'cancel' ELSE 'continue' END,
       'requested', CASE WHEN ${TAKES_STEPS} AND step_requested IS NOT NULL
         THEN json_build_object('id', step_requested, 'step', step) END,
       'reports', (SELECT coalesce(json_agg(json_build_object('id', r.id, 'recipient', r.recipient)), '[]')
         FROM ${REPORT_TABLE} r
         WHERE r.operation_id = operations.id AND state = 'ready' AND r.report IS NULL))::text AS heartbeat`,
    [id, progress],
  );
  return row ? (JSON.parse(row.heartbeat) as Heartbeat) : GONE;
}

const GONE: Heartbeat = { answer: "gone", requested: null, reports: [] };

/** Records the transaction before it changes anything. False if the operation has ended: then it must not go on. */
export async function recordTransaction(
  database: Database,
  id: string,
  xid: string,
): Promise<boolean> {
  const rows = await queryOperations(
    database,
    `UPDATE ${TABLE} SET xid = $2, heartbeat_at = clock_timestamp()
     WHERE id = $1 AND state = 'running' RETURNING 1`,
    [id, xid],
  );
  return rows.length === 1;
}

/** Returns the operation if its process can still cancel it, else null. */
export const requestCancel = (
  database: Database,
  id: string,
  actor: Actor,
): Promise<StoredOperation | null> =>
  change(
    database,
    id,
    {
      set: "cancel_requested = true, cancelled_by = coalesce(cancelled_by, $2)",
      where: "state IN ('running', 'ready')",
    },
    [actorJson(actor)],
  );

export interface Ending {
  state: "succeeded" | "failed" | "cancelled" | "interrupted";
  result?: OperationResult;
  /** The archive that a backup has made. */
  archive?: ArchiveIdentity;
  /** Anything thrown. Stored in the form that a person may see. */
  error?: unknown;
  /** Who cancelled, if the operation has not recorded it already. */
  cancelledBy?: Actor;
  changed?: Operation["changed"];
  progress?: Progress;
}

/** Ends an operation in one of the states `from`. Null if it is in none, or has this end. Only for `recordEnd`. */
export function endOperation(
  database: Database,
  id: string,
  from: OperationState[],
  ending: Ending,
): Promise<StoredOperation | null> {
  const { state, result, archive, error, cancelledBy, changed = "nothing", progress } = ending;
  return change(
    database,
    id,
    {
      set: `state = $3, result = $4, error = $5, changed = $6,
        progress = coalesce($7, progress),
        -- An older version of this software, beside this one for the moments of a deployment, keeps the rehearsal there.
        request = request - 'key' - 'rehearsal',
        archive = coalesce($8, archive),
        -- Of what is still there, nothing need be kept.
        safety_backup = CASE WHEN $6 = 'nothing' THEN NULL ELSE safety_backup END,
        cancel_requested = cancel_requested AND $3 = 'cancelled',
        cancelled_by = CASE WHEN $3 = 'cancelled' THEN coalesce(cancelled_by, $9) END,
        ended_at = coalesce(ended_at, clock_timestamp())`,
      where: "state = ANY ($2) AND (state <> $3 OR changed = 'unknown')",
    },
    [
      from,
      state,
      toJson(result),
      error === undefined ? null : toJson(toErrorReport(error)),
      changed,
      toJson(progress),
      toJson(archive),
      cancelledBy ? actorJson(cancelledBy) : null,
    ],
  );
}
