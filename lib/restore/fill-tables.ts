import type pg from "pg";
import { BackupError } from "../errors.ts";
import { isMerge } from "../plan/restore-scope.ts";
import { countApart, countExactly } from "../postgres/count-rows.ts";
import { isStorageDamage } from "../postgres/errors/damage.ts";
import { type ComputedColumns, readComputedColumns } from "../postgres/generated-columns.ts";
import type { LateIndex } from "../postgres/indexes.ts";
import { type Load, tablesOf } from "../postgres/load.ts";
import { truncateTables } from "../postgres/rows-of.ts";
import { createTableCopies, dropTableCopies, type TableCopies } from "../postgres/table-copies.ts";
import { bearTransactionId } from "../postgres/transaction.ts";
import type { RestoreMode } from "../shared/api.ts";
import { nameOf, tableLabel } from "../shared/table-name.ts";
import { dropLateIndexes } from "./add-indexes.ts";
import { mergeLoads } from "./merge-loads.ts";
import type { ReadPlan } from "./read-plan.ts";
import { recomputeColumns } from "./recompute-columns.ts";

export interface CountedLoad extends Load {
  /** Null if the rows cannot be read. */
  rowsBefore: number | null;
}

export interface FilledLoad extends CountedLoad {
  rowsAfter: number;
}

export async function countBefore(
  client: pg.ClientBase,
  { loads, scope }: ReadPlan,
): Promise<CountedLoad[]> {
  const counts = await countApart(client, tablesOf(loads));
  return loads.map((load) => {
    const { rows = 0, error } = counts.get(load.table) ?? {};
    // A table that is replaced need not be readable. A table that is merged must be.
    if (error && (isMerge(scope.mode) || !isStorageDamage(error))) throw error;
    return { ...load, rowsBefore: error ? null : rows };
  });
}

/** The targets of the archive's rows: the emptied tables, or copies from which the rows are merged. */
export interface PreparedTables {
  loads: CountedLoad[];
  /** For a merge. */
  copies: TableCopies<CountedLoad> | null;
  /** Dropped, to be rebuilt after all rows are loaded. */
  lateIndexes: LateIndex[];
  /** Generated columns that may depend on rows loaded later. */
  computed: ComputedColumns[];
}

/** Empties the tables. For a merge, creates empty copies instead. */
export async function prepareTables(
  client: pg.ClientBase,
  loads: CountedLoad[],
  mode: RestoreMode,
): Promise<PreparedTables> {
  const tables = tablesOf(loads);
  const computed = await readComputedColumns(client, tables);
  if (isMerge(mode)) {
    const copies = await createTableCopies(client, loads);
    return { loads: copies.loads, copies, lateIndexes: [], computed };
  }
  const lateIndexes = await dropLateIndexes(client, loads);
  await truncateTables(client, tables);
  return { loads, copies: null, lateIndexes, computed };
}

/** Runs after all rows are loaded. Merges them from the copies, and recomputes what depends on rows loaded later. */
export async function completeTables(
  client: pg.ClientBase,
  { loads, copies, computed }: PreparedTables,
  mode: RestoreMode,
  signal: AbortSignal,
): Promise<FilledLoad[]> {
  if (!copies) {
    await recomputeColumns(client, loads, computed);
    return loads.map((load) => ({ ...load, rowsAfter: load.archived.rows }));
  }
  const merged = await mergeLoads(client, loads, { isOverwriting: mode === "overwrite", signal });
  await recomputeColumns(client, loads, computed);
  await dropTableCopies(client, copies);
  // No table was emptied, so one bears the transaction's number, by which its outcome can be looked up later.
  for (const { table } of loads.slice(0, 1)) await bearTransactionId(client, table);
  return merged.map((load) => ({ ...load, rowsAfter: (load.rowsBefore ?? 0) + load.grownBy }));
}

/** The last check before the commit: every table has the expected number of rows. @throws BackupError LOAD_FAILED */
export async function requireCounts(
  client: pg.ClientBase,
  loads: readonly FilledLoad[],
  mode: RestoreMode,
): Promise<void> {
  const counts = await countExactly(client, tablesOf(loads));
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
        details: { table: nameOf(table), loaded: rows, expected: rowsAfter },
      },
    );
  }
}
