import type { Catalog, CatalogSequence } from "../schema/catalog.ts";
import { usersOf } from "../schema/sequence-users.ts";
import type { TableName, Warning } from "../shared/api.ts";
import { nameOf, tableKey, tableLabel } from "../shared/table-name.ts";

/**
 * Selects the sequences to back up. If no column's default names a sequence, triggers of any table may draw from it, so
 * it is part of every backup, unless the role may not read it or its schema was left out.
 */
export function selectSequences(
  { sequences }: Catalog,
  selected: ReadonlyMap<string, unknown>,
  isComplete: boolean,
  isExcluded: (it: TableName) => boolean,
): { sequences: CatalogSequence[]; warnings: Warning[] } {
  const plan = { sequences: [] as CatalogSequence[], warnings: [] as Warning[] };
  const warn = (sequence: CatalogSequence, message: string) =>
    plan.warnings.push(sequenceLeftOut(sequence, message));
  for (const sequence of sequences) {
    const users = usersOf(sequence);
    const label = tableLabel(sequence);
    if (sequence.isOnPrimaryOnly) {
      if (users.length === 0 && isComplete)
        warn(
          sequence,
          `The sequence ${label} is unlogged, and this server is a standby: only the primary knows its value. It is not in the backup.`,
        );
      continue;
    }
    if (users.some(({ table }) => selected.has(tableKey(table)))) {
      plan.sequences.push(sequence);
    } else if (isExcluded(sequence)) {
      if (sequence.isDrawnByCode)
        warn(
          sequence,
          `Functions, triggers, views or rules draw from the sequence ${label}, which was left out with its schema: its value is not in the backup.`,
        );
    } else if (isComplete) {
      plan.sequences.push(sequence);
    } else if (users.length === 0 || sequence.mayBeDrawnByCode) {
      if (sequence.canSelect) plan.sequences.push(sequence);
      else
        warn(
          sequence,
          `The database role may not read the sequence ${label}, from which no chosen table's column draws: its value is not in the backup. Its owner can change that: GRANT SELECT ON SEQUENCE ${sequence.quoted} TO the_role_of_this_app;`,
        );
    }
  }
  return plan;
}

/** Warns that a sequence's value is not in a backup, or not restored. */
export const sequenceLeftOut = (sequence: TableName, message: string): Warning => ({
  code: "SEQUENCE_LEFT_OUT",
  message,
  table: nameOf(sequence),
});
