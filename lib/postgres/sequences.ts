import pg from "pg";
import type { PlannedSequence } from "../plan/load-plan.ts";
import type { CatalogSequence } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { blameSequence, isStorageDamage } from "./errors/damage.ts";
import { DATA_CORRUPTED } from "./errors/sqlstate.ts";
import { findFurthest } from "./furthest-value.ts";
import { quoteTable } from "./identifiers.ts";
import { apart } from "./savepoint.ts";

/** Where a sequence stands. `lastValue` is decimal text, because an int8 does not fit in a JavaScript number. */
export interface SequenceState extends TableName {
  lastValue: string;
  isCalled: boolean;
}

/**
 * Reads the sequences' states. Call it after the snapshot is taken: sequences are not part of the snapshot, so they are
 * then never behind the rows that it shows.
 */
export async function readSequenceStates(
  client: pg.ClientBase,
  sequences: readonly TableName[],
): Promise<SequenceState[]> {
  const states: SequenceState[] = [];
  for (let from = 0; from < sequences.length; from += 200) {
    const some = sequences.slice(from, from + 200);
    try {
      states.push(...(await apart(client, () => readStates(client, some))));
    } catch (error) {
      if (isStorageDamage(error)) await blame(client, some);
      throw error;
    }
  }
  return states;
}

/** @throws the error of the first sequence that cannot be read */
async function blame(client: pg.ClientBase, sequences: readonly TableName[]): Promise<void> {
  for (const sequence of sequences) {
    try {
      await apart(client, () => readStates(client, [sequence]));
    } catch (error) {
      if (isStorageDamage(error)) blameSequence(error, sequence);
      throw error;
    }
  }
}

/** If a sequence's page is empty, PostgreSQL reports no error. */
const lostRow = (): pg.DatabaseError =>
  Object.assign(new pg.DatabaseError("its row is gone", 0, "error"), { code: DATA_CORRUPTED });

async function readStates(
  client: pg.ClientBase,
  sequences: readonly TableName[],
): Promise<SequenceState[]> {
  const statement = sequences
    .map(
      (sequence, index) =>
        `SELECT ${index} AS i, last_value::text AS "lastValue", is_called AS "isCalled" FROM ${quoteTable(sequence)}`,
    )
    .join(" UNION ALL ");
  const { rows } = await client.query<{ i: number; lastValue: string; isCalled: boolean }>(
    statement,
  );
  if (rows.length < sequences.length) throw lostRow();
  return rows
    .toSorted((a, b) => a.i - b.i)
    .flatMap(({ i, lastValue, isCalled }) => {
      const sequence = sequences[i];
      return sequence
        ? [{ schema: sequence.schema, name: sequence.name, lastValue, isCalled }]
        : [];
    });
}

/** Where a restore sets a sequence. */
export interface SequenceTarget {
  value: bigint;
  isCalled: boolean;
  /** True if the sequence was behind a column that draws from it. */
  isRaised: boolean;
}

/**
 * Finds the value to which a restore sets a sequence. It is never behind the columns that take their values from the
 * sequence. A column may be further (its rows have ids of their own, or its table is not restored). The sequence then
 * follows it; otherwise the next insert would fail.
 *
 * @param live where the sequence stands now
 * @param columns whose rows count, as they are after the load
 */
export async function findSequenceTarget(
  client: pg.ClientBase,
  { sequence, archived, basis }: Pick<PlannedSequence, "sequence" | "archived" | "basis">,
  live: Pick<SequenceState, "lastValue" | "isCalled">,
  columns: PlannedSequence["columns"],
): Promise<SequenceTarget> {
  const from = basis === "live" || !archived ? [live] : [archived];
  if (basis === "further") from.push(live);
  const sign = sequence.increment > 0n ? 1n : -1n;
  const [start] = from
    .map(({ lastValue, isCalled }) => ({ value: BigInt(lastValue), isCalled }))
    .toSorted(
      (a, b) => Number(sign * (b.value - a.value)) || Number(b.isCalled) - Number(a.isCalled),
    );
  if (!start) throw new Error("a sequence stands somewhere");
  // A sequence with CYCLE may be behind once it has started.
  if ((sequence.cycles && start.isCalled) || columns.length === 0)
    return { ...start, isRaised: false };
  const value = await findFurthest(client, sequence, start, columns);
  return value === null ? { ...start, isRaised: false } : { value, isCalled: true, isRaised: true };
}

/** Stops other sessions from drawing from a sequence until the end of the transaction. LOCK TABLE refuses sequences. */
export async function lockSequence(
  client: pg.ClientBase,
  sequence: CatalogSequence,
): Promise<void> {
  await client.query(`ALTER SEQUENCE ${quoteTable(sequence)} INCREMENT BY ${sequence.increment}`);
}

/** `setval` alone would survive a rollback. After `ALTER SEQUENCE … RESTART` it writes to the transaction's storage. */
export async function setSequence(
  client: pg.ClientBase,
  sequence: CatalogSequence,
  { value, isCalled }: Pick<SequenceTarget, "value" | "isCalled">,
): Promise<void> {
  await client.query(`ALTER SEQUENCE ${quoteTable(sequence)} RESTART WITH ${value}`);
  if (isCalled) {
    await client.query("SELECT pg_catalog.setval($1::regclass, $2, true)", [
      quoteTable(sequence),
      String(value),
    ]);
  }
}
