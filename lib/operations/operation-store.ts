/** Operations as rows. Every change of state is one conditional UPDATE, so that of two racing requests one wins. */
import type { ArchiveKey } from "../archive/encryption.ts";
import { toErrorReport } from "../errors.ts";
import type { Database } from "../postgres/connection.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";
import type {
  Actor,
  EncryptionMode,
  ErrorReport,
  Operation,
  OperationKind,
  OperationResult,
  OperationState,
  RestorePlan,
  TableName,
} from "../shared/api.ts";
import { NO_PROGRESS, type Progress } from "../shared/progress.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { queryOperations } from "./operations-schema.ts";

/** What was asked for. Holds no secret. The key and the rehearsal's report are removed when the operation ends. */
export type OperationRequest =
  | { kind: "backup"; tables: TableName[] | null; key?: ArchiveKey }
  | { kind: "restore"; uploadId: string; rehearsal?: RehearsalReport };

/** A row: what everybody may see, and what only the server needs. */
export interface StoredOperation extends Operation {
  request: OperationRequest;
  /** The restore's transaction, from its BEGIN on. */
  xid: string | null;
  /** When its process last showed that it lives. */
  heartbeatAt: string | null;
  /** Who asks the process that holds the unlocked archive to begin the restore: an id of the asking request. */
  startRequested: string | null;
  /** Why that process did not. */
  startRefused: ErrorReport | null;
}

const TABLE = `${OWN_SCHEMA}.operations`;

const timestamp = (expression: string): string =>
  `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** One JSON text a row, so that no type parser that the app has set for `pg` can change a value. */
const select = (source: string): string => `
  SELECT row_to_json(o)::text AS operation FROM (
    SELECT id, kind, state, actor, request - 'rehearsal' AS request, xid, encryption, changed, progress, plan, result, error,
      file_name AS "fileName", cancel_requested AS "cancelRequested",
      start_requested AS "startRequested", start_refused AS "startRefused",
      ${timestamp("created_at")} AS "createdAt", ${timestamp("started_at")} AS "startedAt",
      ${timestamp("ended_at")} AS "endedAt", ${timestamp("heartbeat_at")} AS "heartbeatAt", ${timestamp("clock_timestamp()")} AS "now"
    FROM ${source}) o`;

async function query(
  database: Database,
  sql: string,
  values: unknown[],
): Promise<StoredOperation[]> {
  const rows = await queryOperations<{ operation: string }>(database, sql, values);
  return rows.map((row) => JSON.parse(row.operation) as StoredOperation);
}

const returning = (statement: string): string =>
  `WITH affected AS (${statement} RETURNING *) ${select("affected")}`;

/** What everybody with the right to the page may see. */
export function toOperation(stored: StoredOperation): Operation {
  const { request, xid, heartbeatAt, startRequested, startRefused, ...operation } = stored;
  return { ...operation, archive: null, safetyBackup: null, undoes: null };
}

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
  },
): Promise<StoredOperation> {
  const { id, state, actor, request, encryption, fileName, progress = NO_PROGRESS } = operation;
  const [inserted] = await query(
    database,
    returning(`
      INSERT INTO ${TABLE}
        (id, kind, state, actor, request, encryption, file_name, progress, started_at, heartbeat_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8,
        CASE WHEN $3 = 'running' THEN clock_timestamp() END,
        CASE WHEN $3 = 'running' THEN clock_timestamp() END)`),
    [
      id,
      request.kind satisfies OperationKind,
      state,
      JSON.stringify({ id: actor.id, name: actor.name }),
      JSON.stringify(request),
      encryption,
      fileName,
      JSON.stringify(progress),
    ],
  );
  if (!inserted) throw new Error("INSERT returned no row");
  return inserted;
}

export async function readOperation(
  database: Database,
  id: string,
): Promise<StoredOperation | null> {
  const [operation] = await query(database, select(`${TABLE} WHERE id = $1`), [id]);
  return operation ?? null;
}

/** Newest first. */
export async function readOperations(
  database: Database,
  limit: number,
): Promise<StoredOperation[]> {
  return query(database, select(`${TABLE} ORDER BY created_at DESC, id LIMIT $1`), [limit]);
}

/** @returns null where the operation is no longer in the state `from`, or nobody asks for its start any more */
export async function beginRunning(
  database: Database,
  id: string,
  from: "pending" | "ready",
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET state = 'running', started_at = clock_timestamp(),
        heartbeat_at = clock_timestamp(), progress = $3
      WHERE id = $1 AND state = $2 AND NOT cancel_requested
        AND (state = 'pending' OR start_requested IS NOT NULL)`),
    [id, from, JSON.stringify(NO_PROGRESS)],
  );
  return operation ?? null;
}

/** Large, and so apart from the operation, which is read again and again. */
export async function writeRehearsalReport(
  database: Database,
  id: string,
  report: RehearsalReport,
): Promise<void> {
  await queryOperations(
    database,
    `UPDATE ${TABLE} SET request = request || jsonb_build_object('rehearsal', $2::jsonb)
     WHERE id = $1 AND state IN ('running', 'ready')`,
    [id, JSON.stringify(report)],
  );
}

export async function readRehearsalReport(
  database: Database,
  id: string,
): Promise<RehearsalReport | null> {
  const [row] = await queryOperations<{ report: string | null }>(
    database,
    `SELECT (request -> 'rehearsal')::text AS report FROM ${TABLE} WHERE id = $1 AND state = 'ready'`,
    [id],
  );
  return row?.report ? (JSON.parse(row.report) as RehearsalReport) : null;
}

/** The check is done; the restore waits for its confirmation. Null where it has been ended meanwhile. */
export async function markReady(
  database: Database,
  id: string,
  plan: RestorePlan,
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET state = 'ready', plan = $2, heartbeat_at = clock_timestamp()
      WHERE id = $1 AND state = 'running'`),
    [id, JSON.stringify(plan)],
  );
  return operation ?? null;
}

/** Asks the process that holds the archive to begin; null where the restore does not wait, or somebody has asked already. */
export async function requestStart(
  database: Database,
  id: string,
  requestId: string,
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET start_requested = $2, start_refused = NULL
      WHERE id = $1 AND state = 'ready' AND start_requested IS NULL AND NOT cancel_requested`),
    [id, requestId],
  );
  return operation ?? null;
}

/** Takes a request back; null where the restore has begun or ended meanwhile. */
export async function withdrawStart(
  database: Database,
  id: string,
  requestId: string,
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET start_requested = NULL
      WHERE id = $1 AND state = 'ready' AND start_requested = $2`),
    [id, requestId],
  );
  return operation ?? null;
}

/** Answers whoever has asked for the start. */
export async function refuseStart(
  database: Database,
  id: string,
  requestId: string,
  error: unknown,
): Promise<void> {
  await query(
    database,
    returning(`
      UPDATE ${TABLE} SET start_requested = NULL, start_refused = $3
      WHERE id = $1 AND state = 'ready' AND start_requested = $2`),
    [id, requestId, JSON.stringify(toErrorReport(error))],
  );
}

interface Heartbeat {
  answer: "continue" | "cancel" | "gone";
  /** Of a restore that waits: whose request to begin it. */
  startRequested: string | null;
}

/** Says that the process lives, what is done, and learns in the same statement whether to stop, or to begin. */
export async function writeHeartbeat(
  database: Database,
  id: string,
  progress: Progress | null,
): Promise<Heartbeat> {
  const [row] = await queryOperations<Heartbeat>(
    database,
    `UPDATE ${TABLE} SET heartbeat_at = clock_timestamp(), progress = coalesce($2::jsonb, progress)
     WHERE id = $1 AND state IN ('running', 'ready')
     RETURNING CASE WHEN cancel_requested THEN 'cancel' ELSE 'continue' END AS answer,
       CASE WHEN state = 'ready' THEN start_requested::text END AS "startRequested"`,
    [id, progress === null ? null : JSON.stringify(progress)],
  );
  return row ?? { answer: "gone", startRequested: null };
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
): Promise<StoredOperation | null> {
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET cancel_requested = true WHERE id = $1 AND state IN ('running', 'ready')`),
    [id],
  );
  return operation ?? null;
}

export interface Ending {
  state: "succeeded" | "failed" | "cancelled" | "interrupted";
  result?: OperationResult;
  /** Anything thrown; kept as what a person may see. */
  error?: unknown;
  changed?: Operation["changed"];
  progress?: Progress;
}

/** Ends an operation that is in one of the states `from`; null where it is in none of them. */
export async function endOperation(
  database: Database,
  id: string,
  from: OperationState[],
  ending: Ending,
): Promise<StoredOperation | null> {
  const { state, result, error, changed = "nothing", progress } = ending;
  const [operation] = await query(
    database,
    returning(`
      UPDATE ${TABLE} SET state = $3, result = $4, error = $5, changed = $6,
        progress = coalesce($7, progress), request = request - 'key' - 'rehearsal',
        cancel_requested = cancel_requested AND $3 = 'cancelled',
        ended_at = coalesce(ended_at, clock_timestamp())
      WHERE id = $1 AND state = ANY ($2)`),
    [
      id,
      from,
      state,
      result === undefined ? null : JSON.stringify(result),
      error === undefined ? null : JSON.stringify(toErrorReport(error)),
      changed,
      progress === undefined ? null : JSON.stringify(progress),
    ],
  );
  return operation ?? null;
}
