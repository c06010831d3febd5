import type { Catalog, CatalogSequence } from "../schema/catalog.ts";
import { usersOf } from "../schema/sequence-users.ts";
import type { TableName, Warning } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";

interface SequenceSelection {
  sequences: CatalogSequence[];
  warnings: Warning[];
}

/**
 * Selects the sequences to back up. If no column's default names a sequence, triggers of any table may draw from it, so
 * it is part of every backup, unless the role may not read it or its schema was left out.
 */
export function selectSequences(
  { sequences }: Catalog,
  selected: ReadonlyMap<string, unknown>,
  isComplete: boolean,
  isExcluded: (it: TableName) => boolean,
): SequenceSelection {
  const plan: SequenceSelection = { sequences: [], warnings: [] };
  for (const sequence of sequences) {
    const users = usersOf(sequence);
    if (sequence.isOnPrimaryOnly) {
      if (users.length === 0 && isComplete) plan.warnings.push(sequenceOfPrimary(sequence));
      continue;
    }
    if (users.some(({ table }) => selected.has(tableKey(table)))) {
      plan.sequences.push(sequence);
    } else if (isExcluded(sequence)) {
      if (sequence.isDrawnByCode) plan.warnings.push(excludedSequence(sequence));
    } else if (isComplete) {
      plan.sequences.push(sequence);
    } else if (users.length === 0 || sequence.mayBeDrawnByCode) {
      if (sequence.canSelect) plan.sequences.push(sequence);
      else plan.warnings.push(unreadableSequence(sequence));
    }
  }
  return plan;
}

const excludedSequence = ({ schema, name }: CatalogSequence): Warning => ({
  code: "SEQUENCE_LEFT_OUT",
  message: `Functions, triggers, views or rules draw from the sequence ${tableLabel({ schema, name })}, which was left out with its schema: its value is not in the backup.`,
  table: { schema, name },
});

const sequenceOfPrimary = ({ schema, name }: CatalogSequence): Warning => ({
  code: "SEQUENCE_LEFT_OUT",
  message: `The sequence ${tableLabel({ schema, name })} is unlogged, and this server is a standby: only the primary knows its value. It is not in the backup.`,
  table: { schema, name },
});

const unreadableSequence = ({ schema, name, quoted }: CatalogSequence): Warning => ({
  code: "SEQUENCE_LEFT_OUT",
  message: `The database role may not read the sequence ${tableLabel({ schema, name })}, from which no chosen table's column draws: its value is not in the backup. Its owner can change that: GRANT SELECT ON SEQUENCE ${quoted} TO the_role_of_this_app;`,
  table: { schema, name },
});
