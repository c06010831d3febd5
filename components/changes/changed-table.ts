import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatCount } from "../../lib/shared/format.ts";
import type { RehearsalReport, RehearsedTable, RowChanges } from "../../lib/shared/rehearsal.ts";
import { tableKey } from "../../lib/shared/table-name.ts";

type PlanTable = RestorePlan["tables"][number];

/** A table of the plan with the result of its trial run. */
export interface ChangedTable extends PlanTable {
  /** Null if the table had no trial run. */
  rehearsed: RehearsedTable | null;
}

/** Returns the plan's tables with their trial results, in table order. */
export function changedTables(
  { tables }: Pick<RestorePlan, "tables">,
  report: Pick<RehearsalReport, "tables"> | null,
): ChangedTable[] {
  const rehearsed = new Map(report?.tables.map((table) => [tableKey(table), table]));
  return tables.map((table) => ({
    ...table,
    // Prefer the exact count of the trial run to the plan's estimate.
    rowsNow: rehearsed.get(tableKey(table))?.rowsNow ?? table.rowsNow,
    rehearsed: rehearsed.get(tableKey(table)) ?? null,
  }));
}

const isUnchanged = ({ added, removed, changed }: RowChanges): boolean =>
  added === 0 && removed === 0 && changed === 0;

/** Separates the tables that, as far as is known, do not change. */
export function foldUnchanged(tables: readonly ChangedTable[]): {
  changed: ChangedTable[];
  unchanged: ChangedTable[];
} {
  const isStill = ({ action, rehearsed }: ChangedTable) =>
    action === "skip" || Boolean(rehearsed?.changes && isUnchanged(rehearsed.changes));
  return {
    changed: tables.filter((table) => !isStill(table)),
    unchanged: tables.filter(isStill),
  };
}

/** Says what happens to tables. Only a trial run knows whether their rows change. */
export function describeChanged(tables: readonly ChangedTable[]): string {
  if (tables.every(({ rehearsed }) => rehearsed)) return "that change";
  return tables.some(({ action }) => action === "merge")
    ? "that rows are merged into"
    : "that are replaced";
}

export const CHANGE_KINDS = ["added", "removed", "changed", "same"] as const;

const PHRASES: Record<keyof RowChanges, [one: string, several: string]> = {
  added: ["comes back", "come back"],
  removed: ["is lost", "are lost"],
  changed: ["changes", "change"],
  same: ["stays the same", "stay the same"],
};

/** Returns `666 come back, 2 are lost, 5 change, 1,322 stay the same`, without the zeros. */
export function describeChanges(changes: RowChanges): string {
  const parts = CHANGE_KINDS.filter((kind) => changes[kind] > 0).map(
    (kind) => `${formatCount(changes[kind])} ${PHRASES[kind][changes[kind] === 1 ? 0 : 1]}`,
  );
  return parts.length > 0 ? parts.join(", ") : "No rows, before and after";
}
