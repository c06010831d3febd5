import { useMemo } from "react";
import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { InsertionOrderList } from "../common/insertion-order-list.tsx";
import { ListOrGraphCard } from "../order-graph/list-or-graph-card.tsx";

/** In which order a restore will load the tables. */
export function PlanOrder({ plan }: { plan: RestorePlan }) {
  const tables = useMemo(
    () =>
      plan.tables.map((table) => ({
        ...table,
        figures: table.action === "skip" ? "skipped" : formatNoun(table.rows, "row"),
      })),
    [plan.tables],
  );
  return (
    <ListOrGraphCard
      title="Insertion order"
      description="The tables are emptied and loaded in this order, in one transaction."
      order={plan.insertionOrder}
      tables={tables}
      list={(search) => (
        <InsertionOrderList order={plan.insertionOrder} tables={tables} search={search} />
      )}
    />
  );
}
