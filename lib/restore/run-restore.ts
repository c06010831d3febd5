import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { BackupError } from "../errors.ts";
import type { PlannedLoad } from "../plan/load-plan.ts";
import { isMerge } from "../plan/restore-scope.ts";
import { type Database, stopWaitingOnAbort } from "../postgres/connection.ts";
import {
  type AsideConstraints,
  addConstraintsAgain,
  dropForeignKeys,
  putConstraintsAside,
} from "../postgres/constraints.ts";
import { countApart, countExactly } from "../postgres/count-rows.ts";
import { isStorageDamage } from "../postgres/damage.ts";
import { alterTriggers, readAlteredTriggers } from "../postgres/foreign-key-triggers.ts";
import { type ComputedColumns, readComputedColumns } from "../postgres/generated-columns.ts";
import { type LateIndex, rebuildReadingIndexes } from "../postgres/indexes.ts";
import {
  beginLockWait,
  DEFAULT_LOCK_TIMEOUT_MS,
  type LockWait,
  lockMaterializedViews,
  lockTables,
} from "../postgres/locks.ts";
import { refreshMaterializedViews } from "../postgres/materialized-views.ts";
import type { RowKey } from "../postgres/row-keys.ts";
import { readSequenceStates } from "../postgres/sequences.ts";
import {
  createShadowTables,
  dropShadowTables,
  type ShadowTables,
} from "../postgres/shadow-tables.ts";
import {
  bearTransactionId,
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
import type { OperationResult, TableName, Warning } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { summariseWarnings } from "../shared/warnings.ts";
import { addForeignKeys } from "./add-foreign-keys.ts";
import { addIndexes, dropLateIndexes } from "./add-indexes.ts";
import { computeAnew } from "./compute-anew.ts";
import { insertWhole } from "./load-table.ts";
import { mergedInto, mergeLoads, mergesOf } from "./merge-loads.ts";
import { type PipelineOptions, type RestoreTarget, runPipeline } from "./pipeline.ts";
import { type ReadPlan, readPlan } from "./read-plan.ts";
import { requireLoadable } from "./require-loadable.ts";
import type { RestoreSession } from "./restore-session.ts";
import { isNotSet, leftOutWarnings, NOT_REPLICATED } from "./result-warnings.ts";
import { setSequences } from "./settle-sequences.ts";
import { validateConstraints } from "./validate-constraints.ts";

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
 * Replaces the rows of the archived tables by the archive's, or merges these into them, as the scope says, in one
 * transaction: all of it, or nothing.
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
  const { client } = session;
  const { onProgress = () => {} } = options;
  const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
  const startedAt = performance.now();
  const isMerging = isMerge(options.scope?.mode ?? "replace");
  const warnings: Warning[] = [];
  /** Null where they cannot be read. */
  const rowsBefore: Array<number | null> = [];
  const rowsAfter: number[] = [];
  let sequenceStates: OperationResult["sequenceStates"];
  let copies: ShadowTables | undefined;
  let computed: readonly ComputedColumns[] = [];
  let aside: AsideConstraints;
  let lateIndexes: readonly LateIndex[] = [];
  let originals: ReadonlyMap<string, PlannedLoad> = new Map();
  let keyOf: ReadonlyMap<string, RowKey | null> = new Map();
  let xid = "";
  let lockWait: LockWait;
  let resume: () => Promise<void>;
  let resumeEvents: () => Promise<void>;
  let putBack: () => Promise<void>;

  async function merge(plan: ReadPlan, copied: ShadowTables, signal: AbortSignal): Promise<void> {
    const grown = await mergeLoads(client, plan, copied.tables, signal);
    rowsAfter.push(...rowsBefore.map((rows, index) => (rows ?? 0) + (grown[index] ?? 0)));
    await computeAnew(client, plan, computed, mergedInto(mergesOf(plan, copied.tables)));
    await dropShadowTables(client, copied);
    for (const { table } of plan.loads.slice(0, 1)) await bearTransactionId(client, table);
  }

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

    async empty(plan) {
      const { loads, keys, foreignKeys, materializedViews } = plan;
      keyOf = new Map(
        loads.map(({ archived }, index) => [tableKey(archived), keys[index] ?? null]),
      );
      const tables = loads.map(({ table }) => table);
      const counts = await countApart(client, tables);
      for (const table of tables) {
        const { rows, error } = counts.get(table) ?? {};
        // What is replaced need not be readable; what is merged with has to be.
        if (error && (isMerging || !isStorageDamage(error))) throw error;
        rowsBefore.push(error ? null : (rows ?? 0));
      }
      const eventTriggers = await suspendEventTriggers(client);
      await lockMaterializedViews(client, materializedViews, lockWait);
      const suspended = await suspendTriggers(client, tables);
      const alteredTriggers = await readAlteredTriggers(client, foreignKeys);
      await dropForeignKeys(client, foreignKeys);
      computed = await readComputedColumns(client, tables);
      aside = await putConstraintsAside(client, tables);
      resumeEvents = () => resumeEventTriggers(client, eventTriggers);
      resume = () => resumeTriggers(client, suspended);
      putBack = async () => {
        await alterTriggers(client, alteredTriggers);
        await addConstraintsAgain(client, aside);
      };
      if (!isMerging) {
        lateIndexes = await dropLateIndexes(session, plan);
        await truncateTables(client, tables);
        rowsAfter.push(...loads.map(({ archived }) => archived.rows));
        return loads;
      }
      const shadows = await createShadowTables(client, loads);
      copies = shadows;
      originals = new Map(loads.map((load) => [tableKey(load.archived), load]));
      return loads.map((load, index) => ({ ...load, table: shadows.tables[index] ?? load.table }));
    },

    // A row that PostgreSQL refuses ends the restore.
    insertBatch: insertWhole(client, (load) => ({
      load: originals.get(tableKey(load.archived)) ?? load,
      key: keyOf.get(tableKey(load.archived)) ?? null,
    })),

    async settleRows(plan, signal) {
      if (copies) await merge(plan, copies, signal);
      else await computeAnew(client, plan, computed);
      warnings.push(...(await rebuildReadingIndexes(client, relationsOf(plan))));
    },
    async checkConstraints(plan, signal) {
      await addIndexes(session, plan, lateIndexes, signal);
      await addForeignKeys(session, plan, signal);
      await putBack();
      await validateConstraints(client, plan, aside, signal);
    },

    async complete(plan, signal) {
      warnings.push(...leftOutWarnings(plan));
      warnings.push(...(await setSequences(client, plan)));
      sequenceStates = await readSequenceStates(
        client,
        plan.sequences.map(({ sequence }) => sequence),
      );
      await resume();
      await requireCounts(client, plan, rowsAfter);
      warnings.push(...(await refreshMaterializedViews(client, plan.materializedViews, signal)));
      await resumeEvents();
    },

    async end(plan) {
      const { loads, sequences } = plan;
      onProgress({ type: "phase", phase: "committing" });
      const isReplicated = await commit(session, xid, relationsOf(plan), options.signal);
      if (!isReplicated) warnings.push(NOT_REPLICATED);
      return {
        elapsedMs: Math.round(performance.now() - startedAt),
        tables: loads.map(({ archived, places }, index) => ({
          schema: archived.schema,
          name: archived.name,
          model: archived.model,
          rows: places?.size ?? archived.rows,
          jsonBytes: archived.jsonBytes,
          jsonSha256: archived.jsonSha256 || null,
          rowsBefore: rowsBefore[index] ?? undefined,
          rowsAfter: rowsAfter[index] ?? 0,
        })),
        rows: loads.reduce((sum, { archived, places }) => sum + (places?.size ?? archived.rows), 0),
        jsonBytes: loads.reduce((sum, { archived }) => sum + archived.jsonBytes, 0),
        sequences: sequences.length - warnings.filter(isNotSet).length,
        sequenceStates,
        warnings: summariseWarnings(warnings),
      };
    },
  };
}

/** Oids of the loaded tables and their partitions. */
const relationsOf = ({ loads }: ReadPlan): number[] =>
  loads.flatMap(({ table: { oid, partitions } }) => [oid, ...partitions.map((it) => it.oid)]);

/** Locks the archive's tables, then matches archive and catalog: from here on, nobody can change the tables. */
async function lockPlan(
  { client }: RestoreSession,
  { archive, models, scope, expectedFingerprint, beforeChange }: RunRestoreOptions,
  lockWait: LockWait,
  signal: AbortSignal,
): Promise<ReadPlan> {
  const read = async () => {
    const { plan } = await readPlan(client, { archive, models, scope });
    requireLoadable(plan);
    return plan;
  };
  const before = await read();
  const tables = [...before.loads.map(({ table }) => table), ...before.referring];
  if (beforeChange) {
    await lockTables(client, tables, "EXCLUSIVE", lockWait);
    const locked = await read();
    requireSame(locked, expectedFingerprint);
    const names = locked.loads.map(({ table: { schema, name } }) => ({ schema, name }));
    const calledAt = performance.now();
    await whileKeptAlive(client, () => beforeChange(names, signal));
    signal.throwIfAborted();
    lockWait.endsAt += performance.now() - calledAt;
  }
  await lockTables(client, tables, "ACCESS EXCLUSIVE", lockWait);
  const plan = await read();
  requireSame(plan, expectedFingerprint);
  return plan;
}

/** What a person has agreed to must be what is done. */
function requireSame({ fingerprint }: ReadPlan, expected: string | undefined): void {
  if (expected === undefined || fingerprint === expected) return;
  throw new BackupError(
    "SCHEMA_DRIFT",
    "The database's tables, columns or constraints were changed since this restore was checked. Nothing has changed.",
    { hint: "Check it again, and see what it would do now." },
  );
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

/** The last proof before the commit: every table has as many rows as it was given. */
async function requireCounts(
  client: pg.ClientBase,
  { loads, scope }: ReadPlan,
  expected: readonly number[],
): Promise<void> {
  const counts = await countExactly(
    client,
    loads.map(({ table }) => table),
  );
  for (const [index, { table }] of loads.entries()) {
    const rows = counts.get(table);
    if (rows === expected[index]) continue;
    throw new BackupError(
      "LOAD_FAILED",
      isMerge(scope.mode)
        ? `${tableLabel(table)} has ${rows} rows after the merge, but ${expected[index]} were to be. Nothing has changed.`
        : `${tableLabel(table)} has ${rows} rows after the load, but the archive has ${expected[index]}. Nothing has changed.`,
      {
        hint: "Something in the database wrote there meanwhile, such as an event trigger that logs what is altered: PostgreSQL lets only a superuser keep those from firing.",
        details: {
          table: { schema: table.schema, name: table.name },
          loaded: rows,
          expected: expected[index],
        },
      },
    );
  }
}

/**
 * Commits. Where the answer is lost, PostgreSQL is asked what became of the transaction.
 *
 * @returns false where the wait for a synchronous standby was ended: the commit stands all the same
 */
async function commit(
  { client, database }: RestoreSession,
  xid: string,
  changed: readonly number[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let isReplicated = true;
  // PostgreSQL says so by a warning.
  client.on("notice", ({ routine }) => {
    if (routine === "SyncRepWaitForLSN") isReplicated = false;
  });
  const stopListening = stopWaitingOnAbort(client, database, signal);
  try {
    const { command } = await client.query("COMMIT");
    if (command !== "COMMIT") throw new Error("PostgreSQL rolled the transaction back");
    return isReplicated;
  } catch (error) {
    const status = await settledStatus(database, xid, changed);
    if (status === "committed") return isReplicated;
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
  } finally {
    stopListening();
  }
}

const SETTLE_ATTEMPTS = 20;

/** A server that was restarted, or has not yet noticed that its client is gone, needs a moment. */
async function settledStatus(
  { pool }: Database,
  xid: string,
  changed: readonly number[],
): Promise<TransactionStatus> {
  let status: TransactionStatus = "unknown";
  for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt++) {
    if (attempt > 0) await setTimeout(500);
    status = await truncationStatus(pool, xid, changed).catch(() => "in progress" as const);
    if (status !== "in progress") break;
  }
  return status;
}
