/** Operations as rows. Every change of state is one conditional UPDATE, so that of two racing requests one wins. */
import type { ArchiveKey } from "../archive/encryption.ts";
import type { Config } from "../config.ts";
import type { Database } from "../postgres/connection.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";
import type {
  Actor,
  ArchiveIdentity,
  EncryptionMode,
  ErrorReport,
  KnownOperation,
  ListedOperation,
  Operation,
  OperationKind,
  OperationResult,
  OperationState,
  RestorePlan,
  RestoreScope,
  TableName,
} from "../shared/api.ts";
import { NO_PROGRESS, type Progress } from "../shared/progress.ts";
import { toErrorReport } from "../to-backup-error.ts";
import { queryOperations } from "./operations-schema.ts";
import { REPORT_TABLE, type ReportRequest } from "./report-store.ts";
import { type StoredSafetyBackup, withKeptUntil } from "./safety-backup-policy.ts";

/** What was asked for. Holds no secret. The key is removed when the operation ends. */
export type OperationRequest =
  | { kind: "backup"; tables: TableName[] | null; key?: ArchiveKey }
  /** An undo has no upload. */
  | { kind: "restore"; uploadId?: string };

export interface PlanStep {
  kind: "plan";
  scope: RestoreScope;
  rehearse: boolean;
}

export interface StartStep {
  kind: "start";
  acceptDrift: boolean;
  safetyBackup: boolean;
}

export type Step = PlanStep | StartStep;

export interface StepRequest {
  /** Of the request that asks. */
  id: string;
  step: Step;
}

/** A row: what everybody may see, and what only the server needs. */
export interface StoredOperation extends Omit<Operation, "safetyBackup"> {
  safetyBackup: StoredSafetyBackup | null;
  request: OperationRequest;
  /** The restore's transaction, from its BEGIN on. */
  xid: string | null;
  /** When its process last showed that it lives. */
  heartbeatAt: string | null;
  /** Of a restore that waits: whose request the process that holds the unlocked archive is to take up. */
  stepRequested: string | null;
  /** Why that process did not. */
  stepRefused: ErrorReport | null;
  /** The request that it took up last. */
  stepTaken: string | null;
}

export const TABLE = `${OWN_SCHEMA}.operations`;

const timestamp = (expression: string): string =>
  `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const SMALL_COLUMNS = `id, kind, state, actor, encryption, changed, archive, safety_backup AS "safetyBackup", undoes,
      file_name AS "fileName", cancel_requested AS "cancelRequested", cancelled_by AS "cancelledBy",
      ${timestamp("created_at")} AS "createdAt", ${timestamp("started_at")} AS "startedAt",
      ${timestamp("ended_at")} AS "endedAt", ${timestamp("clock_timestamp()")} AS "now"`;

/** A StoredOperation, of its columns. */
const columns = (
  plan = "plan",
) => `${SMALL_COLUMNS}, request, xid, progress, ${plan} AS plan, result, error,
      step_requested AS "stepRequested", step_refused AS "stepRefused", step_taken AS "stepTaken",
      ${timestamp("heartbeat_at")} AS "heartbeatAt"`;

/** A ListedOperation. No plan, result or error is read for it, nor the progress of what does not run. */
export const LISTED_COLUMNS = `${SMALL_COLUMNS}, can_start AS "canStart", result_rows AS rows, archive_bytes AS "archiveBytes",
      CASE WHEN state = 'running' THEN (
        SELECT json_build_object('stage', progress -> 'stage', 'rows', sum(done),
          'totalRows', sum(CASE WHEN table_state = 'done' THEN done ELSE greatest(expected, done) END))
        FROM (SELECT (t ->> 'rows')::numeric AS done, (t ->> 'totalRows')::numeric AS expected, t ->> 'state' AS table_state
              FROM jsonb_array_elements(progress -> 'tables') t) tables) END AS progress`;

/** One JSON text a row, so that no type parser that the app has set for `pg` can change a value. */
const select = (source: string, plan?: string): string => `
  SELECT row_to_json(o)::text AS operation FROM (SELECT ${columns(plan)} FROM ${source}) o`;

export async function query(
  database: Database,
  sql: string,
  values: unknown[],
): Promise<StoredOperation[]> {
  const rows = await queryOperations<{ operation: string }>(database, sql, values);
  return rows.map((row) => JSON.parse(row.operation) as StoredOperation);
}

export const returning = (statement: string): string =>
  `WITH affected AS (${statement} RETURNING *) ${select("affected")}`;

/** What everybody with the right to the page may see. */
export function toOperation(
  stored: StoredOperation,
  config: Pick<Config, "safetyBackupMaxAgeMs">,
): Operation {
  const { request, xid, heartbeatAt, stepRequested, stepRefused, stepTaken, ...operation } = stored;
  const { safetyBackup } = operation;
  return { ...operation, safetyBackup: safetyBackup && withKeptUntil(safetyBackup, config) };
}

/** The same of an operation in a list. */
export const toListed = (
  { safetyBackup, ...operation }: ListedOperation,
  config: Pick<Config, "safetyBackupMaxAgeMs">,
): ListedOperation => ({
  ...operation,
  safetyBackup: safetyBackup && withKeptUntil(safetyBackup, config),
});

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
  const { id, state, actor, request, encryption, fileName, undoes = null } = operation;
  const { progress = NO_PROGRESS } = operation;
  const [inserted] = await query(
    database,
    returning(`
      INSERT INTO ${TABLE}
        (id, kind, state, actor, request, encryption, file_name, progress, undoes, started_at, heartbeat_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
        CASE WHEN $3 = 'running' THEN clock_timestamp() END,
        CASE WHEN $3 = 'running' THEN clock_timestamp() END)`),
    [
      id,
      request.kind satisfies OperationKind,
      state,
      actorJson(actor),
      JSON.stringify(request),
      encryption,
      fileName,
      JSON.stringify(progress),
      undoes,
    ],
  );
  if (!inserted) throw new Error("INSERT returned no row");
  return inserted;
}

/** @param known the plan is null where it has not changed since */
export async function readOperation(
  database: Database,
  id: string,
  known: KnownOperation | null = null,
): Promise<StoredOperation | null> {
  const isKnown = `state = $2 AND ${timestamp("started_at")} IS NOT DISTINCT FROM $3::text`;
  const [operation] = known
    ? await query(
        database,
        select(`${TABLE} WHERE id = $1`, `CASE WHEN NOT (${isKnown}) THEN plan END`),
        [id, known.state, known.startedAt],
      )
    : await query(database, select(`${TABLE} WHERE id = $1`), [id]);
  return operation ?? null;
}

/** Newest first. */
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

/** @returns null where the download was begun already, or will never be */
export async function beginRunning(
  database: Database,
  id: string,
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET state = 'running', started_at = clock_timestamp(), heartbeat_at = clock_timestamp()
      WHERE id = $1 AND state = 'pending' AND NOT cancel_requested`),
    [id],
  );
  return operation ?? null;
}

/**
 * The restore waits for what a person does next: its plan is made. Null where it has been ended meanwhile.
 */
export async function markReady(
  database: Database,
  id: string,
  plan: RestorePlan,
  progress: Progress,
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET state = 'ready', plan = $2, heartbeat_at = clock_timestamp(),
        progress = $3
      WHERE id = $1 AND state = 'running'`),
    [id, JSON.stringify(plan), JSON.stringify(progress)],
  );
  return operation ?? null;
}

/** What the archive is, once that is known; and what was kept before the restore, once it is. False where the operation has ended. */
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
  /** Of a restore that waits: what it is asked to do. */
  requested: StepRequest | null;
  /** Other processes that ask for the report of its rehearsal. */
  reports: ReportRequest[];
}

/**
 * Says that the process lives, what is done, and learns in the same statement whether to stop, or to begin.
 *
 * @param progress as JSON
 */
export async function writeHeartbeat(
  database: Database,
  id: string,
  progress: string | null,
): Promise<Heartbeat> {
  const [row] = await queryOperations<{
    answer: "continue" | "cancel";
    id: string | null;
    step: string;
    reports: string;
  }>(
    database,
    `UPDATE ${TABLE} SET heartbeat_at = clock_timestamp(), progress = coalesce($2::jsonb, progress)
     WHERE id = $1 AND state IN ('running', 'ready')
     RETURNING CASE WHEN cancel_requested THEN 'cancel' ELSE 'continue' END AS answer,
       CASE WHEN state = 'ready' THEN step_requested::text END AS id, step::text AS step,
       (SELECT coalesce(json_agg(json_build_object('id', r.id, 'recipient', r.recipient)), '[]')
        FROM ${REPORT_TABLE} r
        WHERE r.operation_id = operations.id AND state = 'ready' AND r.report IS NULL)::text AS reports`,
    [id, progress],
  );
  if (!row) return { answer: "gone", requested: null, reports: [] };
  return {
    answer: row.answer,
    reports: JSON.parse(row.reports) as ReportRequest[],
    requested: row.id === null ? null : { id: row.id, step: JSON.parse(row.step) as Step },
  };
}

/**
 * Records the transaction that will change the database, before it does. False where the operation has
 * been ended meanwhile: then the transaction must not go on.
 */
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

/** @returns the operation where it may still be cancelled by its process, else null */
export async function requestCancel(
  database: Database,
  id: string,
  actor: Actor,
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET cancel_requested = true, cancelled_by = coalesce(cancelled_by, $2)
      WHERE id = $1 AND state IN ('running', 'ready')`),
    [id, actorJson(actor)],
  );
  return operation ?? null;
}

export interface Ending {
  state: "succeeded" | "failed" | "cancelled" | "interrupted";
  result?: OperationResult;
  /** What a backup has made. */
  archive?: ArchiveIdentity;
  /** Anything thrown; kept as what a person may see. */
  error?: unknown;
  /** Whose wish it was, where the operation does not know it already. */
  cancelledBy?: Actor;
  changed?: Operation["changed"];
  progress?: Progress;
}

/**
 * Ends an operation that is in one of the states `from`; null where it is in none of them, or has this very end
 * already. To be called by `recordEnd` alone.
 */
export async function endOperation(
  database: Database,
  id: string,
  from: OperationState[],
  ending: Ending,
): Promise<StoredOperation | null> {
  const { state, result, archive, error, cancelledBy, changed = "nothing", progress } = ending;
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET state = $3, result = $4, error = $5, changed = $6,
        progress = coalesce($7, progress),
        -- An older version of this software, beside this one for the moments of a deployment, keeps the rehearsal there.
        request = request - 'key' - 'rehearsal',
        archive = coalesce($8, archive),
        -- Of what is still there, nothing need be kept.
        safety_backup = CASE WHEN $6 = 'nothing' THEN NULL ELSE safety_backup END,
        cancel_requested = cancel_requested AND $3 = 'cancelled',
        cancelled_by = CASE WHEN $3 = 'cancelled' THEN coalesce(cancelled_by, $9) END,
        ended_at = coalesce(ended_at, clock_timestamp())
      WHERE id = $1 AND state = ANY ($2) AND (state <> $3 OR changed = 'unknown')`),
    [
      id,
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
  return operation ?? null;
}

/** Nothing else that the app's own object may have. */
const actorJson = ({ id, name }: Actor): string => JSON.stringify({ id, name });

/** `undefined` is NULL. */
const toJson = (value: unknown): string | null => JSON.stringify(value) ?? null;
