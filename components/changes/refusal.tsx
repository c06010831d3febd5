import type { RestorePlan } from "../../lib/shared/api.ts";
import { summariseDrift } from "../../lib/shared/summarise-drift.ts";
import { Notice } from "../ui/notice.tsx";
import { hasNoTable, shortChecks } from "./plan-findings.tsx";

const NAMED_DRIFT = 5;

/** Checks that another mode or another choice of tables may pass. */
const WAY_CHECKS = ["empty", "keys", "publications", "references"];

interface RefusalProps {
  plan: RestorePlan;
  isOwn: boolean;
}

/** Says why this backup cannot be restored into this database, and what to do about it. */
export function Refusal({ plan, isOwn }: RefusalProps) {
  const failed = shortChecks(plan).filter(({ state }) => state === "failed");
  const drift = hasNoTable(plan) ? [] : summariseDrift(plan.drift.filter(({ blocks }) => blocks));
  const unnamed = drift.length - NAMED_DRIFT;
  const reasons = new Map<string, string | undefined>();
  for (const { message, remedy } of failed) reasons.set(message, remedy);
  for (const { message, remedy } of drift.slice(0, NAMED_DRIFT)) reasons.set(message, remedy);
  return (
    <Notice
      tone="bad"
      role="alert"
      title={
        failed.every(({ name }) => WAY_CHECKS.includes(name))
          ? "This cannot be restored in this way."
          : "This backup cannot be restored here."
      }
    >
      <p className="pba:font-semibold">Nothing was changed.</p>
      <ul className="pba:list-disc pba:pl-4">
        {[...reasons].map(([reason, remedy]) => (
          <li key={reason} className="pba:wrap-anywhere">
            {reason.replace(/ Nothing was changed\.$/, "")}
            {remedy && <span className="pba:block pba:text-muted">{remedy}</span>}
          </li>
        ))}
        {unnamed > 0 && <li>And {unnamed} more under Differences.</li>}
      </ul>
      {isOwn && plan.checks.some(({ leaveOut }) => leaveOut) && (
        <p>You can leave tables out under “Change what comes back”.</p>
      )}
    </Notice>
  );
}
