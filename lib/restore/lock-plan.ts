import type pg from "pg";
import { BackupError } from "../errors.ts";
import { tablesOf } from "../postgres/load.ts";
import { type LockWait, lockTables } from "../postgres/locks.ts";
import type { TableName } from "../shared/api.ts";
import { nameOf } from "../shared/table-name.ts";
import { type PlanSource, type ReadPlan, readPlan } from "./read-plan.ts";
import { requireLoadable } from "./require-loadable.ts";
import type { RestoreSession } from "./restore-session.ts";

export interface AgreedPlan extends PlanSource {
  /** The fingerprint of the plan that a person agreed to. If it has changed, the restore fails with SCHEMA_DRIFT. */
  expectedFingerprint?: string;
  /**
   * Called with the tables that will change, when others can still read but not write them. This time does not count
   * towards `lockTimeoutMs`. If it throws, the restore fails with its error.
   *
   * @param signal aborts if the restore is cancelled. React to it promptly.
   */
  beforeChange?: (tables: readonly TableName[], signal: AbortSignal) => Promise<void>;
}

/**
 * Locks the archive's tables and matches archive and catalog under the locks.
 *
 * @throws BackupError for the first finding that prevents the restore, LOCK_TIMEOUT, SCHEMA_DRIFT
 */
export async function lockPlan(
  { client }: RestoreSession,
  { expectedFingerprint, beforeChange, ...source }: AgreedPlan,
  lockWait: LockWait,
  signal: AbortSignal,
): Promise<ReadPlan> {
  const read = async () => {
    const { plan } = await readPlan(client, source);
    requireLoadable(plan);
    return plan;
  };
  const before = await read();
  const tables = [...tablesOf(before.loads), ...before.referring];
  if (beforeChange) {
    await lockTables(client, tables, "EXCLUSIVE", lockWait);
    const locked = await read();
    requireSame(locked, expectedFingerprint);
    const names = tablesOf(locked.loads).map(nameOf);
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

function requireSame({ fingerprint }: ReadPlan, expected: string | undefined): void {
  if (expected === undefined || fingerprint === expected) return;
  throw new BackupError(
    "SCHEMA_DRIFT",
    "The database's tables, columns or constraints were changed since this restore was checked. Nothing was changed.",
    { hint: "Check it again, and see what it would do now." },
  );
}

const KEEP_ALIVE_MS = 30_000;

/** Sends queries regularly, because a proxy or firewall may cut a connection that is silent for minutes. */
async function whileKeptAlive(client: pg.Client, run: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => client.query("SELECT").catch(() => {}), KEEP_ALIVE_MS);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
}
