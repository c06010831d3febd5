import type { ListedOperation, Operation } from "../../lib/shared/api.ts";
import { usePanel } from "../panel-context.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { ErrorNotice } from "./error-notice.tsx";
import { isPlanning } from "./operation-wording.ts";

interface CancelOperationProps {
  operation: Operation | ListedOperation;
  /** Says on the button what is discarded, because beside a form it could mean the changes there. */
  namesIt?: boolean;
}

export function CancelOperation({ operation, namesIt = false }: CancelOperationProps) {
  const { queries } = usePanel();
  const cancel = usePromptMutation(queries.cancel(operation.id));
  const wording = wordingOf(operation, namesIt);
  return (
    <>
      <ConfirmButton
        {...wording}
        isPending={cancel.isPending || operation.cancelRequested}
        onConfirm={() => cancel.mutate()}
      />
      {cancel.error && <ErrorNotice error={cancel.error} title="It was not cancelled." />}
    </>
  );
}

function wordingOf(operation: Operation | ListedOperation, namesIt: boolean) {
  const { kind, state, undoes } = operation;
  if (kind === "backup") {
    return {
      label: "Cancel",
      question: "Cancel this backup?",
      explanation:
        "The part that you have downloaded cannot be used. The database is not affected.",
      confirmLabel: "Yes, cancel it",
      keepLabel: "Go on",
    };
  }
  const what = undoes ? "undo" : "restore";
  if (state === "running" && !isPlanning(operation)) {
    return {
      label: "Cancel",
      question: `Cancel this ${what}?`,
      explanation:
        "A restore changes nothing before its last step, so the database stays as it was.",
      confirmLabel: "Yes, cancel it",
      keepLabel: "Go on",
    };
  }
  const file = undoes
    ? "The safety backup stays, so that you can undo later."
    : "The server deletes the uploaded file.";
  const isPlanned = state === "ready" || ("plan" in operation && operation.plan !== null);
  return isPlanned
    ? {
        label: namesIt ? `Discard this ${what}` : "Discard",
        question: `Discard this ${what}?`,
        explanation: `${file} Nothing was changed.`,
        confirmLabel: "Yes, discard it",
        keepLabel: "Keep it",
      }
    : {
        label: "Cancel",
        question: "Cancel this check?",
        explanation: `${file} Nothing was changed.`,
        confirmLabel: "Yes, cancel it",
        keepLabel: "Go on",
      };
}
