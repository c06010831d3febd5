import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type InsertionOrder, isEnded, type Operation } from "../../lib/shared/api.ts";
import { limitOrder } from "../order-graph/limit-order.ts";
import { usePanel } from "../panel-context.tsx";

/**
 * The table order of an operation. For a restore it is in the plan. For a running backup it is that of the database
 * now. Null while an upload is checked, and for a backup that no longer runs.
 */
export function useOrder({ kind, state, plan, progress }: Operation): InsertionOrder | null {
  const { queries } = usePanel();
  const isBackup = kind === "backup" && !isEnded(state);
  const overview = useQuery({
    ...queries.overview,
    enabled: isBackup,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
  });
  const whole = isBackup ? (overview.data?.insertionOrder ?? null) : (plan?.insertionOrder ?? null);
  // The set of tables does not change while the operation runs.
  const names = JSON.stringify(progress.tables.map(({ schema, name }) => ({ schema, name })));
  return useMemo(() => whole && limitOrder(whole, JSON.parse(names)), [whole, names]);
}
