import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import type { TableProgress } from "../../lib/shared/progress.ts";
import type { GraphTable } from "../order-graph/graph-table.ts";

/** Completed share of a table's rows, from 0 to 1. */
export function tableFraction(table: TableProgress): number {
  if (table.state === "done") return 1;
  const total = totalOf(table);
  return total === 0 ? 0 : table.rows / total;
}

/** Returns `20 of about 100 rows`, and `100 rows` when the table is done. */
export function tableFigures(table: TableProgress): string {
  if (table.state === "done") return formatNoun(table.rows, "row");
  const about = table.totalIsExact ? "" : "about ";
  return `${formatCount(table.rows)} of ${about}${formatNoun(totalOf(table), "row")}`;
}

/** If the estimate was too low, the share must not exceed 1. */
const totalOf = ({ totalRows, rows }: TableProgress): number => Math.max(totalRows, rows);

/** @param isStopped as in `GraphTable` */
export const toGraphTable = (table: TableProgress, isStopped: boolean): GraphTable => ({
  schema: table.schema,
  name: table.name,
  model: table.model,
  figures: tableFigures(table),
  // Nothing is done that was rolled back.
  progress: {
    state: isStopped && table.state === "done" ? "waiting" : table.state,
    fraction: tableFraction(table),
    isStopped,
  },
});
