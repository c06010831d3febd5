import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { DriftList } from "../common/findings.tsx";
import { Card } from "../ui/card.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { useAcceptedDrift } from "./accepted-drift.ts";

interface DriftCardProps {
  operation: Operation;
  plan: RestorePlan;
  /** Whether to show the confirmation. False if there is nothing that can be confirmed. */
  canAccept: boolean;
}

/**
 * Lists the differences between the backup's schema and the database's. The person confirms those that are handled
 * automatically. The others block the restore.
 */
export function DriftCard({ operation, plan, canAccept }: DriftCardProps) {
  const [isAccepted, accept] = useAcceptedDrift(operation, plan);
  const { drift } = plan;
  if (drift.length === 0) return null;
  // List first what blocks the restore.
  const sorted = drift.toSorted((a, b) => Number(b.blocks) - Number(a.blocks));
  return (
    <Card
      id={DRIFT_ID}
      title="Differences"
      description={
        drift.some(({ blocks }) => blocks)
          ? "The backup's schema and this database's differ here. Correct what prevents the restore first."
          : "The backup's schema and this database's differ here. None of this prevents the restore. Read what happens to the values."
      }
    >
      <DriftList drift={sorted} />
      {canAccept && (
        <div className="pba:mt-4 pba:border-t pba:border-line pba:pt-4">
          <CheckField
            label={
              drift.length === 1
                ? "I have read this difference"
                : `I have read these ${formatNoun(drift.length, "difference")}`
            }
            checked={isAccepted}
            onChange={accept}
          />
        </div>
      )}
    </Card>
  );
}

export const DRIFT_ID = "drift";
