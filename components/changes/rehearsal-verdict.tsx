import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { formatCount, formatDuration, formatNoun } from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { Facts } from "../common/facts.tsx";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { FlaskConical } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";

interface RehearsalVerdictProps {
  operation: Operation;
  plan: RestorePlan;
  isOwn: boolean;
}

/** Shows the trial run's result over all tables. If there was no trial run, offers one. */
export function RehearsalVerdict({ operation, plan, isOwn }: RehearsalVerdictProps) {
  const { queries } = usePanel();
  const rehearse = usePromptMutation(queries.planRestore(operation.id));
  const { rehearsal, scope } = plan;
  return (
    <Card
      title={titleOf(rehearsal)}
      description={descriptionOf(rehearsal)}
      actions={
        isOwn && (
          <Button
            size="small"
            aria-disabled={rehearse.isPending}
            onClick={() => !rehearse.isPending && rehearse.mutate({ scope, rehearse: true })}
          >
            {rehearse.isPending ? <Spinner /> : <FlaskConical aria-hidden />}
            {rehearsal ? "Repeat the trial run" : "Start a trial run"}
          </Button>
        )
      }
    >
      {rehearsal?.wouldSucceed === false && (
        <Notice tone="bad">
          <p>
            {rehearsal.violations > 0 &&
              `${formatNoun(rehearsal.violations, "constraint")} of this database ${rehearsal.violations === 1 ? "is" : "are"} violated by rows of the backup. `}
            The restore would fail too, and change nothing.
          </p>
        </Notice>
      )}
      {rehearsal?.changes && (
        <Facts
          className={cn(
            "pba:grid-cols-2 pba:@2xl:grid-cols-4",
            !rehearsal.wouldSucceed && "pba:mt-4",
          )}
          facts={[
            { label: "Rows added", value: formatCount(rehearsal.changes.added) },
            { label: "Rows removed", value: formatCount(rehearsal.changes.removed) },
            { label: "Rows changed", value: formatCount(rehearsal.changes.changed) },
            { label: "Rows the same", value: formatCount(rehearsal.changes.same) },
          ]}
        />
      )}
      {rehearse.error && <ErrorNotice error={rehearse.error} />}
    </Card>
  );
}

function titleOf(rehearsal: RestorePlan["rehearsal"]): string {
  if (!rehearsal) return "No trial run yet";
  return rehearsal.wouldSucceed ? "The trial run succeeded" : "The trial run failed";
}

function descriptionOf(rehearsal: RestorePlan["rehearsal"]): string {
  if (!rehearsal)
    return "Only the rows were counted so far. A trial run shows which rows change, and whether every constraint holds. It changes nothing.";
  const time = `It took ${formatDuration(rehearsal.elapsedMs)}, and nothing was changed.`;
  return rehearsal.wouldSucceed ? `Every constraint holds. ${time}` : time;
}
