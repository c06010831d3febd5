import type pg from "pg";
import type { PlannedSequence } from "../plan/load-plan.ts";
import type { CatalogSequence, CatalogTable } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { rowsOf } from "./rows-of.ts";

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

/** Where a restore sets a sequence. */
export interface SequenceTarget {
  value: bigint;
  isCalled: boolean;
  /** The archived value is behind a column that draws from the sequence. */
  isRaised: boolean;
}

/**
 * Never behind the columns that take their values from it: where one has gone further (rows with ids of their
 * own, or a table that is not restored), the sequence takes its extreme, or the next insert would fail.
 *
 * @param columns whose rows count, as they are after the load
 */
export async function findSequenceTarget(
  client: pg.ClientBase,
  { sequence, lastValue, isCalled }: PlannedSequence,
  columns: PlannedSequence["columns"],
): Promise<SequenceTarget> {
  const { minimum, maximum, increment, cycles } = sequence;
  const archived = BigInt(lastValue);
  let value = archived;
  let isRaised = false;
  // A cycling sequence is meant to be behind, once it has begun.
  for (const { table, column } of cycles && isCalled ? [] : columns) {
    const extreme = await readExtreme(client, table, column, increment > 0n ? "max" : "min");
    if (extreme === null || extreme < minimum || extreme > maximum) continue;
    const isBehind = increment > 0n ? extreme > value : extreme < value;
    if (!isBehind && (extreme !== archived || isCalled)) continue;
    if (isBehind) value = extreme;
    isRaised = true;
  }
  return { value, isCalled: isRaised || isCalled, isRaised };
}

/** Keeps everybody else from drawing from a sequence, to the end of the transaction. LOCK TABLE takes none. */
export async function lockSequence(
  client: pg.ClientBase,
  sequence: CatalogSequence,
): Promise<void> {
  await client.query(`ALTER SEQUENCE ${quoteTable(sequence)} INCREMENT BY ${sequence.increment}`);
}

/**
 * Sets a sequence, inside the transaction: `setval` alone would survive a rollback, but after
 * `ALTER SEQUENCE … RESTART` it writes to storage that is the transaction's own.
 */
export async function setSequence(
  client: pg.ClientBase,
  { sequence }: PlannedSequence,
  { value, isCalled }: SequenceTarget,
): Promise<void> {
  await client.query(`ALTER SEQUENCE ${quoteTable(sequence)} RESTART WITH ${value}`);
  if (isCalled) {
    await client.query("SELECT pg_catalog.setval($1::regclass, $2, true)", [
      quoteTable(sequence),
      String(value),
    ]);
  }
}

/** A column's maximum or minimum; null for an empty table or a column of another type. */
async function readExtreme(
  client: pg.ClientBase,
  table: CatalogTable,
  column: string,
  aggregate: "max" | "min",
): Promise<bigint | null> {
  const type = table.columns.find(({ name }) => name === column)?.valueType;
  if (!type || type.isArray || !["int2", "int4", "int8"].includes(type.name ?? "")) return null;
  const { rows } = await client.query<{ extreme: string | null }>(
    `SELECT ${aggregate}(${quoteIdentifier(column)})::text AS extreme FROM ${rowsOf(table)} t`,
  );
  const extreme = rows[0]?.extreme ?? null;
  return extreme === null ? null : BigInt(extreme);
}
