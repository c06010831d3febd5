import type pg from "pg";
import { isMerge } from "../plan/restore-scope.ts";
import { type ComputedColumns, readComputedColumns } from "../postgres/generated-columns.ts";
import type { LateIndex } from "../postgres/indexes.ts";
import { tablesOf } from "../postgres/load.ts";
import { createTableCopies, dropTableCopies, type TableCopies } from "../postgres/table-copies.ts";
import { bearTransactionId } from "../postgres/transaction.ts";
import { truncateTables } from "../postgres/truncate.ts";
import type { RestoreMode } from "../shared/api.ts";
import { dropLateIndexes } from "./add-indexes.ts";
import { computeAnew } from "./compute-anew.ts";
import { mergeLoads } from "./merge-loads.ts";
import type { CountedLoad, FilledLoad } from "./row-counts.ts";

/** The targets of the archive's rows: the emptied tables, or copies from which the rows are merged. */
export interface Emptied {
  loads: CountedLoad[];
  /** For a merge. */
  copies: TableCopies<CountedLoad> | null;
  /** Dropped, to be rebuilt after all rows are loaded. */
  lateIndexes: LateIndex[];
  /** Generated columns that may depend on rows loaded later. */
  computed: ComputedColumns[];
}

/** Empties the tables. For a merge, creates empty copies instead. */
export async function makeRoom(
  client: pg.ClientBase,
  loads: CountedLoad[],
  mode: RestoreMode,
): Promise<Emptied> {
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
export async function settleRows(
  client: pg.ClientBase,
  { loads, copies, computed }: Emptied,
  mode: RestoreMode,
  signal: AbortSignal,
): Promise<FilledLoad[]> {
  if (!copies) {
    await computeAnew(client, loads, computed);
    return loads.map((load) => ({ ...load, rowsAfter: load.archived.rows }));
  }
  const merged = await mergeLoads(client, loads, { isOverwriting: mode === "overwrite", signal });
  await computeAnew(client, loads, computed);
  await dropTableCopies(client, copies);
  // No table was emptied, so one bears the transaction's number, by which its outcome can be looked up later.
  for (const { table } of loads.slice(0, 1)) await bearTransactionId(client, table);
  return merged.map((load) => ({ ...load, rowsAfter: (load.rowsBefore ?? 0) + load.grownBy }));
}
