import type { InsertionOrder } from "../../lib/shared/api.ts";
import { ListOrGraphCard } from "../order-graph/list-or-graph-card.tsx";
import { InsertionOrderList, type OrderTable } from "./insertion-order-list.tsx";

interface OrderCardProps {
  description: string;
  order: InsertionOrder;
  tables: OrderTable[];
}

/** Shows the order in which tables are loaded, as a list with reasons or as a graph. */
export function OrderCard({ description, order, tables }: OrderCardProps) {
  return (
    <ListOrGraphCard
      title="Table order"
      description={description}
      order={order}
      tables={tables}
      list={(search) => <InsertionOrderList order={order} tables={tables} search={search} />}
    />
  );
}
