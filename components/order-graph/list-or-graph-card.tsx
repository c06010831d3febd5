import { lazy, type ReactNode, Suspense, useState } from "react";
import type { InsertionOrder } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { SearchInput } from "../common/search-input.tsx";
import { matchesTable } from "../matches-table.ts";
import { Card } from "../ui/card.tsx";
import { List, Network } from "../ui/icons.ts";
import { Loading } from "../ui/loading.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import type { GraphTable } from "./graph-table.ts";
import { type OrderView, useOrderView } from "./use-order-view.ts";

interface ListOrGraphCardProps {
  title: string;
  description?: ReactNode;
  /** Null if no order is known. Then only the list is shown. */
  order: InsertionOrder | null;
  tables: readonly GraphTable[];
  /** Renders the same as text, for the tables that match the search. */
  list: (search: string) => ReactNode;
  /** Begins with the list, whatever was chosen elsewhere: the graph does not show all of its figures. */
  listFirst?: boolean;
}

// Loaded when needed, because most of the panel's pages show no graph.
const OrderGraph = lazy(() => import("./order-graph.tsx"));

const VIEWS: ReadonlyArray<{ value: OrderView; label: string; icon: ReactNode }> = [
  { value: "list", label: "List", icon: <List aria-hidden /> },
  { value: "graph", label: "Graph", icon: <Network aria-hidden /> },
];

/**
 * Tables in their order, as a list or as a graph. The list is always available, for people who cannot see the graph.
 */
export function ListOrGraphCard(props: ListOrGraphCardProps) {
  const { title, description, order, tables, list, listFirst = false } = props;
  const remembered = useOrderView();
  const own = useState<OrderView>("list");
  const [view, setView] = listFirst ? own : remembered;
  const [search, setSearch] = useState("");
  const [searchIndex, setSearchIndex] = useState(0);
  const isGraph = view === "graph" && order !== null;
  const found = tables.filter((it) => matchesTable(it, search)).length;
  return (
    <Card
      title={title}
      description={description}
      actions={
        <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-end pba:gap-3">
          {isGraph && search.trim() !== "" && (
            <p role="status" className="pba:text-xs pba:text-muted">
              {formatNoun(found, "table")} found
            </p>
          )}
          <SearchInput
            label="Find a table"
            value={search}
            onChange={(text) => {
              setSearch(text);
              setSearchIndex(0);
            }}
            onEnter={() => setSearchIndex(searchIndex + 1)}
          />
          {order && <Segmented label="View" value={view} onChange={setView} options={VIEWS} />}
        </div>
      }
    >
      {isGraph && (
        <Suspense
          fallback={
            <Loading label="Loading the graph">
              <Skeleton className="pba:h-96" />
            </Loading>
          }
        >
          <OrderGraph order={order} tables={tables} search={search} searchIndex={searchIndex} />
        </Suspense>
      )}
      <div className={isGraph ? "pba:sr-only" : undefined}>{list(search)}</div>
    </Card>
  );
}
