import type { InsertionOrder } from "../../lib/shared/api.ts";
import type { GraphTable } from "../order-graph/graph-table.ts";
import { ListOrGraphCard } from "../order-graph/list-or-graph-card.tsx";
import { InsertionOrderList } from "./insertion-order-list.tsx";

interface OrderCardProps {
  title?: string;
  description?: string;
  order: InsertionOrder;
  tables: GraphTable[];
}

/** Shows the order in which tables are loaded, as a list with reasons or as a graph. */
export function OrderCard({ title = "Table order", description, order, tables }: OrderCardProps) {
  return (
    <ListOrGraphCard
      title={title}
      description={description}
      order={order}
      tables={tables}
      list={(search) => <InsertionOrderList order={order} tables={tables} search={search} />}
    />
  );
}
