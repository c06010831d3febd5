import type { Operation } from "../../lib/shared/api.ts";
import { usePanel } from "../panel-context.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { ErrorNotice } from "./error-notice.tsx";
import { isPlanning } from "./operation-wording.ts";

export function CancelOperation({ operation }: { operation: Operation }) {
  const { queries } = usePanel();
  const cancel = usePromptMutation(queries.cancel(operation.id));
  const wording = wordingOf(operation);
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

function wordingOf(operation: Operation) {
  const { kind, plan, undoes } = operation;
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
  if (operation.state === "running" && !isPlanning(operation)) {
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
  return plan
    ? {
        label: "Discard",
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
