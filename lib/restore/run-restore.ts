import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import type { Archive } from "../archive/archive-reader.ts";
import { BackupError, toBackupError } from "../errors.ts";
import { type LoadPlan, planLoad } from "../plan/load-plan.ts";
import { abandon, cancelOnAbort, type Database } from "../postgres/connection.ts";
import {
  addForeignKey,
  addUnvalidated,
  dropForeignKeys,
  dropUnvalidated,
} from "../postgres/constraints.ts";
import { countExactly } from "../postgres/count-rows.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import { alterTriggers, readAlteredTriggers } from "../postgres/foreign-key-triggers.ts";
import {
  beginLockWait,
  DEFAULT_LOCK_TIMEOUT_MS,
  type LockWait,
  lockMaterializedViews,
  lockTables,
  tryRestoreLock,
} from "../postgres/locks.ts";
import { refreshMaterializedViews } from "../postgres/materialized-views.ts";
import { setSequence } from "../postgres/sequences.ts";
import {
  currentTransactionId,
  requireDurableCommit,
  type TransactionStatus,
  truncationStatus,
} from "../postgres/transaction.ts";
import {
  resumeEventTriggers,
  resumeTriggers,
  suspendEventTriggers,
  suspendTriggers,
} from "../postgres/triggers.ts";
import { truncateTables } from "../postgres/truncate.ts";
import { readCatalog } from "../schema/catalog.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { OperationResult, TableName, Warning } from "../shared/api.ts";
import { type OnProgress, reportTable, waitingTable } from "../shared/progress.ts";
import { tableLabel } from "../shared/table-name.ts";
import { loadTable } from "./load-table.ts";
import { requireLoadable } from "./require-loadable.ts";

/** The right to restore into a database: held by one connection at a time, to be ended by whoever began it. */
export interface RestoreSession {
  database: Database;
  client: pg.Client;
  end(): Promise<void>;
}

/** @throws BackupError OPERATION_IN_PROGRESS where another restore runs in this database, from wherever */
export async function beginRestore(database: Database): Promise<RestoreSession> {
  const client = await database.connect("restore");
  const end = async () => {
    // In its own good time, so that the lock is free when this returns; at once where the connection hangs.
    await Promise.race([client.end(), setTimeout(2000, undefined, { ref: false })]).catch(() => {});
    abandon(client);
  };
  const locked = await tryRestoreLock(client).catch(async (error: unknown) => {
    await end();
    throw translateDatabaseError(error, { fallback: "LOAD_FAILED", outcome: NOTHING_CHANGED });
  });
  if (locked) return { database, client, end };
  await end();
  throw new BackupError(
    "OPERATION_IN_PROGRESS",
    "Another restore is running in this database. This one was not started.",
    {
      hint: "Wait until it has ended, or cancel it.",
    },
  );
}

export interface RunRestoreOptions {
  /** Unlocked. Every digest is proven again while it is read. */
  archive: Archive;
  models: PrismaModels;
  /** Their rows stay as they are, although tables that they refer to, or that refer to them, are restored. */
  ignoredTables?: readonly TableName[];
  /** How long to wait for tables that somebody else has locked. */
  lockTimeoutMs?: number;
  /** After this time, counted from when the tables are locked, everything is rolled back. */
  timeoutMs?: number;
  /** The pause after each table but the last. */
  waitBetweenTablesMs?: number;
  onProgress?: OnProgress;
  signal?: AbortSignal;
  /** Called with the transaction's number before anything is changed: `transactionStatus` tells later what became of it. */
  onTransaction?: (xid: string) => Promise<void>;
}

const NOTHING_CHANGED = "Nothing has changed.";

/**
 * Replaces the rows of the archived tables by the archive's, in one transaction: all of it, or nothing.
 *
 * @returns once it is committed
 * @throws BackupError; then nothing has changed, unless its code is INTERRUPTED, which says so
 */
export async function runRestore(
  session: RestoreSession,
  options: RunRestoreOptions,
): Promise<OperationResult> {
  const { client, database } = session;
  const { archive, waitBetweenTablesMs = 0, onProgress = () => {} } = options;
  const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
  const startedAt = performance.now();
  const { signal, startTimer, stopTimer } = withTimeout(options.signal, options.timeoutMs);
  const stopListening = cancelOnAbort(client, database, signal);
  try {
    signal.throwIfAborted();
    // Each statement sees what was committed before it, so that the locked tables are seen as they are.
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    // Off: an error instead of rows that a policy hides. Immediate: or a table with pending checks could not be altered.
    await client.query("SET LOCAL row_security = off; SET CONSTRAINTS ALL IMMEDIATE");
    await requireDurableCommit(client);
    const xid = await currentTransactionId(client);
    await options.onTransaction?.(xid);

    const lockWait = beginLockWait(lockTimeoutMs);
    const plan = await lockPlan(session, options, lockWait);
    startTimer();
    onProgress({
      type: "planned",
      tables: plan.loads.map(({ archived }) => waitingTable(archived, archived.rows)),
    });

    onProgress({ type: "phase", phase: "emptying" });
    const tables = plan.loads.map(({ table }) => table);
    const eventTriggers = await suspendEventTriggers(client);
    await lockMaterializedViews(client, database, plan.materializedViews, lockWait);
    const suspended = await suspendTriggers(client, tables);
    const alteredTriggers = await readAlteredTriggers(client, plan.foreignKeys);
    await dropForeignKeys(client, plan.foreignKeys);
    const unvalidated = await dropUnvalidated(client, tables);
    await truncateTables(client, tables);

    onProgress({ type: "phase", phase: "loading" });
    // Functions in constraints, indexes and generated columns may rely on the role's own.
    await client.query("RESET search_path; RESET TimeZone");
    for (const [index, load] of plan.loads.entries()) {
      signal.throwIfAborted();
      if (index > 0 && waitBetweenTablesMs > 0)
        await setTimeout(waitBetweenTablesMs, undefined, { signal });
      await loadTable(client, archive, load, reportTable(onProgress, index), signal);
    }
    await client.query("SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'");

    onProgress({ type: "phase", phase: "constraints" });
    for (const foreignKey of plan.foreignKeys) {
      signal.throwIfAborted();
      await addForeignKey(client, foreignKey);
    }
    await alterTriggers(client, alteredTriggers);
    await addUnvalidated(client, unvalidated);

    onProgress({ type: "phase", phase: "sequences" });
    const warnings = await setSequences(client, plan, archive.isOriginal);
    await resumeTriggers(client, suspended);
    await requireCounts(client, plan);
    warnings.push(...(await refreshMaterializedViews(client, plan.materializedViews, signal)));
    await resumeEventTriggers(client, eventTriggers);

    signal.throwIfAborted();
    // From here on the outcome is PostgreSQL's to say.
    stopListening();
    stopTimer();
    onProgress({ type: "phase", phase: "committing" });
    const emptied = tables.flatMap(({ oid, partitions }) => [
      oid,
      ...partitions.map((partition) => partition.oid),
    ]);
    await commit(session, xid, emptied);
    return {
      elapsedMs: Math.round(performance.now() - startedAt),
      tables: plan.loads.map(({ archived: { schema, name, model, rows, jsonBytes } }) => ({
        schema,
        name,
        model,
        rows,
        jsonBytes,
      })),
      rows: plan.loads.reduce((sum, { archived }) => sum + archived.rows, 0),
      jsonBytes: plan.loads.reduce((sum, { archived }) => sum + archived.jsonBytes, 0),
      sequences: plan.sequences.length,
      warnings,
    };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => abandon(client));
    const interrupted = error instanceof BackupError && error.code === "INTERRUPTED";
    const reason =
      signal.aborted && !interrupted
        ? abortError(signal, error)
        : translateDatabaseError(error, { fallback: "LOAD_FAILED", outcome: NOTHING_CHANGED });
    throw toBackupError(reason);
  } finally {
    stopListening();
    stopTimer();
  }
}

/** The caller's signal, and an abort of our own a time after `startTimer`. */
function withTimeout(given: AbortSignal | undefined, timeoutMs: number | undefined) {
  const timeout = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: given ? AbortSignal.any([given, timeout.signal]) : timeout.signal,
    startTimer() {
      if (timeoutMs === undefined) return;
      const expire = () =>
        timeout.abort(
          new BackupError(
            "ABORTED",
            `The restore was not done within ${timeoutMs / 1000} s and was rolled back. ${NOTHING_CHANGED}`,
            { hint: "Allow it more time.", details: { timeoutMs } },
          ),
        );
      timer = globalThis.setTimeout(expire, timeoutMs);
    },
    stopTimer: () => clearTimeout(timer),
  };
}

const abortError = ({ reason }: AbortSignal, cause: unknown): BackupError =>
  reason instanceof BackupError
    ? reason
    : new BackupError("ABORTED", `The restore was cancelled. ${NOTHING_CHANGED}`, { cause });

/** Locks the archive's tables, then matches archive and catalog: from here on, nobody can change the tables. */
async function lockPlan(
  { client, database }: RestoreSession,
  { archive, models, ignoredTables }: RunRestoreOptions,
  lockWait: LockWait,
): Promise<LoadPlan> {
  const readPlan = async () => {
    const catalog = await readCatalog(client);
    return planLoad(archive.manifestFor(catalog, models), catalog, models, ignoredTables);
  };
  const before = await readPlan();
  requireLoadable(before);
  const tables = [...before.loads.map(({ table }) => table), ...before.referring];
  await lockTables(client, database, tables, "ACCESS EXCLUSIVE", lockWait);
  const plan = await readPlan();
  requireLoadable(plan);
  return plan;
}

/** @returns a warning for each sequence that could not stand where it stood */
async function setSequences(
  client: pg.ClientBase,
  plan: LoadPlan,
  isOriginal: boolean,
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  for (const planned of plan.sequences) {
    const raised = await setSequence(client, planned);
    // The original stored none: theirs are their columns' maxima, as is said beforehand.
    if (raised === null || isOriginal) continue;
    const { sequence, lastValue } = planned;
    const { schema, name } = sequence;
    warnings.push({
      code: "SEQUENCE_RAISED",
      message: `The sequence ${tableLabel(sequence)} stood at ${lastValue}, behind the rows that draw from it. It was set to ${raised}, or the next insert would have failed.`,
      table: { schema, name },
    });
  }
  return warnings;
}

/** The last proof before the commit: every table has as many rows as the archive says. */
async function requireCounts(client: pg.ClientBase, { loads }: LoadPlan): Promise<void> {
  const counts = await countExactly(
    client,
    loads.map(({ table }) => table),
  );
  for (const { table, archived } of loads) {
    const rows = counts.get(table);
    if (rows === archived.rows) continue;
    throw new BackupError(
      "LOAD_FAILED",
      `${tableLabel(table)} has ${rows} rows after the load, but the archive has ${archived.rows}. Nothing has changed.`,
      {
        hint: "Something in the database wrote there meanwhile, such as an event trigger that logs what is altered: PostgreSQL lets only a superuser keep those from firing.",
        details: {
          table: { schema: table.schema, name: table.name },
          loaded: rows,
          expected: archived.rows,
        },
      },
    );
  }
}

/** Commits. Where the answer is lost, PostgreSQL is asked what became of the transaction. */
async function commit(
  { client, database }: RestoreSession,
  xid: string,
  emptied: readonly number[],
): Promise<void> {
  try {
    const { command } = await client.query("COMMIT");
    if (command !== "COMMIT") throw new Error("PostgreSQL rolled the transaction back");
  } catch (error) {
    const status = await settledStatus(database, xid, emptied);
    if (status === "committed") return;
    if (status === "aborted") throw error;
    throw new BackupError(
      "INTERRUPTED",
      "The connection was lost while the restore was being committed. Whether it was is not known yet.",
      {
        hint: `Look into the tables: all hold the archive's rows, or none does. Unless it has crashed, the server knows as well: SELECT pg_xact_status('${xid}') says “committed” or “aborted”.`,
        details: { xid },
        cause: error,
      },
    );
  }
}

const SETTLE_ATTEMPTS = 20;

/** A server that was restarted, or has not yet noticed that its client is gone, needs a moment. */
async function settledStatus(
  { pool }: Database,
  xid: string,
  emptied: readonly number[],
): Promise<TransactionStatus> {
  let status: TransactionStatus = "unknown";
  for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt++) {
    if (attempt > 0) await setTimeout(500);
    status = await truncationStatus(pool, xid, emptied).catch(() => "in progress" as const);
    if (status !== "in progress") break;
  }
  return status;
}
