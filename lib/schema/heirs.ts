import { tableKey } from "../shared/table-name.ts";
import type { CatalogTable } from "./catalog.ts";

/** The catalog's tables that inherit from a table, at any depth. */
export function heirsOf(
  { heirs }: Pick<CatalogTable, "heirs">,
  tables: readonly CatalogTable[],
): CatalogTable[] {
  // Inheritance is rare. Without it, do not search thousands of tables for each table.
  if (heirs.length === 0) return [];
  const keys = new Set(heirs.map(tableKey));
  return tables.filter((it) => keys.has(tableKey(it)));
}
