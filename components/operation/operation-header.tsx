import type { Operation } from "../../lib/shared/api.ts";
import { formatMoment } from "../../lib/shared/format.ts";
import {
  ENCRYPTION_LABELS,
  isPlanning,
  stateLabel,
  stateTone,
} from "../common/operation-wording.ts";
import { PageHeader } from "../common/page-header.tsx";
import { Undoes } from "../common/undoes.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { RestoreSteps } from "../restore/restore-steps.tsx";
import { MODES } from "../scope/mode-wording.ts";
import { Badge } from "../ui/badge.tsx";
import type { Place } from "./place.ts";

interface OperationHeaderProps {
  operation: Operation;
  place: Place;
}

/** Names the operation and the current step's question. */
export function OperationHeader({ operation, place }: OperationHeaderProps) {
  const around = useHeadingFocus(`${operation.id} ${place}`, operation.state);
  const step = place !== "operation" ? "review" : isPlanning(operation) ? "upload" : null;
  return (
    <div ref={around} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5">
      <PageHeader
        back
        title={titleOf(operation, place)}
        badge={<Badge tone={stateTone(operation)}>{stateLabel(operation)}</Badge>}
        description={<Origin operation={operation} namesFile={place !== "changes"} />}
      />
      {step && !operation.undoes && <RestoreSteps current={step} />}
    </div>
  );
}

/** The page's heading, also in the title of the tab. */
function titleOf({ kind, plan, undoes }: Operation, place: Place): string {
  switch (place) {
    case "scope":
      return "What should come back?";
    case "changes":
      return undoes ? "Undo the restore?" : MODES[plan?.scope.mode ?? "replace"].question;
    case "operation":
      return kind === "backup" ? "Backup" : undoes ? "Undo" : "Restore";
    default:
      throw place satisfies never;
  }
}

function Origin({ operation, namesFile }: { operation: Operation; namesFile: boolean }) {
  const { createdAt, actor, fileName, encryption, undoes, state, cancelledBy } = operation;
  return (
    <>
      <p>
        Started by {actor.name}, <time dateTime={createdAt}>{formatMoment(createdAt)}</time>
        {encryption && ` · ${ENCRYPTION_LABELS[encryption]}`}
      </p>
      {state === "cancelled" && cancelledBy && <p>Cancelled by {cancelledBy.name}</p>}
      {undoes && (
        <p>
          Undoes <Undoes id={undoes} />
        </p>
      )}
      {namesFile && <p className="pba:font-mono pba:text-xs pba:break-all">{fileName}</p>}
    </>
  );
}
