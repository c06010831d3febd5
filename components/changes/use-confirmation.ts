import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { isConfirmedBy } from "../../lib/shared/database-name.ts";
import { usePanel } from "../panel-context.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { useAcceptedDrift } from "./accepted-drift.ts";

export type Confirmation = ReturnType<typeof useConfirmation>;

/** The confirmation of a restore, and its start. Nobody has to wait for the trial run. */
export function useConfirmation(operation: Operation, plan: RestorePlan) {
  const { queries } = usePanel();
  const overview = useQuery(queries.overview);
  const { mutate, isPending, error } = usePromptMutation(queries.startRestore(operation.id));
  const [typed, setTyped] = useState("");
  const [keeps, setKeeps] = useState(true);
  /** The id of the plan that was confirmed. */
  const [confirmed, setConfirmed] = useState<string | null>(null);
  const [isAccepted] = useAcceptedDrift(operation, plan);
  const { state, progress } = operation;
  const { drift, safetyBackup } = plan;
  const database = overview.data?.database.name;
  const canStart = database !== undefined && isConfirmedBy(typed, database) && isAccepted;
  // A plan that is made again takes no start for a moment. What was confirmed waits for that moment.
  const takesStart = state === "ready" || progress.stage === "rehearsal";
  const canKeep = safetyBackup?.possible ?? false;
  useEffect(() => {
    if (!confirmed || !takesStart) return;
    setConfirmed(null);
    // If another plan was made meanwhile, the server refuses this, and says why.
    mutate({
      confirmation: typed,
      planId: confirmed,
      safetyBackup: canKeep && keeps,
      ...(drift.length > 0 && { acceptDrift: true }),
    });
  }, [confirmed, takesStart, typed, canKeep, keeps, drift, mutate]);
  return {
    ...{ overview, database, typed, setTyped, keeps: canKeep && keeps, setKeeps },
    ...{ canStart, isAccepted, error, isStarting: isPending || confirmed !== null },
    submit(event: FormEvent) {
      event.preventDefault();
      if (canStart && !isPending) setConfirmed(plan.id);
    },
  };
}
