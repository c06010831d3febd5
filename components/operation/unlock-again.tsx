import type { CreateRestore, Operation } from "../../lib/shared/api.ts";
import { formatMoment } from "../../lib/shared/format.ts";
import { isOfOriginal } from "../common/operation-wording.ts";
import { ReopenForm } from "../common/reopen-form.tsx";
import { usePanel } from "../panel-context.tsx";
import { Card } from "../ui/card.tsx";
import { LockOpen } from "../ui/icons.ts";

/** The source of an interrupted restore, if the server still has it. */
function sourceOf({ error }: Operation): Pick<CreateRestore, "uploadId" | "undo"> | null {
  const { uploadId, uploadExpiresAt, undo } = error?.details ?? {};
  if (typeof undo === "string") return { undo };
  if (typeof uploadId === "string" && uploadExpiresAt !== undefined) return { uploadId };
  return null;
}

/** Continues after an interruption: the upload is still on the server and must only be unlocked again. */
export function UnlockAgain({ operation }: { operation: Operation }) {
  const { actor } = usePanel();
  const source = sourceOf(operation);
  const { plan, encryption } = operation;
  if (!source || operation.changed !== "nothing" || operation.actor.id !== actor.id) return null;
  const expiresAt = operation.error?.details?.uploadExpiresAt;
  return (
    <Card
      title="Go on without another upload"
      description={
        typeof expiresAt === "string"
          ? `The uploaded file is still on the server, until ${formatMoment(expiresAt)}. You only have to unlock it again.`
          : "The safety backup is still on the server. You only have to unlock it again."
      }
    >
      <ReopenForm
        source={{ ...source, ...(plan && { scope: plan.scope }) }}
        encryption={encryption ?? "none"}
        isOriginal={isOfOriginal(plan)}
        icon={<LockOpen aria-hidden />}
        label="Unlock it again"
      />
    </Card>
  );
}
