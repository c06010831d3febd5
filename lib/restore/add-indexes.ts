import pg from "pg";
import type { BlamedRows } from "../postgres/errors/blamed-rows.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import { quoteTable } from "../postgres/identifiers.ts";
import { createIndex, dropIndexes, type LateIndex } from "../postgres/indexes.ts";
import { type Load, oidsOf } from "../postgres/load.ts";
import { columnsOfRow, describeKey, readSample, sampleOf } from "../postgres/sample-values.ts";
import { beginBlaming } from "./diagnose/begin-blaming.ts";

const LOADED = "loaded";

/** For smaller tables, the gain is too small. */
const MIN_ROWS = 10_000;

/** Drops the indexes of large tables that are not needed while rows are loaded. @returns the indexes to add again */
export function dropLateIndexes(
  client: pg.ClientBase,
  loads: readonly Load[],
): Promise<LateIndex[]> {
  const large = loads.filter(({ archived, places }) => (places?.size ?? archived.rows) >= MIN_ROWS);
  return dropIndexes(client, oidsOf(large.map(({ table }) => table)));
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
  // After a failure, the search for the failing row starts here.
  await client.query(`SAVEPOINT ${LOADED}`);
  for (const index of indexes) {
    signal.throwIfAborted();
    await createIndex(client, index).catch(async (error: unknown) => {
      throw translateDatabaseError(error, {
        fallback: "LOAD_FAILED",
        outcome: "Nothing was changed.",
        table: index.table,
        // Finding the row is optional. If the search fails, report the error without it.
        blamed: await blame(client, loads, index, error).catch(() => undefined),
      });
    });
  }
  await client.query(`RELEASE SAVEPOINT ${LOADED}`);
}

/**
 * For a row that does not fit into a B-tree, PostgreSQL's message contains its position as `(page,item)`, in every
 * language.
 */
async function blame(
  client: pg.ClientBase,
  loads: readonly Load[],
  { tableOid, table }: LateIndex,
  error: unknown,
): Promise<BlamedRows | undefined> {
  const [tid] = (error instanceof pg.DatabaseError && /\(\d+,\d+\)/.exec(error.detail ?? "")) || [];
  const columns = loads.find(({ table: { oid } }) => oid === tableOid)?.key?.columns;
  if (tid === undefined || !columns) return undefined;
  await beginBlaming(client, LOADED);
  const { rows } = await client.query<{ key: Array<string | null> }>(
    `SELECT ${sampleOf(columnsOfRow("r", columns))} AS key FROM ONLY ${quoteTable(table)} r WHERE r.ctid = $1`,
    [tid],
  );
  const key = rows[0] && describeKey(columns, readSample(rows[0].key));
  return key === undefined ? undefined : { key };
}
