/** Finds the true outcome of operations that did not report one: never begun, or their process died. */
import { BackupError } from "../errors.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { isInFuture, transactionStatus } from "../postgres/transaction.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";
import type { Operation, OperationResult } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import type { Context } from "./context.ts";
import { describeRetry } from "./describe-retry.ts";
import { recordEnd } from "./notify.ts";
import { type Ending, readOperation, type StoredOperation } from "./operation-store.ts";
import { ifRecorded, queryOperations } from "./operations-schema.ts";
import { tidySafetyBackups } from "./safety-backup.ts";

export type SettleContext = Pick<Context, "config" | "database" | "uploads" | "safetyBackups">;

/** A download that was not begun within this time is cancelled. */
const PENDING_MAX_AGE_MS = 10 * 60 * 1000;
/** Without a heartbeat for this long, the process counts as dead. */
const SILENCE_MAX_MS = 15 * 1000;

/** Ends operations that are over. Call it before you read operations, so that a dead one is never shown as running. */
export async function settleOperations(context: SettleContext): Promise<void> {
  // On a standby, the primary's app does it.
  await ifRecorded(() => settleAll(context), undefined);
}

async function settleAll(context: SettleContext): Promise<void> {
  const { database } = context;
  const open = await queryOperations<{ id: string }>(
    database,
    `SELECT id::text FROM ${OWN_SCHEMA}.operations
     WHERE (state = 'pending' AND created_at < clock_timestamp() - $1 * interval '1 millisecond')
        OR (state IN ('running', 'ready') AND heartbeat_at < clock_timestamp() - $2 * interval '1 millisecond')
        OR changed = 'unknown'`,
    [PENDING_MAX_AGE_MS, SILENCE_MAX_MS],
  );
  for (const { id } of open) {
    const operation = await readOperation(database, id);
    if (operation) await settle(context, operation);
  }
  if (open.length > 0) await tidySafetyBackups(context);
}

async function settle(context: SettleContext, operation: StoredOperation): Promise<void> {
  const { database } = context;
  if (operation.state === "pending") {
    await recordEnd(context, operation.id, ["pending"], {
      state: "cancelled",
      error: new BackupError("ABORTED", "The download was not begun within 10 minutes.", {
        hint: "Create the backup again.",
      }),
    });
    return;
  }
  const changed = await readChanged(database, operation.xid);
  if (changed === "unknown") await endAbandoned(database, operation.xid);
  const ending = await endingWithoutWord(context, operation, changed);
  // If the outcome is still unknown, there is nothing new to record.
  if (operation.state === "interrupted" && ending.changed === "unknown") return;
  await recordEnd(context, operation.id, [operation.state], ending);
}

/**
 * Ends a server process whose client has died. It does not notice while it waits for a lock or checks a constraint, and
 * keeps every table locked. A living process would stop by itself: see `LiveOperation`.
 */
async function endAbandoned(database: Database, xid: string | null): Promise<void> {
  await queryOperations(
    database,
    `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted
       AND transactionid = xid($1::xid8)
       AND datname = current_database() AND application_name = 'prisma-backup-admin restore'`,
    [xid],
    // If we lack the right, the server process ends when its statement does.
  ).catch(() => {});
}

/** Determines how an operation ended that could not record it itself. */
export async function endingWithoutWord(
  context: SettleContext,
  operation: StoredOperation,
  changed: Operation["changed"],
): Promise<Ending> {
  if (changed === "everything") return succeededWithoutWord(operation);
  return { state: "interrupted", changed, error: await interrupted(context, operation, changed) };
}

/** Asks PostgreSQL what became of a restore's transaction. */
export async function readChanged(
  database: Database,
  xid: string | null,
): Promise<Operation["changed"]> {
  if (xid === null) return "nothing";
  try {
    const status = await transactionStatus(database.pool, xid);
    if (status === "committed") return "everything";
    return status === "aborted" ? "nothing" : "unknown";
  } catch (error) {
    // The transaction belongs to another server: a copy of the database brought the operation here.
    if (isInFuture(error)) return "unknown";
    throw error;
  }
}

/** Takes its figures from the plan. The restore checked all of them before the commit. */
function succeededWithoutWord(operation: StoredOperation): Ending {
  const { plan, startedAt, heartbeatAt } = operation;
  const manifestTables = new Map(
    plan?.manifest.tables.map((table) => [tableKey(table), table.jsonBytes]),
  );
  const tables = (plan?.tables ?? [])
    .filter((table) => table.action !== "skip")
    .map(({ schema, name, model, rows, action }) => ({
      schema,
      name,
      model,
      rows,
      ...(action === "replace" && { rowsAfter: rows }),
      jsonBytes: manifestTables.get(tableKey({ schema, name })) ?? 0,
    }));
  const result: OperationResult = {
    elapsedMs: startedAt && heartbeatAt ? Date.parse(heartbeatAt) - Date.parse(startedAt) : 0,
    tables,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    jsonBytes: tables.reduce((sum, table) => sum + table.jsonBytes, 0),
    sequences: plan?.manifest.sequences ?? 0,
    warnings: [
      {
        code: "CUT_OFF",
        message:
          "The restore was cut off before it could report, but PostgreSQL has committed it: it is complete. The elapsed time is not exact.",
      },
    ],
    fileName: operation.fileName,
  };
  return { state: "succeeded", result, changed: "everything" };
}

async function interrupted(
  context: SettleContext,
  operation: StoredOperation,
  changed: Operation["changed"],
): Promise<BackupError> {
  if (operation.kind === "backup") {
    return new BackupError("INTERRUPTED", "The backup was cut off: the app's process ended.", {
      hint: "The downloaded file is not complete: delete it and create the backup again.",
    });
  }
  const { uploadId = null } = operation.request.kind === "restore" ? operation.request : {};
  if (changed === "unknown") {
    return new BackupError(
      "INTERRUPTED",
      "The restore was cut off. PostgreSQL has not said yet whether it was committed or rolled back.",
      { hint: "Wait a moment: this is asked again each time the page is shown." },
    );
  }
  return new BackupError(
    "INTERRUPTED",
    "The restore was cut off: the app's process ended, or lost the database. Nothing was changed.",
    {
      hint: "Begin the restore again.",
      details: await describeRetry(context, operation.actor, {
        uploadId,
        undoes: operation.undoes,
      }),
    },
  );
}
