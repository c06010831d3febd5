import { planRestore } from "../restore/plan-restore.ts";
import type { RestorePlan, RestoreScope } from "../shared/api.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { type ActorInBackup, withActor } from "./actor-in-backup.ts";
import { unknownRights, withKnownRights } from "./check-rights.ts";
import type { Context } from "./context.ts";
import type { LiveOperation } from "./live-operation.ts";
import { rehearseRestore, summarise } from "./rehearse-restore.ts";
import type { RestoreSource } from "./restore-source.ts";
import { planSafetyBackup } from "./safety-backup.ts";
import { withSignIns } from "./sign-ins.ts";

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
  const { fingerprint, ...planned } = await planRestore({
    database,
    models,
    archive,
    scope,
    signal,
  });
  const changing = planned.tables.filter(({ action }) => action !== "skip");
  const safetyBackup = await planSafetyBackup(context, key, changing);
  const plan = await withSignIns(context, withActor({ ...planned, safetyBackup }, actorInBackup));
  plan.checks.push(...(await unknownRights(context, changing)));
  return { plan, fingerprint, rehearsal: null };
}

/** Adds the outcome of a trial run to a plan. */
export async function rehearsePlan(
  context: Context,
  live: Pick<LiveOperation, "signal" | "onProgress">,
  { archive }: Pick<RestoreSource, "archive">,
  made: MadePlan,
): Promise<MadePlan> {
  const { report, check } = await rehearseRestore(context, live, archive, made.plan.scope);
  const checks = report ? withKnownRights(made.plan.checks, report) : made.plan.checks;
  const rehearsal = report && summarise(report);
  return {
    ...made,
    plan: { ...made.plan, checks: [...checks, check], rehearsal },
    rehearsal: report,
  };
}
