import { useSyncExternalStore } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";

/** The drift that was confirmed in this page, by operation. After a reload it must be confirmed again. */
const accepted = new Map<string, string>();
const listeners = new Set<() => void>();

const textOf = ({ drift }: Pick<RestorePlan, "drift">): string => JSON.stringify(drift);

function subscribe(onChange: () => void): () => void {
  listeners.add(onChange);
  return () => listeners.delete(onChange);
}

/** Whether exactly this plan's drift was confirmed. The confirmation of an earlier plan does not count. */
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
