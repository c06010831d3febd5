import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type InsertionOrder, isEnded, type Operation } from "../../lib/shared/api.ts";
import { limitOrder } from "../order-graph/limit-order.ts";
import { usePanel } from "../panel-context.tsx";

/**
 * The order that an operation's tables have. A restore's plan holds it; a backup that runs is of the database as it
 * is now. Null while an upload is checked, and for a backup of another day.
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
  // Which tables it is of does not change while it runs.
  const names = JSON.stringify(progress.tables.map(({ schema, name }) => ({ schema, name })));
  return useMemo(() => whole && limitOrder(whole, JSON.parse(names)), [whole, names]);
}
