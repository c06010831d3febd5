import pg from "pg";
import type { BlamedRows } from "../postgres/errors/blamed-rows.ts";
import { quoteTable } from "../postgres/identifiers.ts";
import { createIndex, dropIndexes, type LateIndex } from "../postgres/indexes.ts";
import { type Load, oidsOf, tablesOf } from "../postgres/load.ts";
import { columnsOfRow, describeKey, readSample, sampleOf } from "../postgres/sample-values.ts";
import { beginBlaming, runOrBlame } from "./diagnose/blame.ts";

/** For smaller tables, the gain is too small. */
const MIN_ROWS = 10_000;

/** Drops the indexes of large tables that are not needed while rows are loaded. @returns the indexes to add again */
export function dropLateIndexes(
  client: pg.ClientBase,
  loads: readonly Load[],
): Promise<LateIndex[]> {
  const large = loads.filter(({ archived, places }) => (places?.size ?? archived.rows) >= MIN_ROWS);
  return dropIndexes(client, oidsOf(tablesOf(large)));
}

/**
 * Builds the indexes again, exactly as they were.
 *
 * @throws BackupError LOAD_FAILED with the key of a row that is too large for its index
 */
export async function addIndexes(
  client: pg.ClientBase,
  loads: readonly Load[],
  indexes: readonly LateIndex[],
  signal: AbortSignal,
): Promise<void> {
  const step = {
    run: (index: LateIndex) => createIndex(client, index),
    placeOf: ({ table }: LateIndex) => ({ table }),
    blame: (index: LateIndex, error: unknown) => blame(client, loads, index, error),
  };
  await runOrBlame(client, indexes, step, signal);
}

/** If a row does not fit into a B-tree, PostgreSQL's message has its position as `(page,item)`, in every language. */
async function blame(
  client: pg.ClientBase,
  loads: readonly Load[],
  { tableOid, table }: LateIndex,
  error: unknown,
): Promise<BlamedRows | undefined> {
  const [tid] = (error instanceof pg.DatabaseError && /\(\d+,\d+\)/.exec(error.detail ?? "")) || [];
  const columns = loads.find(({ table: { oid } }) => oid === tableOid)?.key?.columns;
  if (tid === undefined || !columns) return undefined;
  await beginBlaming(client);
  const { rows } = await client.query<{ key: Array<string | null> }>(
    `SELECT ${sampleOf(columnsOfRow("r", columns))} AS key FROM ONLY ${quoteTable(table)} r WHERE r.ctid = $1`,
    [tid],
  );
  const key = rows[0] && describeKey(columns, readSample(rows[0].key));
  return key === undefined ? undefined : { key };
}
