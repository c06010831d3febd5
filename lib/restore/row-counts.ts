import type pg from "pg";
import { BackupError } from "../errors.ts";
import { isMerge } from "../plan/restore-scope.ts";
import { countApart, countExactly } from "../postgres/count-rows.ts";
import { isStorageDamage } from "../postgres/errors/damage.ts";
import type { Load } from "../postgres/load.ts";
import type { RestoreMode } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { ReadPlan } from "./read-plan.ts";

export interface CountedLoad extends Load {
  /** Null if the rows cannot be read. */
  rowsBefore: number | null;
}

export interface FilledLoad extends CountedLoad {
  rowsAfter: number;
}

/** Adds to each load the current number of rows in its table. */
export async function countBefore(
  client: pg.ClientBase,
  { loads, scope }: ReadPlan,
): Promise<CountedLoad[]> {
  const counts = await countApart(
    client,
    loads.map(({ table }) => table),
  );
  return loads.map((load) => {
    const { rows = 0, error } = counts.get(load.table) ?? {};
    // A table that is replaced need not be readable. A table that is merged must be.
    if (error && (isMerge(scope.mode) || !isStorageDamage(error))) throw error;
    return { ...load, rowsBefore: error ? null : rows };
  });
}

/** The last check before the commit: every table has the expected number of rows. @throws BackupError LOAD_FAILED */
export async function requireCounts(
  client: pg.ClientBase,
  loads: readonly FilledLoad[],
  mode: RestoreMode,
): Promise<void> {
  const counts = await countExactly(
    client,
    loads.map(({ table }) => table),
  );
  for (const { table, rowsAfter } of loads) {
    const rows = counts.get(table);
    if (rows === rowsAfter) continue;
    throw new BackupError(
      "LOAD_FAILED",
      isMerge(mode)
        ? `${tableLabel(table)} has ${rows} rows after the merge, but ${rowsAfter} were to be. Nothing was changed.`
        : `${tableLabel(table)} has ${rows} rows after the load, but the backup has ${rowsAfter}. Nothing was changed.`,
      {
        hint: "Something in the database wrote there meanwhile, such as an event trigger that logs what is altered: PostgreSQL lets only a superuser keep those from firing.",
        details: {
          table: { schema: table.schema, name: table.name },
          loaded: rows,
          expected: rowsAfter,
        },
      },
    );
  }
}
