import { BackupError } from "../errors.ts";
import { planRestore } from "../restore/plan-restore.ts";
import { rehearse } from "../restore/rehearsal/rehearse.ts";
import { summariseRehearsal } from "../restore/rehearsal/report.ts";
import type { Check, RestorePlan, RestoreScope } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { type ActorInBackup, withActor } from "./actor-in-backup.ts";
import type { Context } from "./context.ts";
import type { LiveOperation } from "./live-operation.ts";
import { readPooledCatalog } from "./read-pooled-catalog.ts";
import type { RestoreSource } from "./restore-source.ts";
import { planSafetyBackup } from "./safety-backup.ts";
import { signInChecks, withKnownRights } from "./sign-in-checks.ts";

/** What a person decides on. The database must still match it when the restore begins. */
export interface MadePlan {
  plan: RestorePlan;
  fingerprint: string;
  /** Null without a trial run. */
  rehearsal: RehearsalReport | null;
}

export interface WantedPlan {
  scope: RestoreScope;
  rehearse: boolean;
}

/** Says what restoring a verified archive would do, without a trial run. */
export async function makePlan(
  context: Context,
  { signal }: Pick<LiveOperation, "signal">,
  { archive, key }: RestoreSource,
  { scope, actorInBackup }: Pick<WantedPlan, "scope"> & { actorInBackup: ActorInBackup | null },
): Promise<MadePlan> {
  const { database, models } = context;
  const planning = { database, models, archive, scope, signal };
  const { fingerprint, ...planned } = await planRestore(planning);
  const { tables } = await readPooledCatalog(database);
  const safetyBackup = await planSafetyBackup(context, key, planned.tables, tables);
  const plan = withActor({ ...planned, safetyBackup }, actorInBackup);
  const checks = [...plan.checks, ...signInChecks(context, tables, plan)];
  return { plan: { ...plan, checks }, fingerprint, rehearsal: null };
}

/** Adds the outcome of a trial run to a plan. */
export async function rehearsePlan(
  { config, database, models }: Context,
  { signal, onProgress }: Pick<LiveOperation, "signal" | "onProgress">,
  { archive }: Pick<RestoreSource, "archive">,
  made: MadePlan,
): Promise<MadePlan> {
  const { scope, checks } = made.plan;
  const { lockTimeoutMs, signIn } = config;
  const options = { database, models, archive, scope, lockTimeoutMs, signIn, signal, onProgress };
  try {
    const report = await rehearse(options);
    const known = [...withKnownRights(checks, report), rehearsalCheck(report)];
    const plan = { ...made.plan, checks: known, rehearsal: summariseRehearsal(report) };
    return { ...made, plan, rehearsal: report };
  } catch (error) {
    if (!(error instanceof BackupError) || !UNREHEARSED.includes(error.code)) throw error;
    const message = `There was no trial run. ${error.message}`;
    const check: Check = { name: "rehearsal", state: "warning", message };
    return { ...made, plan: { ...made.plan, checks: [...checks, check] } };
  }
}

/** If the trial run fails for one of these reasons, the restore itself is still possible. */
const UNREHEARSED: readonly ErrorCode[] = [
  "OPERATION_IN_PROGRESS",
  "LOCK_TIMEOUT",
  "INSUFFICIENT_PRIVILEGE",
];

const NAMED_REASONS = 5;

/** A warning, not a failure, because the problems can be corrected before the start. */
function rehearsalCheck({ wouldSucceed, obstacles, violations }: RehearsalReport): Check {
  const name = "rehearsal";
  if (wouldSucceed)
    return { name, state: "passed", message: "A trial run of the whole restore succeeded." };
  const reasons = [...obstacles, ...violations].map(({ message }) => message);
  const more = reasons.length > NAMED_REASONS ? " …" : "";
  const message = `A trial run of the restore failed, and so would the restore: ${reasons.slice(0, NAMED_REASONS).join(" ")}${more}`;
  return { name, state: "warning", message };
}
