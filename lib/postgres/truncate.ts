import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { relationsOf } from "./rows-of.ts";

/**
 * Empties tables. Never CASCADE: a table outside of the list that refers to one in it is an error.
 * Needs their foreign keys among each other dropped.
 */
export async function truncateTables(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
): Promise<void> {
  const relations = tables.flatMap(relationsOf);
  if (relations.length > 0) await client.query(`TRUNCATE TABLE ${relations.join(", ")}`);
}
