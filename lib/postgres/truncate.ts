import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { relationsOf } from "./rows-of.ts";

/**
 * Empties tables. Never uses CASCADE: if a table outside the list refers to one in it, that is an error. The foreign
 * keys among the tables must be dropped before.
 */
export async function truncateTables(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
): Promise<void> {
  const relations = tables.flatMap(relationsOf);
  if (relations.length > 0) await client.query(`TRUNCATE TABLE ${relations.join(", ")}`);
}
