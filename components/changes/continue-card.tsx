import Link from "next/link";
import { useId } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { CancelOperation } from "../common/cancel-operation.tsx";
import { usePanel } from "../panel-context.tsx";
import { describeScope, MODES } from "../scope/mode-wording.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { ArrowRight } from "../ui/icons.ts";
import { useAcceptedDrift } from "./accepted-drift.ts";
import { DRIFT_ID } from "./drift-card.tsx";
import { listedWarnings, WARNINGS_ID } from "./plan-findings.tsx";

interface ContinueCardProps {
  operation: Operation;
  plan: RestorePlan;
  isOwn: boolean;
}

/** Shows the chosen scope, what the person has to read, and how to continue. */
export function ContinueCard({ operation, plan, isOwn }: ContinueCardProps) {
  const { paths } = usePanel();
  const id = useId();
  const [isAccepted] = useAcceptedDrift(operation, plan);
  const { scope, drift } = plan;
  const warnings = listedWarnings(plan).length;
  const wouldFail = plan.rehearsal?.wouldSucceed === false;
  return (
    <Card title="Your choice">
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-4">
        <div>
          <p className="pba:font-medium pba:wrap-anywhere">{describeScope(plan)}</p>
          <p className="pba:text-muted">{MODES[scope.mode].title}</p>
        </div>
        {warnings > 0 && (
          <p>
            <Anchor to={WARNINGS_ID}>{formatNoun(warnings, "warning")}</Anchor> to read first.
          </p>
        )}
        {isOwn && !isAccepted && (
          <p id={id}>
            <Anchor to={DRIFT_ID}>{formatNoun(drift.length, "difference")}</Anchor> to read and
            confirm first.
          </p>
        )}
        <div className="pba:flex pba:flex-wrap pba:gap-3">
          {isOwn &&
            (isAccepted ? (
              <Button variant={wouldFail ? "secondary" : "primary"} asChild>
                <Link href={paths.operationStep(operation.id, "confirm")}>
                  {wouldFail ? "Continue anyway" : "Continue"}
                  <ArrowRight aria-hidden />
                </Link>
              </Button>
            ) : (
              <Button variant="primary" disabled aria-describedby={id}>
                Continue
                <ArrowRight aria-hidden />
              </Button>
            ))}
          <CancelOperation operation={operation} />
        </div>
      </div>
    </Card>
  );
}

function Anchor({ to, children }: { to: string; children: string }) {
  return (
    <a
      className={cn("pba:rounded pba:font-medium pba:text-accent-ink pba:underline", focusRing)}
      href={`#${to}`}
    >
      {children}
    </a>
  );
}
