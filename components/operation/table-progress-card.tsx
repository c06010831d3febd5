import type { InsertionOrder } from "../../lib/shared/api.ts";
import { formatBytes, formatCount, formatNoun, formatRate } from "../../lib/shared/format.ts";
import type { TableProgress } from "../../lib/shared/progress.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { TableTitle } from "../common/table-title.tsx";
import { matchesTable } from "../matches-table.ts";
import { ListOrGraphCard } from "../order-graph/list-or-graph-card.tsx";
import type { Rates } from "../rates.ts";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { Check, CircleX, Clock, Minus } from "../ui/icons.ts";
import { Progress } from "../ui/progress.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { tableFigures, tableFraction, toGraphTable } from "./table-figures.ts";

interface TableProgressCardProps {
  /** The order for the graph. Null if it is not known. */
  order: InsertionOrder | null;
  tables: TableProgress[];
  /** Null if nothing runs, or not enough is known. */
  rates: Rates | null;
  title?: string;
  description?: string;
  /** The operation ended early, so no spinner turns. */
  isStopped?: boolean;
}

const STATE_LABELS = { waiting: "Waiting", running: "Running", done: "Done" };
/** After an early end. What a table had is rolled back, or in a file that cannot be used. */
const STOPPED_LABELS = { waiting: "Not begun", running: "Stopped here", done: "Not kept" };

export function TableProgressCard(props: TableProgressCardProps) {
  const { order, tables, rates, title = "Tables", isStopped = false } = props;
  const done = tables.filter((table) => table.state === "done").length;
  const text =
    props.description ??
    (tables.length > 0
      ? `${formatCount(done)} of ${formatNoun(tables.length, "table")} done`
      : "The tables are shown as soon as they are known.");
  if (tables.length === 0) {
    return (
      <Card title={title} description={text}>
        <Skeleton className="pba:h-40" />
      </Card>
    );
  }
  return (
    <ListOrGraphCard
      title={title}
      description={text}
      order={order}
      tables={tables.map((table) => toGraphTable(table, isStopped))}
      list={(search) => (
        <ul aria-label="Progress per table" className="pba:grid">
          {tables.map(
            (table, index) =>
              matchesTable(table, search) && (
                <TableRow
                  key={tableKey(table)}
                  table={table}
                  isStopped={isStopped}
                  bytesPerSecond={table.state === "running" ? rates?.tables[index] : undefined}
                />
              ),
          )}
        </ul>
      )}
    />
  );
}

interface TableRowProps {
  table: TableProgress;
  bytesPerSecond: number | undefined;
  isStopped: boolean;
}

function TableRow({ table, bytesPerSecond, isStopped }: TableRowProps) {
  const isDone = table.state === "done";
  const fraction = tableFraction(table);
  const figures = tableFigures(table);
  const label = (isStopped ? STOPPED_LABELS : STATE_LABELS)[table.state];
  return (
    <li className="pba:flex pba:items-start pba:gap-3 pba:py-2.5">
      <StateIcon state={table.state} isStopped={isStopped} />
      <div className="pba:grid pba:min-w-0 pba:grow pba:gap-1.5">
        <div className="pba:flex pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-4">
          <TableTitle table={table} />
          <span className={cn("pba:text-xs", table.state === "running" ? "" : "pba:text-muted")}>
            <span className="pba:sr-only">{label}: </span>
            {figures}
            {table.bytes > 0 && ` · ${formatBytes(table.bytes)}`}
            {bytesPerSecond ? ` · ${formatRate(bytesPerSecond)}` : ""}
          </span>
        </div>
        <Progress
          label={tableLabel(table)}
          fraction={fraction}
          valueText={`${label}, ${figures}`}
          tone={isStopped ? "neutral" : isDone ? "good" : "accent"}
          className="pba:h-1"
        />
      </div>
    </li>
  );
}

function StateIcon({ state, isStopped }: { state: TableProgress["state"]; isStopped: boolean }) {
  const className = "pba:mt-0.5 pba:size-4 pba:shrink-0";
  switch (state) {
    case "waiting":
      return <Clock aria-hidden className={cn(className, "pba:text-muted")} />;
    case "running":
      if (isStopped) return <CircleX aria-hidden className={cn(className, "pba:text-bad")} />;
      return <Spinner className={cn(className, "pba:text-accent-ink")} />;
    case "done":
      if (isStopped) return <Minus aria-hidden className={cn(className, "pba:text-muted")} />;
      return <Check aria-hidden className={cn(className, "pba:text-good")} />;
    default:
      throw state satisfies never;
  }
}
