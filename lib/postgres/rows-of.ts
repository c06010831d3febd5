import type pg from "pg";
import type { CatalogTable, Partition } from "../schema/catalog.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";

/** What must be known about a table to read its rows. */
export type ReadTable = Pick<CatalogTable, "schema" | "name" | "kind" | "columns" | "partitions">;

/**
 * An item for FROM with a table's rows. For a partitioned table, these are the rows of its partitions, except those on
 * another server. For any other table, these are its own rows, without those of tables that inherit from it.
 */
export function rowsOf(table: ReadTable): string {
  const parts = partsOf(table);
  if (!parts) return `${table.kind === "table" ? "ONLY " : ""}${quoteTable(table)}`;
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ");
  if (parts.length === 0) return `(SELECT ${columns} FROM ${quoteTable(table)} WHERE false)`;
  // A partition may have its columns in another order.
  return `(${parts.map((part) => `SELECT ${columns} FROM ${quoteTable(part)}`).join(" UNION ALL ")})`;
}

/** The same as a list of relations for TRUNCATE. */
export const relationsOf = (table: ReadTable): string[] =>
  partsOf(table)?.map(quoteTable) ?? [rowsOf(table)];

/** The local partitions, if others are on another server, which the table itself would also reach. Otherwise null. */
const partsOf = ({ partitions }: ReadTable): Partition[] | null =>
  partitions.some(({ isForeign }) => isForeign)
    ? partitions.filter(({ isForeign, isPartitioned }) => !isForeign && !isPartitioned)
    : null;

/** Never uses CASCADE: a table outside that refers to one of these is an error. First drop their own keys. */
export async function truncateTables(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
): Promise<void> {
  const relations = tables.flatMap(relationsOf);
  if (relations.length > 0) await client.query(`TRUNCATE TABLE ${relations.join(", ")}`);
}
