import type { BackupError } from "../../errors.ts";
import type { RehearsalSummary } from "../../shared/api.ts";
import type { RehearsalReport, RowChanges } from "../../shared/rehearsal.ts";
import { toErrorReport } from "../../to-backup-error.ts";
import { boundDrift } from "../bound-plan.ts";
import type { ReadPlan } from "../read-plan.ts";

type Found = Partial<
  Pick<RehearsalReport, "tables" | "violations" | "rights" | "warnings" | "notRehearsed">
>;

/** Records what a trial run has done so far, and how long it took. */
export class Steps {
  readonly #startedAt = performance.now();
  readonly #done: RehearsalReport["steps"] = [];
  #stepAt = this.#startedAt;

  end(name: RehearsalReport["steps"][number]["name"]): void {
    const now = performance.now();
    this.#done.push({ name, elapsedMs: Math.round(now - this.#stepAt) });
    this.#stepAt = now;
  }

  /** Findings that are not passed count as not found, or not yet looked for. */
  report(
    { drift }: ReadPlan,
    {
      obstacles = [],
      violations = [],
      ...found
    }: Found & { obstacles?: readonly BackupError[] } = {},
  ): RehearsalReport {
    return {
      wouldSucceed: obstacles.length === 0 && violations.length === 0,
      elapsedMs: Math.round(performance.now() - this.#startedAt),
      steps: this.#done,
      obstacles: obstacles.map(toErrorReport),
      drift: boundDrift(drift),
      tables: found.tables ?? [],
      violations,
      rights: found.rights ?? null,
      warnings: found.warnings ?? [],
      notRehearsed: found.notRehearsed ?? [],
    };
  }
}

/** For the plan. */
export function summariseRehearsal(report: RehearsalReport): RehearsalSummary {
  const { wouldSucceed, elapsedMs, tables, violations } = report;
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
