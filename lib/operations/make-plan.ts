import { planRestore } from "../restore/plan-restore.ts";
import type { RestorePlan, RestoreScope } from "../shared/api.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { type ActorInBackup, withActor } from "./actor-in-backup.ts";
import { knownRights, unknownRights } from "./check-rights.ts";
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

/** Says what restoring a verified archive would do. */
export async function makePlan(
  context: Context,
  live: LiveOperation,
  { archive, key }: RestoreSource,
  { scope, rehearse, actorInBackup }: WantedPlan & { actorInBackup: ActorInBackup | null },
): Promise<MadePlan> {
  const { database, models } = context;
  const { signal } = live;
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
  if (!rehearse || !plan.canStart) {
    plan.checks.push(...(await unknownRights(context, changing)));
    return { plan, fingerprint, rehearsal: null };
  }
  const { report, check } = await rehearseRestore(context, live, archive, scope);
  plan.checks.push(...(report ? knownRights(report) : await unknownRights(context, changing)));
  plan.checks.push(check);
  return {
    plan: { ...plan, rehearsal: report && summarise(report) },
    fingerprint,
    rehearsal: report,
  };
}
