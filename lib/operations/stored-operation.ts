/** Operations as rows. Every change of state is one conditional UPDATE, so only one of two racing requests wins. */
import type { ArchiveKey } from "../archive/encryption.ts";
import type { Config } from "../config.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";
import type {
  Actor,
  ErrorReport,
  ListedOperation,
  Operation,
  RestoreScope,
  SafetyBackup,
  TableName,
} from "../shared/api.ts";
import { queryOperations } from "./operations-schema.ts";

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
  planId: string;
  acceptDrift: boolean;
  safetyBackup: boolean;
}

export type Step = PlanStep | StartStep;

export interface StepRequest {
  /** Identifies the request, not the operation. */
  id: string;
  step: Step;
}

/** The time is computed from the current options, not those from when the backup was made. */
export type StoredSafetyBackup = Omit<SafetyBackup, "keptUntil">;

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

/** Whether a person can request the next step: the restore waits, or its trial run goes on. */
export const TAKES_STEPS =
  "(state = 'ready' OR (state = 'running' AND plan IS NOT NULL AND progress ->> 'stage' = 'rehearsal'))";

export const timestamp = (expression: string): string =>
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

/** The columns of a ListedOperation. They read no plan, result or error, and progress only while running. */
export const LISTED_COLUMNS = `${SMALL_COLUMNS}, can_start AS "canStart", result_rows AS rows, archive_bytes AS "archiveBytes",
      result_tables AS tables, tables_in_database AS "tablesInDatabase",
      CASE WHEN state = 'running' THEN (
        SELECT json_build_object('stage', progress -> 'stage', 'rows', sum(done),
          'totalRows', sum(CASE WHEN table_state = 'done' THEN done ELSE greatest(expected, done) END))
        FROM (SELECT (t ->> 'rows')::numeric AS done, (t ->> 'totalRows')::numeric AS expected, t ->> 'state' AS table_state
              FROM jsonb_array_elements(progress -> 'tables') t) tables) END AS progress`;

/** Adds the time until which it is kept, and unsets `isKept` after that time, even for one of the newest restores. */
function withKeptUntil(
  stored: StoredSafetyBackup,
  { safetyBackupMaxAgeMs }: Pick<Config, "safetyBackupMaxAgeMs">,
): SafetyBackup {
  const keptUntil = Date.parse(stored.createdAt) + safetyBackupMaxAgeMs;
  const isKept = stored.isKept && Date.now() < keptUntil;
  return { ...stored, isKept, keptUntil: new Date(keptUntil).toISOString() };
}

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

/** The row is one JSON text, so that type parsers the app has set for `pg` cannot change a value. */
export const select = (source: string, plan?: string): string => `
  SELECT row_to_json(o)::text AS operation FROM (SELECT ${columns(plan)} FROM ${source}) o`;

export async function queryOne(
  database: Database,
  sql: string,
  values: unknown[],
): Promise<StoredOperation | null> {
  const [row] = await queryOperations<{ operation: string }>(database, sql, values);
  return row ? (JSON.parse(row.operation) as StoredOperation) : null;
}

export const returning = (statement: string): string =>
  `WITH affected AS (${statement} RETURNING *) ${select("affected")}`;

/** Changes the operation `$1`. Null if the condition does not hold. */
export const change = (
  database: Database,
  id: string,
  { set, where }: { set: string; where: string },
  values: unknown[] = [],
): Promise<StoredOperation | null> =>
  queryOne(database, returning(`UPDATE ${TABLE} SET ${set} WHERE id = $1 AND ${where}`), [
    id,
    ...values,
  ]);

export const BEGIN_NOW = "started_at = clock_timestamp(), heartbeat_at = clock_timestamp()";

/** Drops any other properties of the app's own object. */
export const actorJson = ({ id, name }: Actor): string => JSON.stringify({ id, name });

/** `undefined` becomes NULL. */
export const toJson = (value: unknown): string | null => JSON.stringify(value) ?? null;
