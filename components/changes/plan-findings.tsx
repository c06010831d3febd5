import type { Check, RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { WarningList } from "../common/findings.tsx";
import { isOfOriginal } from "../common/operation-wording.ts";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { TRIAL_RUN } from "./use-trial-run.ts";

interface PlanProps {
  plan: RestorePlan;
}

const INTEGRITY = "ORIGINAL_INTEGRITY";

export function OriginalNotice({ plan }: PlanProps) {
  if (!isOfOriginal(plan)) return null;
  const integrity = plan.warnings.find(({ code }) => code === INTEGRITY);
  return (
    <Notice tone="warn" title={`This backup was written by ${plan.manifest.tool}.`}>
      <p>{integrity?.message}</p>
    </Notice>
  );
}

/** The warnings that the page does not show elsewhere. A safety backup is meant to have only some tables. */
export function PlanWarnings({ plan, isUndo }: PlanProps & { isUndo: boolean }) {
  const warnings = plan.warnings.filter(
    ({ code }) => code !== INTEGRITY && !(isUndo && code === "TABLES_NOT_CHOSEN"),
  );
  if (warnings.length === 0) return null;
  return (
    <Card
      title="Warnings"
      description={
        isOfOriginal(plan)
          ? "Read this before you restore. The files of this backup lack some data, which a restore cannot bring back."
          : undefined
      }
    >
      <WarningList warnings={warnings} />
    </Card>
  );
}

const ACTOR = "actor";
const OF_RIGHTS = ["rights", "sign-ins", ACTOR];

/** The page shows these checks elsewhere: in notices of their own, and with the trial run. */
const isShownElsewhere = ({ name, state }: Check): boolean =>
  name === ACTOR || name === TRIAL_RUN || (OF_RIGHTS.includes(name) && state === "warning");

/**
 * Shortens the schema check if drift blocks, because the page lists the drift elsewhere. Repeated here, it would hide
 * the other checks.
 */
export function shortChecks(plan: RestorePlan): Check[] {
  const { checks, drift } = plan;
  const blocking = drift.filter(({ blocks }) => blocks).length;
  const others = checks.filter((check) => !isShownElsewhere(check));
  return others.map((check) =>
    check.name === "schema" && check.state === "failed" && blocking > 0 && !hasNoTable(plan)
      ? {
          name: check.name,
          state: check.state,
          message: `This database's schema is not the backup's: ${formatNoun(blocking, "difference")} prevent the restore. They are listed under Differences.`,
        }
      : check,
  );
}

/** Warnings of this name say that the restore fails if a row is missing. A trial run that succeeds has found each row. */
const FOREIGN_KEYS = "foreign-keys";

export const isSettled = ({ name, state }: Check, { rehearsal }: RestorePlan): boolean =>
  name === FOREIGN_KEYS && state === "warning" && rehearsal?.wouldSucceed === true;

/** Whether the database has none of the backup's tables. Then the schema check itself says so, briefly. */
export const hasNoTable = ({ tables, drift }: RestorePlan): boolean =>
  tables.every(({ action }) => action === "skip") &&
  drift.every(({ kind, blocks }) => kind === "table-missing" || !blocks);

/** Warns about changes of admins, passwords and sign-ins. */
export function RightsNotice({ plan }: PlanProps) {
  const warnings = plan.checks.filter(
    ({ name, state }) => name !== ACTOR && OF_RIGHTS.includes(name) && state === "warning",
  );
  if (warnings.length === 0) return null;
  return (
    <Notice tone="warn">
      {warnings.map(({ name, message }) => (
        <p key={name}>{message}</p>
      ))}
    </Notice>
  );
}

/** Says whether the person who restores can sign in afterwards. Shows nothing if that is not known. */
export function ActorNotice({ plan }: PlanProps) {
  const check = plan.checks.find(({ name }) => name === ACTOR);
  if (!check) return null;
  return (
    <Notice tone={check.state === "passed" ? "good" : "warn"}>
      <p>{check.message}</p>
    </Notice>
  );
}
