import type { InsertionOrder, OrderEdge } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { matchesTable } from "../matches-table.ts";
import { type GraphTable, tableFinder } from "../order-graph/graph-table.ts";
import {
  cycleHandling,
  edgeReason,
  levelHeading,
  type OrderStep,
  orderSteps,
} from "../order-wording.ts";
import { RefreshCw } from "../ui/icons.ts";
import { TableTitle } from "./table-title.tsx";

interface InsertionOrderListProps {
  order: InsertionOrder;
  tables: GraphTable[];
  /** Show only steps with a table that matches this text. They keep their numbers. */
  search: string;
}

/** The computed table order: numbered steps by level, with the reason for each edge. */
export function InsertionOrderList({ order, tables, search }: InsertionOrderListProps) {
  const tableOf = tableFinder(tables);
  const steps = orderSteps(order).filter(({ component }) =>
    component.tables.some((name) => matchesTable(tableOf(tableKey(name)), search)),
  );
  if (steps.length === 0) {
    return (
      <p className="pba:py-6 pba:text-center pba:text-muted">No table matches “{search.trim()}”.</p>
    );
  }
  const levels = [...Map.groupBy(steps, ({ component }) => component.level)];
  return (
    <div className="pba:grid pba:gap-6">
      {levels.map(([level, ofLevel]) => (
        <section key={level} aria-label={levelHeading(level)}>
          <h3 className="pba:mb-2 pba:text-xs pba:font-medium pba:text-muted">
            {levelHeading(level)}
          </h3>
          <ol className="pba:grid pba:gap-2">
            {ofLevel.map((step) => (
              <Step key={step.number} step={step} tableOf={tableOf} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Step({ step, tableOf }: { step: OrderStep; tableOf: (key: string) => GraphTable }) {
  const handling = cycleHandling(step);
  return (
    <li
      value={step.number}
      className="pba:flex pba:gap-3 pba:rounded-lg pba:border pba:border-line pba:bg-canvas pba:p-3 pba:@xl:gap-4 pba:@xl:px-4"
    >
      <span className="pba:w-6 pba:shrink-0 pba:text-right pba:font-medium pba:text-muted">
        {step.number}
      </span>
      <div className="pba:grid pba:min-w-0 pba:grow pba:gap-3">
        {[...step.edges].map(([key, edges]) => (
          <StepTable key={key} table={tableOf(key)} edges={edges} />
        ))}
        {handling && (
          <p className="pba:flex pba:gap-2 pba:text-[0.8125rem] pba:text-warn">
            <RefreshCw aria-hidden className="pba:mt-1 pba:size-3.5 pba:shrink-0" />
            {handling}
          </p>
        )}
      </div>
    </li>
  );
}

function StepTable({ table, edges }: { table: GraphTable; edges: OrderEdge[] }) {
  return (
    <div>
      <div className="pba:flex pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-4">
        <TableTitle table={table} />
        <span className="pba:text-xs pba:text-muted">{table.figures}</span>
      </div>
      {edges.length > 0 && (
        <ul className="pba:mt-1 pba:grid pba:gap-0.5 pba:text-[0.8125rem] pba:text-muted">
          {edges.map((edge) => (
            <li key={edge.constraint} className="pba:break-words">
              {edgeReason(edge)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
