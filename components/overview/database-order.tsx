import { useMemo } from "react";
import type { Overview, OverviewTable } from "../../lib/shared/api.ts";
import { formatBytes } from "../../lib/shared/format.ts";
import { describeRows } from "../common/describe-rows.ts";
import { OrderCard } from "../common/order-card.tsx";
import { limitOrder } from "../order-graph/limit-order.ts";
import { appTables } from "../table-choice.ts";
import { Card } from "../ui/card.tsx";

export function DatabaseOrder({ overview }: { overview: Overview }) {
  const tables = useMemo(
    () => appTables(overview.tables).map((table) => ({ ...table, figures: figuresOf(table) })),
    [overview.tables],
  );
  const order = useMemo(
    () => limitOrder(overview.insertionOrder, tables),
    [overview.insertionOrder, tables],
  );
  if (tables.length === 0) {
    return (
      <Card title="Table order">
        <p className="pba:py-6 pba:text-center pba:text-muted">
          This database has no tables yet. You will see their order here when it has some.
        </p>
      </Card>
    );
  }
  return (
    <OrderCard
      description="A restore loads the tables in this order. It follows from the foreign keys: a table comes after the tables that it refers to."
      order={order}
      tables={tables}
    />
  );
}

function figuresOf({ sizeBytes, kind, ...table }: OverviewTable): string {
  const partitioned = kind === "partitioned table" ? "partitioned · " : "";
  return `${partitioned}${describeRows(table)} · ${formatBytes(sizeBytes)}`;
}
