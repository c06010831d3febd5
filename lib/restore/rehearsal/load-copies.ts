import { loadRows } from "../../postgres/copy/load-rows.ts";
import { translateDatabaseError } from "../../postgres/errors/database-error.ts";
import { isNotFound } from "../../postgres/errors/not-found.ts";
import type { Load } from "../../postgres/load.ts";
import { NOTHING_CHANGED } from "../in-transaction.ts";
import { type LoadOptions, loadArchive } from "../load-archive.ts";
import type { InsertBatch } from "../load-table.ts";
import type { RestoreSession } from "../restore-session.ts";
import { isRefusal, RefusedValues } from "./refused-values.ts";

/**
 * Loads the archive's rows into the copies.
 *
 * @param options.keepsRefused continue after a row that a column rejects
 * @returns the rejected values. Null if a row was rejected and keepsRefused is false. Then the transaction has failed.
 */
export async function loadCopies(
  session: RestoreSession,
  loads: readonly Load[],
  options: LoadOptions & { signal: AbortSignal; keepsRefused: boolean },
): Promise<RefusedValues | null> {
  const { client } = session;
  const refused = new RefusedValues(client);
  const insertOrThrow: InsertBatch<Load> = (_, statement, batch) =>
    loadRows(client, statement, batch);
  const insert = options.keepsRefused ? refused.insert : insertOrThrow;
  try {
    await loadArchive(session, loads, withTable(insert), options);
    return refused;
  } catch (error) {
    if (isRefusal(error) && !options.keepsRefused) return null;
    throw error;
  }
}

/** If a function refers to a missing name, adds the table that calls it to the error. */
const withTable =
  (insert: InsertBatch<Load>): InsertBatch<Load> =>
  (load, statement, batch) =>
    insert(load, statement, batch).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      const { schema, name } = load.archived;
      const place = { fallback: "LOAD_FAILED", outcome: NOTHING_CHANGED } as const;
      throw translateDatabaseError(error, { ...place, table: { schema, name } });
    });
