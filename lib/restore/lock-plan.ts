import type pg from "pg";
import { BackupError } from "../errors.ts";
import { type LockWait, lockTables } from "../postgres/locks.ts";
import type { TableName } from "../shared/api.ts";
import { type PlanSource, type ReadPlan, readPlan } from "./read-plan.ts";
import { requireLoadable } from "./require-loadable.ts";
import type { RestoreSession } from "./restore-session.ts";

/** What a restore does while it takes its locks. */
export interface AgreedPlan extends PlanSource {
  /**
   * The fingerprint of the plan that a person has agreed to, as `verifyArchive` gives it. If the database has changed
   * since then, the restore ends with SCHEMA_DRIFT.
   */
  expectedFingerprint?: string;
  /**
   * Called with the tables that will change, once nobody else can write them. They can still be read. This time does not
   * count towards `lockTimeoutMs`. An error that it throws ends the restore.
   *
   * @param signal aborts if the restore is cancelled: obey it soon
   */
  beforeChange?: (tables: readonly TableName[], signal: AbortSignal) => Promise<void>;
}

/**
 * Locks the archive's tables, and matches archive and catalog under the locks: from here on nobody can change the tables.
 *
 * @throws BackupError for the first finding that stands in the way, LOCK_TIMEOUT, SCHEMA_DRIFT
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
    "The database's tables, columns or constraints were changed since this restore was checked. Nothing was changed.",
    { hint: "Check it again, and see what it would do now." },
  );
}

const KEEP_ALIVE_MS = 30_000;

/** A proxy or firewall in between may cut a connection that is silent for minutes. */
async function whileKeptAlive(client: pg.Client, run: () => Promise<void>): Promise<void> {
  // If this fails, so does the next statement.
  const timer = setInterval(() => client.query("SELECT").catch(() => {}), KEEP_ALIVE_MS);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
}
