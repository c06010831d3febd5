import { useSyncExternalStore } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";

/** What was read and confirmed in this page, by operation. A page that is loaded anew asks again. */
const accepted = new Map<string, string>();
const listeners = new Set<() => void>();

const textOf = ({ drift }: Pick<RestorePlan, "drift">): string => JSON.stringify(drift);

function subscribe(onChange: () => void): () => void {
  listeners.add(onChange);
  return () => listeners.delete(onChange);
}

/** Whether the plan's drift was confirmed: exactly this, and not that of an earlier plan. */
export function useAcceptedDrift(
  { id }: Pick<Operation, "id">,
  plan: Pick<RestorePlan, "drift">,
): [isAccepted: boolean, accept: (isAccepted: boolean) => void] {
  const isAccepted = useSyncExternalStore(
    subscribe,
    () => plan.drift.length === 0 || accepted.get(id) === textOf(plan),
    () => plan.drift.length === 0,
  );
  return [
    isAccepted,
    (next) => {
      if (next) accepted.set(id, textOf(plan));
      else accepted.delete(id);
      for (const notify of listeners) notify();
    },
  ];
}
