import type { Archive } from "../archive/archive-reader.ts";
import { BackupError } from "../errors.ts";
import type { PlannedLoad } from "../plan/load-plan.ts";
import type { RestoreSelection } from "../plan/restore-scope.ts";
import { abandon, cancelOnAbort } from "../postgres/connection.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import { FIXED_SETTINGS, ownSettings } from "../postgres/own-settings.ts";
import { reportWaits } from "../postgres/session-waits.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import { type OnProgress, waitingTable } from "../shared/progress.ts";
import { toBackupError } from "../to-backup-error.ts";
import { type InsertBatch, loadTables } from "./load-table.ts";
import type { ReadPlan } from "./read-plan.ts";
import type { RestoreSession } from "./restore-session.ts";

const NOTHING_CHANGED = "Nothing has changed.";

export interface PipelineOptions extends RestoreSelection {
  /** Unlocked. Every digest is proven again while it is read. */
  archive: Archive;
  models: PrismaModels;
  /** How long to wait for tables that somebody else has locked. */
  lockTimeoutMs?: number;
  /** After this time, counted from when the tables are locked, everything is rolled back. */
  timeoutMs?: number;
  /** The pause after each table but the last. */
  waitBetweenTablesMs?: number;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** Where the rows go: into the tables, or for a rehearsal into others beside them. One step after the other. */
export interface RestoreTarget<Result> {
  /** Begins the transaction, locks, and matches archive and catalog. */
  begin(signal: AbortSignal): Promise<ReadPlan>;
  /** @returns what to load, with the empty tables that take the rows, in the plan's order */
  empty(plan: ReadPlan): Promise<readonly PlannedLoad[]>;
  insertBatch: InsertBatch;
  /** Once all are read: moves rows that are not where they belong, and computes what depends on others. With the role's own settings. */
  settleRows(plan: ReadPlan, signal: AbortSignal): Promise<void>;
  checkConstraints(plan: ReadPlan, signal: AbortSignal): Promise<void>;
  /** Sequences, counts, and all else that depends on the rows. */
  complete(plan: ReadPlan, signal: AbortSignal): Promise<void>;
  /** Ends the transaction. No signal any more: from here on the outcome is PostgreSQL's to say. */
  end(plan: ReadPlan): Promise<Result>;
}

/**
 * A restore or its rehearsal, step by step, on the session's connection.
 *
 * @throws BackupError; then the transaction is rolled back, unless its code is INTERRUPTED, which says so
 */
export async function runPipeline<Result>(
  { client, database }: RestoreSession,
  target: RestoreTarget<Result>,
  options: PipelineOptions,
): Promise<Result> {
  const { archive, waitBetweenTablesMs = 0, onProgress = () => {} } = options;
  const { signal, startTimer, stopTimer } = withTimeout(options.signal, options.timeoutMs);
  const stopListening = cancelOnAbort(client, database, signal);
  const stopReporting = reportWaits(client, (waitsFor) =>
    onProgress({ type: "waiting", waitsFor }),
  );
  try {
    signal.throwIfAborted();
    const plan = await target.begin(signal);
    startTimer();
    onProgress({
      type: "planned",
      tables: plan.loads.map(({ archived }) => waitingTable(archived, archived.rows)),
    });

    onProgress({ type: "phase", phase: "emptying" });
    const loads = await target.empty(plan);

    onProgress({ type: "phase", phase: "loading" });
    // Functions in constraints, indexes and generated columns may rely on the role's own.
    await client.query(ownSettings(client));
    const { insertBatch } = target;
    await loadTables(client, loads, {
      archive,
      insertBatch,
      onProgress,
      signal,
      waitBetweenTablesMs,
    });
    await target.settleRows(plan, signal);
    await client.query(FIXED_SETTINGS);

    onProgress({ type: "phase", phase: "constraints" });
    await target.checkConstraints(plan, signal);

    onProgress({ type: "phase", phase: "sequences" });
    await target.complete(plan, signal);

    signal.throwIfAborted();
    stopListening();
    stopTimer();
    return await target.end(plan);
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
    stopReporting();
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
