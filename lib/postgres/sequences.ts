import type pg from "pg";
import type { CatalogSequence } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { quoteIdentifier, quoteLiteral, quoteTable } from "./identifiers.ts";

/** Where a sequence stands. `lastValue` is decimal text: an int8 does not fit a JavaScript number. */
export interface SequenceState extends TableName {
  lastValue: string;
  isCalled: boolean;
}

/**
 * Reads the sequences' states. To be called after a snapshot is taken: sequences are not part of it, so they
 * are then never behind the rows that it shows.
 */
export async function readSequenceStates(
  client: pg.ClientBase,
  sequences: readonly TableName[],
): Promise<SequenceState[]> {
  const states: SequenceState[] = [];
  for (let from = 0; from < sequences.length; from += 200) {
    const some = sequences.slice(from, from + 200);
    const statement = some
      .map(
        (sequence, index) =>
          `SELECT ${index} AS i, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quoteTable(sequence)}`,
      )
      .join(" UNION ALL ");
    const { rows } = await client.query<{ i: number; lastValue: string; isCalled: boolean }>(
      statement,
    );
    for (const { i, lastValue, isCalled } of rows.toSorted((a, b) => a.i - b.i)) {
      const sequence = some[i];
      if (sequence)
        states.push({ schema: sequence.schema, name: sequence.name, lastValue, isCalled });
    }
  }
  return states;
}

/**
 * Sets a sequence, inside the transaction: `setval` alone would survive a rollback, but after
 * `ALTER SEQUENCE … RESTART` it writes to storage that is the transaction's own.
 *
 * Never behind its owner's column: where the column has gone further (rows with ids of their own), the
 * sequence takes the column's extreme, or the next insert would fail.
 *
 * @returns the value that was set in place of the archived one, or null
 */
export async function setSequence(
  client: pg.ClientBase,
  sequence: CatalogSequence,
  state: SequenceState,
): Promise<string | null> {
  // A cycling sequence is meant to be behind.
  const extreme =
    sequence.owner && !sequence.cycles ? await readExtreme(client, sequence, sequence.owner) : null;
  const last = BigInt(state.lastValue);
  const isBehind =
    extreme !== null &&
    extreme >= sequence.minimum &&
    extreme <= sequence.maximum &&
    (extreme === last
      ? !state.isCalled
      : sequence.increment > 0n
        ? extreme > last
        : extreme < last);
  const value = String(isBehind ? extreme : last);
  await client.query(`ALTER SEQUENCE ${quoteTable(sequence)} RESTART WITH ${BigInt(value)}`);
  if (isBehind || state.isCalled) {
    await client.query("SELECT pg_catalog.setval($1::regclass, $2, true)", [
      quoteTable(sequence),
      value,
    ]);
  }
  return isBehind ? value : null;
}

/** The owner column's maximum, or minimum for a descending sequence; null for an empty table or a column of another type. */
async function readExtreme(
  client: pg.ClientBase,
  sequence: CatalogSequence,
  owner: { table: TableName; column: string },
): Promise<bigint | null> {
  const column = quoteIdentifier(owner.column);
  const { rows: types } = await client.query<{ isInteger: boolean }>(
    `SELECT atttypid IN (20, 21, 23) AS "isInteger" FROM pg_attribute WHERE attrelid = ${quoteLiteral(quoteTable(owner.table))}::regclass AND attname = $1`,
    [owner.column],
  );
  if (!types[0]?.isInteger) return null;
  const aggregate = sequence.increment > 0n ? "max" : "min";
  const { rows } = await client.query<{ extreme: string | null }>(
    `SELECT ${aggregate}(${column})::text AS extreme FROM ${quoteTable(owner.table)}`,
  );
  const extreme = rows[0]?.extreme ?? null;
  return extreme === null ? null : BigInt(extreme);
}
