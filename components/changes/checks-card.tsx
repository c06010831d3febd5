import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { CheckList } from "../common/check-list.tsx";
import { Card } from "../ui/card.tsx";
import { Disclosure } from "../ui/disclosure.tsx";
import { isSettled, shortChecks } from "./plan-findings.tsx";

/** Shows the checks that matter. Those that passed are folded. */
export function ChecksCard({ plan }: { plan: RestorePlan }) {
  const checks = shortChecks(plan);
  const passed = checks.filter(({ state }) => state === "passed");
  const settled = checks.filter((check) => isSettled(check, plan));
  const others = checks.filter((check) => check.state !== "passed" && !isSettled(check, plan));
  return (
    <Card title="Checks" description="Every byte of the backup was read.">
      {others.length > 0 && <CheckList label="Checks" checks={others} />}
      {settled.length > 0 && (
        <Disclosure summary="Checks that the trial run has settled">
          {() => <CheckList label="Settled checks" checks={settled} />}
        </Disclosure>
      )}
      {passed.length > 0 && (
        <Disclosure summary={`${formatNoun(passed.length, "check")} passed`}>
          {() => <CheckList label="Passed checks" checks={passed} />}
        </Disclosure>
      )}
    </Card>
  );
}
