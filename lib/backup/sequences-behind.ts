import type pg from "pg";
import type { DumpPlan } from "../plan/dump-plan.ts";
import { findSequenceTarget, type SequenceState } from "../postgres/sequences.ts";
import type { CatalogSequence } from "../schema/catalog.ts";
import { largestNumber } from "../schema/number-column.ts";
import { usersOf } from "../schema/sequence-users.ts";
import type { Warning } from "../shared/api.ts";
import { nameOf, tableKey, tableLabel } from "../shared/table-name.ts";

/**
 * Warns of sequences that are behind the backup's rows, for example after inserts with explicit ids. A restore raises
 * them.
 */
export async function sequencesBehind(
  client: pg.ClientBase,
  { tables }: DumpPlan,
  states: ReadonlyMap<CatalogSequence, SequenceState>,
): Promise<Warning[]> {
  const byKey = new Map(tables.map((table) => [tableKey(table), table]));
  const warnings: Warning[] = [];
  // A column without an index needs a full scan. After 2 s the search stops and leaves the warning to the restore.
  await client.query("SAVEPOINT comparing; SET LOCAL statement_timeout = '2s'");
  try {
    for (const [sequence, state] of states) {
      const columns = usersOf(sequence).flatMap(({ table: name, column, isPlain }) => {
        const table = byKey.get(tableKey(name));
        const found = table?.columns.find((it) => it.name === column);
        return table && found && isPlain && largestNumber(found) !== null
          ? [{ table, column }]
          : [];
      });
      if (columns.length === 0) continue;
      const stored = { sequence, archived: state, basis: "archived" as const };
      const { isRaised } = await findSequenceTarget(client, stored, state, columns);
      if (isRaised) warnings.push(behind(sequence, state));
    }
  } catch {
    // The backup does not depend on this search.
  } finally {
    await client.query("ROLLBACK TO SAVEPOINT comparing; RELEASE SAVEPOINT comparing");
  }
  return warnings;
}

const behind = (sequence: CatalogSequence, { lastValue }: SequenceState): Warning => ({
  code: "SEQUENCE_BEHIND",
  message: `The sequence ${tableLabel(sequence)} stands at ${lastValue}, behind the rows that draw from it: the app's next insert may fail. A restore raises it to where no insert fails.`,
  table: nameOf(sequence),
});
