import type pg from "pg";
import type { Load } from "../../postgres/load.ts";
import { loadRows } from "../../postgres/load-rows.ts";
import { isNotFound } from "../../postgres/not-found.ts";
import { nameOf } from "../../shared/table-name.ts";
import type { InsertBatch } from "../insert-batch.ts";
import { type LoadOptions, loadArchive } from "../load-archive.ts";
import { translateLoadError } from "../load-error.ts";
import { isRefusal, RefusedValues } from "./refused-values.ts";

/**
 * Loads the archive's rows into the copies.
 *
 * @param options.keepsRefused continue after a row that a column rejects
 * @returns the rejected values. Null after a rejected row, if keepsRefused is false: the transaction has failed.
 */
export async function loadCopies(
  client: pg.ClientBase,
  loads: readonly Load[],
  options: LoadOptions & { signal: AbortSignal; keepsRefused: boolean },
): Promise<RefusedValues | null> {
  const refused = new RefusedValues(client);
  const insert: InsertBatch = (load, statement, batch) =>
    (options.keepsRefused
      ? refused.insert(load, statement, batch)
      : loadRows(client, statement, batch)
    ).catch((error: unknown) => {
      // If a function refers to a missing name, the error tells the table that calls it.
      throw isNotFound(error) ? translateLoadError(error, { table: nameOf(load.archived) }) : error;
    });
  try {
    await loadArchive(client, loads, insert, options);
    return refused;
  } catch (error) {
    if (isRefusal(error) && !options.keepsRefused) return null;
    throw error;
  }
}
