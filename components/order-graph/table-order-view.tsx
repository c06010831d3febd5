import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Overview, OverviewTable } from "../../lib/shared/api.ts";
import { formatBytes } from "../../lib/shared/format.ts";
import { describeRows } from "../common/describe-rows.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { OrderCard } from "../common/order-card.tsx";
import { PageHeader } from "../common/page-header.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { usePanel } from "../panel-context.tsx";
import { appTables } from "../table-choice.ts";
import { Card } from "../ui/card.tsx";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { limitOrder } from "./limit-order.ts";

/** The page of the database's table order. */
export function TableOrderView() {
  const { queries } = usePanel();
  const { data, error, refetch } = useQuery(queries.overview);
  const around = useHeadingFocus("order");
  return (
    <>
      <div ref={around}>
        <PageHeader
          back
          title="Table order"
          description="A restore loads the tables in this order. It follows from the foreign keys: a table comes after the tables that it refers to."
        />
      </div>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data && <DatabaseOrder overview={data} />}
      {!data && !error && (
        <Loading label="Reading the database">
          <Skeleton className="pba:h-[70vh]" />
        </Loading>
      )}
    </>
  );
}

function DatabaseOrder({ overview }: { overview: Overview }) {
  const tables = useMemo(
    () => appTables(overview.tables).map((table) => ({ ...table, figures: figuresOf(table) })),
    [overview.tables],
  );
  const order = useMemo(
    () => limitOrder(overview.insertionOrder, tables),
    [overview.insertionOrder, tables],
  );
  if (tables.length > 0) return <OrderCard title={overview.database.name} {...{ order, tables }} />;
  return (
    <Card>
      <p className="pba:py-6 pba:text-center pba:text-muted">
        This database has no tables yet. You will see their order here when it has some.
      </p>
    </Card>
  );
}

function figuresOf({ sizeBytes, kind, ...table }: OverviewTable): string {
  const partitioned = kind === "partitioned table" ? "partitioned · " : "";
  return `${partitioned}${describeRows(table)} · ${formatBytes(sizeBytes)}`;
}
