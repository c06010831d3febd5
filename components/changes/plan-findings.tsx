import type { Check, RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { WarningList } from "../common/findings.tsx";
import { isOfOriginal } from "../operation/operation-wording.ts";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";

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

/** Those that have no place of their own. */
export const listedWarnings = ({ warnings }: RestorePlan) =>
  warnings.filter(({ code }) => code !== INTEGRITY);

export const WARNINGS_ID = "warnings";

export function PlanWarnings({ plan }: PlanProps) {
  const warnings = listedWarnings(plan);
  if (warnings.length === 0) return null;
  return (
    <Card
      id={WARNINGS_ID}
      title="Warnings"
      description={
        isOfOriginal(plan)
          ? "What to know before this restore. What the files themselves have lost does not come back."
          : undefined
      }
    >
      <WarningList warnings={warnings} />
    </Card>
  );
}

/** Has a place of its own. */
const ACTOR = "actor";

/** The drift has a list of its own: a check that repeats it would bury the others. */
export function shortChecks(plan: RestorePlan): Check[] {
  const { checks, drift } = plan;
  const blocking = drift.filter(({ blocks }) => blocks).length;
  const others = checks.filter(({ name }) => name !== ACTOR);
  return others.map((check) =>
    check.name === "schema" && check.state === "failed" && blocking > 0 && !hasNoTable(plan)
      ? {
          name: check.name,
          state: check.state,
          message: `This database's schema is not the backup's: ${formatNoun(blocking, "difference")} in the way, listed under Drift.`,
        }
      : check,
  );
}

/** None of the backup's tables is there: the check itself says so in a word. */
export const hasNoTable = ({ tables, drift }: RestorePlan): boolean =>
  tables.every(({ action }) => action === "skip") &&
  drift.every(({ kind, blocks }) => kind === "table-missing" || !blocks);

const OF_RIGHTS = ["rights", "sign-ins", ACTOR];

/** What becomes of admins, passwords and those who are signed in, if somebody should look twice. */
export function RightsNotice({ plan }: PlanProps) {
  const warnings = plan.checks.filter(
    ({ name, state }) => OF_RIGHTS.includes(name) && state === "warning",
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

/** Whether whoever restores can still sign in afterwards; nothing where that cannot be told. */
export function ActorNotice({ plan }: PlanProps) {
  const check = plan.checks.find(({ name }) => name === ACTOR);
  if (!check) return null;
  return (
    <Notice tone={check.state === "passed" ? "good" : "warn"}>
      <p>{check.message}</p>
    </Notice>
  );
}
