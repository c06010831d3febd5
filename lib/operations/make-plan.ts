import { BackupError } from "../errors.ts";
import { planRestore } from "../restore/plan-restore.ts";
import { rehearse } from "../restore/rehearsal/rehearse.ts";
import { summariseRehearsal } from "../restore/rehearsal/summarise.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import type { Check, RestorePlan, RestoreScope } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { type ActorInBackup, withActor } from "./actor-in-backup.ts";
import type { Context } from "./context.ts";
import type { LiveOperation } from "./live-operation.ts";
import type { RestoreSource } from "./restore-source.ts";
import { planSafetyBackup } from "./safety-backup.ts";
import { signInChecks } from "./sign-in-checks.ts";

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
  wanted: WantedPlan & { actorInBackup: ActorInBackup | null },
): Promise<MadePlan> {
  const { config, database, models } = context;
  const { onProgress, signal } = live;
  const from = { database, models, archive, scope: wanted.scope, signal };
  const { fingerprint, ...planned } = await planRestore(from);
  const tables = await readTables(database);
  const safetyBackup = await planSafetyBackup(context, key, planned.tables, tables);
  const plan = withActor({ ...planned, safetyBackup }, wanted.actorInBackup);
  const { signedIn, rights } = signInChecks(context, tables, plan);
  const made = (checks: Check[], rehearsal: RehearsalReport | null = null): MadePlan => ({
    plan: {
      ...plan,
      checks: [...plan.checks, ...signedIn, ...rights(rehearsal?.rights), ...checks],
      rehearsal: rehearsal && summariseRehearsal(rehearsal),
    },
    fingerprint,
    rehearsal,
  });
  if (!wanted.rehearse || !plan.canStart) return made([]);
  onProgress({ type: "stage", stage: "rehearsal" });
  try {
    const { lockTimeoutMs, signIn } = config;
    const report = await rehearse({ ...from, lockTimeoutMs, signIn, onProgress });
    return made([rehearsalCheck(report)], report);
  } catch (error) {
    if (!(error instanceof BackupError) || !UNREHEARSED.includes(error.code)) throw error;
    const message = `There was no trial run. ${error.message}`;
    return made([{ name: "rehearsal", state: "warning", message }]);
  }
}

async function readTables({ pool }: Context["database"]): Promise<CatalogTable[]> {
  const client = await pool.connect();
  try {
    return (await readCatalog(client)).tables;
  } finally {
    client.release();
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
