import { useEffect, useRef } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { ApiError } from "../api.ts";
import { usePanel } from "../panel-context.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";

/** The check that says why there was no trial run, or how it ended. */
export const TRIAL_RUN = "rehearsal";

interface TrialRun {
  start: () => void;
  isStarting: boolean;
  error: Error | null;
}

/**
 * The trial run of a plan. It begins by itself, once for each plan.
 *
 * @param isAllowed false for another person's restore, and while the restore itself is being started
 */
export function useTrialRun(operation: Operation, plan: RestorePlan, isAllowed: boolean): TrialRun {
  const { queries } = usePanel();
  const { isPending, error, mutate } = usePromptMutation(queries.planRestore(operation.id));
  const { state, startedAt, cancelRequested } = operation;
  const { scope, rehearsal, checks, canStart } = plan;
  const wasTried = rehearsal !== null || checks.some(({ name }) => name === TRIAL_RUN);
  const isDue = isAllowed && state === "ready" && canStart && !cancelRequested && !wasTried;
  const begunFor = useRef<string | null>(null);
  const start = () => {
    if (!isPending) mutate({ scope, rehearse: true });
  };
  useEffect(() => {
    if (!isDue || begunFor.current === startedAt) return;
    begunFor.current = startedAt;
    mutate({ scope, rehearse: true });
  }, [isDue, startedAt, scope, mutate]);
  // Another tab was first.
  const isOvertaken = error instanceof ApiError && error.report.code === "OPERATION_STATE";
  return { start, isStarting: isPending, error: isOvertaken ? null : error };
}
