import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { FormEvent } from "react";
import type { CreateRestore, Operation } from "../../lib/shared/api.ts";
import { formatDateTime } from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { usePanel } from "../panel-context.tsx";
import { UnlockFields, useUnlockDraft } from "../restore/unlock-fields.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { isOfOriginal } from "./operation-wording.ts";

/** What a restore that was cut off was made from, where the server still has it. */
function sourceOf({ error }: Operation): Pick<CreateRestore, "uploadId" | "undo"> | null {
  const { uploadId, uploadExpiresAt, undo } = error?.details ?? {};
  if (typeof undo === "string") return { undo };
  if (typeof uploadId === "string" && uploadExpiresAt !== undefined) return { uploadId };
  return null;
}

/** After an interruption: the upload is still there, and only has to be unlocked again. */
export function UnlockAgain({ operation }: { operation: Operation }) {
  const { actor } = usePanel();
  const source = sourceOf(operation);
  if (!source || operation.changed !== "nothing" || operation.actor.id !== actor.id) return null;
  const expiresAt = operation.error?.details?.uploadExpiresAt;
  return (
    <Card
      title="Go on without another upload"
      description={
        typeof expiresAt === "string"
          ? `The uploaded file is still on the server, until ${formatDateTime(expiresAt)}. It only has to be unlocked again.`
          : "The safety backup is still on the server. It only has to be unlocked again."
      }
    >
      <UnlockAgainForm operation={operation} source={source} />
    </Card>
  );
}

interface UnlockAgainFormProps {
  operation: Operation;
  source: Pick<CreateRestore, "uploadId" | "undo">;
}

function UnlockAgainForm({ operation, source }: UnlockAgainFormProps) {
  const { queries, paths } = usePanel();
  const router = useRouter();
  const create = useMutation(queries.createRestore);
  const draft = useUnlockDraft(operation.encryption ?? "none");
  const isBusy = create.isPending || create.isSuccess;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!draft.isComplete || isBusy) return;
    const scope = operation.plan?.scope;
    create.mutate(
      { ...source, ...draft.unlock, ...(scope && { scope }) },
      { onSuccess: ({ id }) => router.push(paths.operation(id)) },
    );
  };
  return (
    <form onSubmit={submit} className="pba:grid pba:gap-4">
      <UnlockFields
        draft={draft}
        isOriginal={isOfOriginal(operation.plan)}
        promise="It is used for the check and not stored."
      />
      {create.error && <ErrorNotice error={create.error} />}
      <div>
        <Button type="submit" variant="primary" disabled={!draft.isComplete || isBusy}>
          {isBusy && <Spinner />}
          Unlock it again
        </Button>
      </div>
    </form>
  );
}
