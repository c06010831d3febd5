import { useMemo } from "react";
import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { OrderCard } from "../common/order-card.tsx";

/** Shows the order in which a restore will load the tables. */
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
    <OrderCard
      description="The tables are loaded in this order, in one transaction."
      order={plan.insertionOrder}
      tables={tables}
    />
  );
}
