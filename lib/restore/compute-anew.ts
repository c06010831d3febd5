import type pg from "pg";
import { BackupError } from "../errors.ts";
import { isComputed } from "../plan/load-plan.ts";
import { type ComputedColumns, type MergedInto, recompute } from "../postgres/generated-columns.ts";
import { type RefusedChange, readRefusedChanges } from "../postgres/publications.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { ReadPlan } from "./read-plan.ts";
import { describeRefusal } from "./require-loadable.ts";

/** Where rows cannot be taken out and put in again, since a publication lets nobody delete. */
export const readUncomputable = (client: pg.ClientBase, { loads }: ReadPlan) =>
  readRefusedChanges(
    client,
    loads.filter(({ table }) => isComputed(table)),
    "DELETE",
  );

/** What stands in the way, and what to do about it, in sentences. */
export const describeUncomputable = ({
  relation,
  reason,
  publication,
  remedy,
}: RefusedChange): { message: string; remedy: string } => ({
  message: `Rows of ${tableLabel(relation)} have to be computed anew once all rows are there, and PostgreSQL lets nobody delete from it: ${describeRefusal(reason, publication)}.`,
  remedy: `Do this first: ${remedy}.`,
});

/**
 * Computes generated columns anew that depend on rows which came later.
 *
 * @param merged of a merge: its rows alone
 * @throws BackupError LOAD_FAILED where a publication does not allow it
 */
export async function computeAnew(
  client: pg.ClientBase,
  plan: ReadPlan,
  computed: readonly ComputedColumns[],
  merged?: ReadonlyMap<number, MergedInto>,
): Promise<void> {
  if (computed.length === 0) return;
  const refused = await readUncomputable(client, plan);
  await recompute(client, computed, {
    merged,
    onStale(relation) {
      const refusal = refused.find((it) => tableKey(it.relation) === tableKey(relation));
      if (!refusal) return;
      const { message, remedy } = describeUncomputable(refusal);
      const { schema, name } = relation;
      throw new BackupError("LOAD_FAILED", `${message} Nothing has changed.`, {
        hint: remedy,
        details: { table: { schema, name } },
      });
    },
  });
}
