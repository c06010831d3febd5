/** Limits the size of a plan. An archive and a database could make it arbitrarily large, and it is read repeatedly. */
import type { Check, Drift, RestorePlan } from "../shared/api.ts";
import { formatCount } from "../shared/format.ts";
import { clip, summariseWarnings } from "../shared/warnings.ts";

const MAX_DRIFT = 1000;
/** Maximum number of checks with the same name. */
const MAX_CHECKS = 100;

type Bounded = Pick<RestorePlan, "drift" | "checks" | "warnings">;

/** Keeps the first items of long lists, those that block before others, and adds how many more there are. */
export function boundPlan<Plan extends Bounded>(plan: Plan): Plan {
  const more = plan.drift.length - MAX_DRIFT;
  const warnings = [...plan.warnings];
  if (more > 0) {
    const message = `There are ${formatCount(more)} more differences between the backup and the database, which are not listed.`;
    warnings.unshift({ code: "MORE_DRIFT", message });
  }
  return {
    ...plan,
    drift: boundDrift(plan.drift),
    checks: boundChecks(plan.checks),
    warnings: summariseWarnings(warnings),
  };
}

export const boundDrift = (drift: readonly Drift[]): Drift[] =>
  [...drift.filter(({ blocks }) => blocks), ...drift.filter(({ blocks }) => !blocks)]
    .slice(0, MAX_DRIFT)
    .map(clipped);

const clipped = <Item extends { message: string; remedy?: string }>(it: Item): Item => ({
  ...it,
  message: clip(it.message),
  ...(it.remedy !== undefined && { remedy: clip(it.remedy) }),
});

function boundChecks(checks: readonly Check[]): Check[] {
  return [...Map.groupBy(checks, ({ name }) => name).values()].flatMap((alike) => {
    const listed = alike.slice(0, MAX_CHECKS).map(clipped);
    const [last] = listed.slice(-1);
    const more = alike.length - listed.length;
    if (!last || more <= 0) return listed;
    const message = `${formatCount(more)} more of this kind are not listed.`;
    return [...listed, { name: last.name, state: last.state, message }];
  });
}
