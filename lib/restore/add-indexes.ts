import pg from "pg";
import type { BlamedRows } from "../postgres/blamed-rows.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import { quoteTable } from "../postgres/identifiers.ts";
import { createIndex, dropIndexes, type LateIndex } from "../postgres/indexes.ts";
import { columnsOfRow, describeKey, readSample, sampleOf } from "../postgres/sample-values.ts";
import { beginBlaming } from "./diagnose/begin-blaming.ts";
import type { ReadPlan } from "./read-plan.ts";
import type { RestoreSession } from "./restore-session.ts";

const LOADED = "loaded";

/** Of fewer there is little to gain. */
const MIN_ROWS = 10_000;

/** Drops the indexes of large tables that need not be there while rows are loaded. @returns what to add again */
export function dropLateIndexes(
  { client }: RestoreSession,
  { loads }: ReadPlan,
): Promise<LateIndex[]> {
  const large = loads.filter(({ archived, places }) => (places?.size ?? archived.rows) >= MIN_ROWS);
  return dropIndexes(
    client,
    large.flatMap(({ table }) => [table.oid, ...table.partitions.map(({ oid }) => oid)]),
  );
}

/**
 * Builds them again, exactly as they were.
 *
 * @throws BackupError LOAD_FAILED with the key of a row that is too large for its index
 */
export async function addIndexes(
  { client }: RestoreSession,
  plan: ReadPlan,
  indexes: readonly LateIndex[],
  signal: AbortSignal,
): Promise<void> {
  // To come back to, as for foreign keys.
  await client.query(`SAVEPOINT ${LOADED}`);
  for (const index of indexes) {
    signal.throwIfAborted();
    await createIndex(client, index).catch(async (error: unknown) => {
      throw translateDatabaseError(error, {
        fallback: "LOAD_FAILED",
        outcome: "Nothing has changed.",
        table: index.table,
        // To know it is a help; not to find it must not hide the error itself.
        blamed: await blame(client, plan, index, error).catch(() => undefined),
      });
    });
  }
  await client.query(`RELEASE SAVEPOINT ${LOADED}`);
}

/** PostgreSQL tells where the row is that it cannot put into a B-tree: `(page,item)`, in whichever language. */
async function blame(
  client: pg.ClientBase,
  { loads, keys }: ReadPlan,
  { tableOid, table }: LateIndex,
  error: unknown,
): Promise<BlamedRows | undefined> {
  const [tid] = (error instanceof pg.DatabaseError && /\(\d+,\d+\)/.exec(error.detail ?? "")) || [];
  const columns = keys[loads.findIndex((load) => load.table.oid === tableOid)]?.columns;
  if (tid === undefined || !columns) return undefined;
  await beginBlaming(client, LOADED);
  const { rows } = await client.query<{ key: Array<string | null> }>(
    `SELECT ${sampleOf(columnsOfRow("r", columns))} AS key FROM ONLY ${quoteTable(table)} r WHERE r.ctid = $1`,
    [tid],
  );
  const key = rows[0] && describeKey(columns, readSample(rows[0].key));
  return key === undefined ? undefined : { key };
}
