import type { RehearsalSummary } from "../../shared/api.ts";
import type { RehearsalReport, RowChanges } from "../../shared/rehearsal.ts";

export function summariseRehearsal({
  wouldSucceed,
  elapsedMs,
  tables,
  violations,
}: RehearsalReport): RehearsalSummary {
  const known = tables.flatMap(({ changes }) => changes ?? []);
  const isWhole = tables.length > 0 && known.length === tables.length;
  return {
    wouldSucceed,
    elapsedMs,
    changes: isWhole ? known.reduce(sum) : null,
    // Counts constraints and columns, regardless of their number of rows.
    violations: violations.length,
  };
}

const sum = (a: RowChanges, b: RowChanges): RowChanges => ({
  added: a.added + b.added,
  removed: a.removed + b.removed,
  changed: a.changed + b.changed,
  same: a.same + b.same,
});
