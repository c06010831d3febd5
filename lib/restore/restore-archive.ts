import type { Database } from "../postgres/connection.ts";
import type { OperationResult } from "../shared/api.ts";
import { type CheckedPlan, verifyArchive } from "./plan-restore.ts";
import { beginRestore } from "./restore-session.ts";
import { type RunRestoreOptions, runRestore } from "./run-restore.ts";

export interface RestoreArchiveOptions
  extends Omit<RunRestoreOptions, "expectedFingerprint" | "onTransaction" | "beforeChange"> {
  database: Database;
  /** Is shown the plan before anything changes. What it throws cancels the restore. */
  agree(plan: CheckedPlan): Promise<void> | void;
  /** Says more about an error of the restore itself, from what the plan says. */
  explain?(error: unknown, plan: CheckedPlan): unknown;
}

/**
 * Restores an unlocked archive in one go: proves it, shows the plan, takes the restore's lock, and runs. If the database
 * has changed since the plan was shown, the restore ends with SCHEMA_DRIFT.
 *
 * @returns once it is committed, with the plan that was agreed to
 * @throws BackupError of `verifyArchive`, `beginRestore` and `runRestore`
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
    // A plan that cannot start has no fingerprint to keep to: the restore says itself what stands in the way.
    ...(plan.canStart && { expectedFingerprint: plan.fingerprint }),
  }).catch((error: unknown) => {
    throw explain(error, plan);
  });
  return { plan, result };
}
