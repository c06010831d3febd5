import type pg from "pg";
import { BackupError } from "../errors.ts";
import { isComputed } from "../plan/load-plan.ts";
import { type ComputedColumns, recompute } from "../postgres/generated-columns.ts";
import type { Load } from "../postgres/load.ts";
import { type RefusedChange, readRefusedChanges } from "../postgres/publications.ts";
import { nameOf, tableKey, tableLabel } from "../shared/table-name.ts";
import { describeRefusal } from "./obstacles.ts";

/** Tables whose rows cannot be deleted and inserted again, because a publication prevents deletion. */
export const readUncomputable = (client: pg.ClientBase, loads: readonly Load[]) =>
  readRefusedChanges(
    client,
    loads.filter(({ table }) => isComputed(table)),
    "DELETE",
  );

export const describeUncomputable = (it: RefusedChange): { message: string; remedy: string } => ({
  message: `Rows of ${tableLabel(it.relation)} have to be computed again when all rows are there, and PostgreSQL lets no one delete from it: ${describeRefusal(it)}.`,
  remedy: `Do this first: ${it.remedy}.`,
});

/**
 * Recomputes generated columns that depend on rows loaded later. After a merge, only for the merged rows.
 *
 * @throws BackupError LOAD_FAILED if a publication prevents it
 */
export async function recomputeColumns(
  client: pg.ClientBase,
  loads: readonly Load[],
  computed: readonly ComputedColumns[],
): Promise<void> {
  if (computed.length === 0) return;
  const refused = await readUncomputable(client, loads);
  await recompute(client, computed, {
    loads,
    onStale(relation) {
      const refusal = refused.find((it) => tableKey(it.relation) === tableKey(relation));
      if (!refusal) return;
      const { message, remedy } = describeUncomputable(refusal);
      throw new BackupError("LOAD_FAILED", `${message} Nothing was changed.`, {
        hint: remedy,
        details: { table: nameOf(relation) },
      });
    },
  });
}
