import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { createExternalState } from "../external-state.ts";

/** The drift that was confirmed in this page, by operation. After a reload it must be confirmed again. */
const accepted = new Map<string, string>();
const state = createExternalState();

const textOf = ({ drift }: Pick<RestorePlan, "drift">): string => JSON.stringify(drift);

/** Whether exactly this plan's drift was confirmed. The confirmation of an earlier plan does not count. */
export function useAcceptedDrift(
  { id }: Pick<Operation, "id">,
  plan: Pick<RestorePlan, "drift">,
): [isAccepted: boolean, accept: (isAccepted: boolean) => void] {
  const isAccepted = state.useValue(
    () => plan.drift.length === 0 || accepted.get(id) === textOf(plan),
    plan.drift.length === 0,
  );
  return [
    isAccepted,
    (next) => {
      if (next) accepted.set(id, textOf(plan));
      else accepted.delete(id);
      state.changed();
    },
  ];
}
