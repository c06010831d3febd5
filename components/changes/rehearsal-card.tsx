import { formatDuration } from "../../lib/shared/format.ts";
import type { RehearsalReport } from "../../lib/shared/rehearsal.ts";
import { Facts } from "../common/facts.tsx";
import { WarningList } from "../common/findings.tsx";
import { Card } from "../ui/card.tsx";

const STEPS: Record<RehearsalReport["steps"][number]["name"], string> = {
  tables: "Copies of the tables",
  loading: "Loading",
  constraints: "Constraints",
  comparing: "Comparing",
};

/** Shows how long the trial run took, and what only the restore itself can tell. */
export function RehearsalCard({ report }: { report: RehearsalReport }) {
  const { elapsedMs, steps, notRehearsed, warnings } = report;
  return (
    <Card
      title="The trial run"
      description="The same load and the same checks as in a restore, into copies of the tables. The copies are deleted afterwards."
    >
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-4">
        <Facts
          facts={[
            { label: "Time", value: formatDuration(elapsedMs) },
            ...steps.map((step) => ({
              label: STEPS[step.name],
              value: formatDuration(step.elapsedMs),
            })),
          ]}
        />
        <WarningList warnings={warnings} />
        {notRehearsed.length > 0 && (
          <div>
            <h3 className="pba:text-xs pba:text-muted">Not part of the trial run</h3>
            <ul className="pba:mt-1 pba:grid pba:list-disc pba:gap-1 pba:pl-4">
              {notRehearsed.map((sentence) => (
                <li key={sentence} className="pba:wrap-anywhere">
                  {sentence}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Card>
  );
}
