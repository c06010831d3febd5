import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { ChangesStep } from "../changes/changes-step.tsx";
import { ScopeStep } from "../scope/scope-step.tsx";
import { Notice } from "../ui/notice.tsx";
import { ConfirmStep } from "./confirm-step.tsx";
import type { Place } from "./place.ts";

interface RestoreStepBodyProps {
  operation: Operation;
  plan: RestorePlan;
  place: Exclude<Place, "operation">;
  isOwn: boolean;
}

/** A restore that waits for a decision. */
export function RestoreStepBody({ operation, plan, place, isOwn }: RestoreStepBodyProps) {
  switch (place) {
    case "scope":
      return <ScopeStep operation={operation} plan={plan} />;
    case "changes":
      return (
        <>
          {!isOwn && (
            <Notice title={`This restore waits for ${operation.actor.name}.`}>
              <p>Only {operation.actor.name} can go on with it. Nothing was changed.</p>
            </Notice>
          )}
          <ChangesStep operation={operation} plan={plan} isOwn={isOwn} />
        </>
      );
    case "confirm":
      return <ConfirmStep operation={operation} plan={plan} />;
    default:
      throw place satisfies never;
  }
}
