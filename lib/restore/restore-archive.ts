import type { Database } from "../postgres/connection/connection.ts";
import type { OperationResult } from "../shared/api.ts";
import { type CheckedPlan, verifyArchive } from "./plan-restore.ts";
import { beginRestore } from "./restore-session.ts";
import { type RunRestoreOptions, runRestore } from "./run-restore.ts";

export interface RestoreArchiveOptions
  extends Omit<RunRestoreOptions, "expectedFingerprint" | "onTransaction" | "beforeChange"> {
  database: Database;
  /** Receives the plan before anything changes. If it throws, the restore is cancelled. */
  agree(plan: CheckedPlan): Promise<void> | void;
  /** Adds details from the plan to an error of the restore itself. */
  explain?(error: unknown, plan: CheckedPlan): unknown;
}

/**
 * Restores an unlocked archive in one call: checks it, shows the plan, takes the restore's lock, and runs. If the
 * database has changed since the plan was shown, the restore fails with SCHEMA_DRIFT.
 *
 * @returns after the commit, with the plan that was agreed to
 * @throws BackupError from `verifyArchive`, `beginRestore` and `runRestore`
 */
export async function restoreArchive({
  database,
  agree,
  explain = (error) => error,
  ...options
}: RestoreArchiveOptions): Promise<{ plan: CheckedPlan; result: OperationResult }> {
  const plan = await verifyArchive({ database, ...options });
  await agree(plan);
  await using session = await beginRestore(database);
  const result = await runRestore(session, {
    ...options,
    // A plan that cannot start has no fingerprint to compare. The restore itself reports the obstacle.
    ...(plan.canStart && { expectedFingerprint: plan.fingerprint }),
  }).catch((error: unknown) => {
    throw explain(error, plan);
  });
  return { plan, result };
}
