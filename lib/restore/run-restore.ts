import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { BackupError } from "../errors.ts";
import { type LoadPlan, planLoad } from "../plan/load-plan.ts";
import type { Database } from "../postgres/connection.ts";
import {
  addForeignKey,
  addUnvalidated,
  dropForeignKeys,
  dropUnvalidated,
} from "../postgres/constraints.ts";
import { countExactly } from "../postgres/count-rows.ts";
import { alterTriggers, readAlteredTriggers } from "../postgres/foreign-key-triggers.ts";
import {
  beginLockWait,
  DEFAULT_LOCK_TIMEOUT_MS,
  type LockWait,
  lockAgainstReaders,
  lockMaterializedViews,
  lockTables,
} from "../postgres/locks.ts";
import { refreshMaterializedViews } from "../postgres/materialized-views.ts";
import { findSequenceTarget, setSequence } from "../postgres/sequences.ts";
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
import type { OperationResult, TableName, Warning } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import { type PipelineOptions, type RestoreTarget, runPipeline } from "./pipeline.ts";
import { requireLoadable } from "./require-loadable.ts";
import type { RestoreSession } from "./restore-session.ts";
import { leftOutWarnings, raisedWarning } from "./result-warnings.ts";

export { beginRestore, type RestoreSession } from "./restore-session.ts";

export interface RunRestoreOptions extends PipelineOptions {
  /** Called with the transaction's number before anything is changed: `transactionStatus` tells later what became of it. */
  onTransaction?: (xid: string) => Promise<void>;
  /**
   * Of the plan that a person has agreed to, as `verifyArchive` gives it: where the database no longer is what it was
   * then, the restore ends with SCHEMA_DRIFT.
   */
  expectedFingerprint?: string;
  /**
   * Called with the tables that will change, once nobody else can write them; they can still be read. Nobody waits
   * against `lockTimeoutMs` meanwhile. What it throws ends the restore.
   *
   * @param signal aborts where the restore is cancelled: to be obeyed soon
   */
  beforeChange?: (tables: readonly TableName[], signal: AbortSignal) => Promise<void>;
}

/**
 * Replaces the rows of the archived tables by the archive's, in one transaction: all of it, or nothing.
 *
 * @returns once it is committed
 * @throws BackupError; then nothing has changed, unless its code is INTERRUPTED, which says so
 */
export const runRestore = (
  session: RestoreSession,
  options: RunRestoreOptions,
): Promise<OperationResult> => runPipeline(session, liveTables(session, options), options);

/** The tables themselves. */
function liveTables(
  session: RestoreSession,
  options: RunRestoreOptions,
): RestoreTarget<OperationResult> {
  const { client, database } = session;
  const { archive, onProgress = () => {} } = options;
  const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
  const startedAt = performance.now();
  const warnings: Warning[] = [];
  let xid = "";
  let lockWait: LockWait;
  let resume: () => Promise<void>;
  let resumeEvents: () => Promise<void>;
  let putBack: () => Promise<void>;

  return {
    async begin(signal) {
      // Each statement sees what was committed before it, so that the locked tables are seen as they are.
      await client.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
      // Off: an error instead of rows that a policy hides. Immediate: or a table with pending checks could not be altered.
      await client.query("SET LOCAL row_security = off; SET CONSTRAINTS ALL IMMEDIATE");
      await requireDurableCommit(client);
      xid = await currentTransactionId(client);
      await options.onTransaction?.(xid);
      lockWait = beginLockWait(lockTimeoutMs);
      return await lockPlan(session, options, lockWait, signal);
    },

    async empty({ loads, foreignKeys, materializedViews }) {
      const tables = loads.map(({ table }) => table);
      const eventTriggers = await suspendEventTriggers(client);
      await lockMaterializedViews(client, database, materializedViews, lockWait);
      const suspended = await suspendTriggers(client, tables);
      const alteredTriggers = await readAlteredTriggers(client, foreignKeys);
      await dropForeignKeys(client, foreignKeys);
      const unvalidated = await dropUnvalidated(client, tables);
      await truncateTables(client, tables);
      resumeEvents = () => resumeEventTriggers(client, eventTriggers);
      resume = () => resumeTriggers(client, suspended);
      putBack = async () => {
        await alterTriggers(client, alteredTriggers);
        await addUnvalidated(client, unvalidated);
      };
      return loads;
    },

    async checkConstraints({ foreignKeys }, signal) {
      for (const foreignKey of foreignKeys) {
        signal.throwIfAborted();
        await addForeignKey(client, foreignKey);
      }
      await putBack();
    },

    async complete(plan, signal) {
      warnings.push(
        ...leftOutWarnings(plan),
        ...(await setSequences(client, plan, archive.isOriginal)),
      );
      await resume();
      await requireCounts(client, plan);
      warnings.push(...(await refreshMaterializedViews(client, plan.materializedViews, signal)));
      await resumeEvents();
    },

    async end({ loads, sequences }) {
      onProgress({ type: "phase", phase: "committing" });
      const emptied = loads.flatMap(({ table: { oid, partitions } }) => [
        oid,
        ...partitions.map((partition) => partition.oid),
      ]);
      await commit(session, xid, emptied);
      return {
        elapsedMs: Math.round(performance.now() - startedAt),
        tables: loads.map(({ archived: { schema, name, model, rows, jsonBytes } }) => ({
          schema,
          name,
          model,
          rows,
          jsonBytes,
        })),
        rows: loads.reduce((sum, { archived }) => sum + archived.rows, 0),
        jsonBytes: loads.reduce((sum, { archived }) => sum + archived.jsonBytes, 0),
        sequences: sequences.length,
        warnings,
      };
    },
  };
}

/** Locks the archive's tables, then matches archive and catalog: from here on, nobody can change the tables. */
async function lockPlan(
  { client, database }: RestoreSession,
  { archive, models, ignoredTables, beforeChange }: RunRestoreOptions,
  lockWait: LockWait,
  signal: AbortSignal,
): Promise<LoadPlan> {
  const readPlan = async () => {
    const catalog = await readCatalog(client);
    return planLoad(archive.manifestFor(catalog, models), catalog, models, ignoredTables);
  };
  const before = await readPlan();
  requireLoadable(before);
  const tables = [...before.loads.map(({ table }) => table), ...before.referring];
  if (beforeChange) {
    await lockTables(client, database, tables, "EXCLUSIVE", lockWait);
    const locked = await readPlan();
    requireLoadable(locked);
    const names = locked.loads.map(({ table: { schema, name } }) => ({ schema, name }));
    const calledAt = performance.now();
    await whileKeptAlive(client, () => beforeChange(names, signal));
    signal.throwIfAborted();
    lockWait.endsAt += performance.now() - calledAt;
    await lockAgainstReaders(client, database, tables, lockWait);
  } else await lockTables(client, database, tables, "ACCESS EXCLUSIVE", lockWait);
  const plan = await readPlan();
  requireLoadable(plan);
  return plan;
}

const KEEP_ALIVE_MS = 30_000;

/** A proxy or firewall in between may cut a connection on which nothing happens for minutes. */
async function whileKeptAlive(client: pg.Client, run: () => Promise<void>): Promise<void> {
  // Where it fails, the next statement does so as well.
  const timer = setInterval(() => client.query("SELECT").catch(() => {}), KEEP_ALIVE_MS);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
}

/** @returns a warning for each sequence that could not stand where it stood */
async function setSequences(
  client: pg.ClientBase,
  plan: LoadPlan,
  isOriginal: boolean,
): Promise<Warning[]> {
  const warnings: Warning[] = [];
  for (const planned of plan.sequences) {
    const target = await findSequenceTarget(client, planned, planned.columns);
    await setSequence(client, planned, target);
    warnings.push(...raisedWarning(planned, target, isOriginal));
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
