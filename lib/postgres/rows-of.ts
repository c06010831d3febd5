import type { CatalogTable, Partition } from "../schema/catalog.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";

/** What has to be known of a table to read its rows. */
export type ReadTable = Pick<CatalogTable, "schema" | "name" | "kind" | "columns" | "partitions">;

/**
 * A table's rows, for FROM. A partitioned table's are its partitions', except those on another server; every other
 * table's are its own, without those that inherit from it.
 */
export function rowsOf(table: ReadTable): string {
  const parts = partsOf(table);
  if (!parts) return `${table.kind === "table" ? "ONLY " : ""}${quoteTable(table)}`;
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ");
  if (parts.length === 0) return `(SELECT ${columns} FROM ${quoteTable(table)} WHERE false)`;
  // A partition may have its columns in another order.
  return `(${parts.map((part) => `SELECT ${columns} FROM ${quoteTable(part)}`).join(" UNION ALL ")})`;
}

/** The same, as relations for TRUNCATE. */
export const relationsOf = (table: ReadTable): string[] =>
  partsOf(table)?.map(quoteTable) ?? [rowsOf(table)];

/**
 * The partitions that hold rows here, where others are on another server; else null. Through the table itself,
 * PostgreSQL would reach these, too.
 */
const partsOf = ({ partitions }: ReadTable): Partition[] | null =>
  partitions.some(({ isForeign }) => isForeign)
    ? partitions.filter(({ isForeign, isPartitioned }) => !isForeign && !isPartitioned)
    : null;
