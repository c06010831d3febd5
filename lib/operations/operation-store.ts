/** Operations as rows. Every change of state is one conditional UPDATE, so only one of two racing requests wins. */
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

/** What was requested. Contains no secret. The key is removed when the operation ends. */
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
  /** Identifies the request, not the operation. */
  id: string;
  step: Step;
}

/** A row of the table: what every user of the page may see, and what only the server needs. */
export interface StoredOperation extends Omit<Operation, "safetyBackup"> {
  safetyBackup: StoredSafetyBackup | null;
  request: OperationRequest;
  /** The id of the restore's transaction, from its BEGIN on. */
  xid: string | null;
  /** When the operation's process last showed that it is alive. */
  heartbeatAt: string | null;
  /** The request that the process with the unlocked archive should take up. */
  stepRequested: string | null;
  /** Why that process refused the last request. */
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

/** The columns of a StoredOperation. */
const columns = (
  plan = "plan",
) => `${SMALL_COLUMNS}, request, xid, progress, ${plan} AS plan, result, error,
      step_requested AS "stepRequested", step_refused AS "stepRefused", step_taken AS "stepTaken",
      ${timestamp("heartbeat_at")} AS "heartbeatAt"`;

/**
 * The columns of a ListedOperation. They do not read the plan, result or error, and read progress only while running.
 */
export const LISTED_COLUMNS = `${SMALL_COLUMNS}, can_start AS "canStart", result_rows AS rows, archive_bytes AS "archiveBytes",
      result_tables AS tables, tables_in_database AS "tablesInDatabase",
      CASE WHEN state = 'running' THEN (
        SELECT json_build_object('stage', progress -> 'stage', 'rows', sum(done),
          'totalRows', sum(CASE WHEN table_state = 'done' THEN done ELSE greatest(expected, done) END))
        FROM (SELECT (t ->> 'rows')::numeric AS done, (t ->> 'totalRows')::numeric AS expected, t ->> 'state' AS table_state
              FROM jsonb_array_elements(progress -> 'tables') t) tables) END AS progress`;

/** Each row is one JSON text, so that type parsers the app has set for `pg` cannot change a value. */
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

/** Removes what only the server may see. */
export function toOperation(
  stored: StoredOperation,
  config: Pick<Config, "safetyBackupMaxAgeMs">,
): Operation {
  const { request, xid, heartbeatAt, stepRequested, stepRefused, stepTaken, ...operation } = stored;
  const { safetyBackup } = operation;
  return { ...operation, safetyBackup: safetyBackup && withKeptUntil(safetyBackup, config) };
}

/** Like `toOperation`, for an operation in a list. */
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

/** @param known if state and start have not changed since, the plan is null */
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

/** @returns null if the download was already begun or never will be */
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
 * Records that the plan is made and the restore waits for a person. Null if the restore has been ended in the meantime.
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
    [id, JSON.stringify(plan), JSON.stringify({ ...NO_PROGRESS, stage: "rehearsal" })],
  );
  return rows.length === 1;
}

/** Whether a person can request the next step: the restore waits, or its trial run goes on. */
export const TAKES_STEPS =
  "(state = 'ready' OR (state = 'running' AND plan IS NOT NULL AND progress ->> 'stage' = 'rehearsal'))";

/**
 * Records the archive's identity and the safety backup, each as soon as it is known. False if the operation has ended.
 */
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
  /** For a restore that waits or is rehearsed: the step that is requested. */
  requested: StepRequest | null;
  /** Requests from other processes for the report of the trial run. */
  reports: ReportRequest[];
}

/**
 * Records that the process is alive and how far it is. The same statement returns whether to stop or take a step.
 *
 * @param progress JSON; null leaves the stored progress
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
       CASE WHEN ${TAKES_STEPS} THEN step_requested::text END AS id, step::text AS step,
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
 * Records the transaction before it changes the database. False if the operation has been ended in the meantime: then
 * the transaction must not go on.
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

/** @returns the operation if its process can still cancel it, else null */
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
  /** The archive that a backup has made. */
  archive?: ArchiveIdentity;
  /** Anything thrown. Stored in the form that a person may see. */
  error?: unknown;
  /** Who cancelled, if the operation has not recorded it already. */
  cancelledBy?: Actor;
  changed?: Operation["changed"];
  progress?: Progress;
}

/**
 * Ends an operation that is in one of the states `from`. Null if it is in none of them or already has this end. Only
 * `recordEnd` may call it.
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

/** Drops any other properties of the app's own object. */
const actorJson = ({ id, name }: Actor): string => JSON.stringify({ id, name });

/** `undefined` becomes NULL. */
const toJson = (value: unknown): string | null => JSON.stringify(value) ?? null;
