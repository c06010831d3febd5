import { RefreshCw } from "lucide-react";
import type { InsertionOrder, OrderEdge, TableName } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { matchesTable } from "../matches-table.ts";
import {
  cycleHandling,
  edgeReason,
  levelHeading,
  type OrderStep,
  orderSteps,
} from "../order-wording.ts";
import { TableTitle } from "./table-title.tsx";

export interface OrderTable extends TableName {
  model: string | null;
  /** Beside the name: rows, size. */
  figures: string;
}

interface InsertionOrderListProps {
  order: InsertionOrder;
  tables: OrderTable[];
  /** Only steps with a table that this text finds. Their numbers stay. */
  search?: string;
}

/** The computed insertion order: numbered steps by level, with the reason for each edge. */
export function InsertionOrderList({ order, tables, search = "" }: InsertionOrderListProps) {
  const known = new Map(tables.map((table) => [tableKey(table), table]));
  const tableOf = (name: TableName): OrderTable =>
    known.get(tableKey(name)) ?? { ...name, model: null, figures: "" };
  const steps = orderSteps(order).filter(({ component }) =>
    component.tables.some((name) => matchesTable(tableOf(name), search)),
  );
  if (steps.length === 0) {
    return <p className="py-6 text-center text-pba-muted">No table matches “{search.trim()}”.</p>;
  }
  const levels = [...Map.groupBy(steps, ({ component }) => component.level)];
  return (
    <div className="grid gap-6">
      {levels.map(([level, ofLevel]) => (
        <section key={level} aria-label={levelHeading(level)}>
          <h3 className="mb-2 text-xs font-medium text-pba-muted">{levelHeading(level)}</h3>
          <ol className="grid gap-2">
            {ofLevel.map((step) => (
              <Step key={step.number} step={step} tableOf={tableOf} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Step({ step, tableOf }: { step: OrderStep; tableOf: (name: TableName) => OrderTable }) {
  const handling = cycleHandling(step);
  return (
    <li
      value={step.number}
      className="flex gap-3 rounded-lg border border-pba-line bg-pba-canvas p-3 @xl:gap-4 @xl:px-4"
    >
      <span className="w-6 shrink-0 text-right font-medium text-pba-muted">{step.number}</span>
      <div className="grid min-w-0 grow gap-3">
        {step.component.tables.map((name) => (
          <StepTable
            key={tableKey(name)}
            table={tableOf(name)}
            edges={step.edges.get(tableKey(name)) ?? []}
          />
        ))}
        {handling && (
          <p className="flex gap-2 text-[0.8125rem] text-pba-warn">
            <RefreshCw aria-hidden className="mt-1 size-3.5 shrink-0" />
            {handling}
          </p>
        )}
      </div>
    </li>
  );
}

function StepTable({ table, edges }: { table: OrderTable; edges: OrderEdge[] }) {
  return (
    <div>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <TableTitle table={table} />
        <span className="text-xs text-pba-muted">{table.figures}</span>
      </div>
      {edges.length > 0 && (
        <ul className="mt-1 grid gap-0.5 text-[0.8125rem] text-pba-muted">
          {edges.map((edge) => (
            <li key={edge.constraint} className="break-words">
              {edgeReason(edge)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
