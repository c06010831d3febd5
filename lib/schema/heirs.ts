import { tableKey } from "../shared/table-name.ts";
import type { CatalogTable } from "./catalog.ts";

/** Those of the catalog's tables that inherit from one, at any depth. */
export function heirsOf(
  { heirs }: Pick<CatalogTable, "heirs">,
  tables: readonly CatalogTable[],
): CatalogTable[] {
  // So seldom that thousands of tables must not be gone through for each of them.
  if (heirs.length === 0) return [];
  const keys = new Set(heirs.map(tableKey));
  return tables.filter((it) => keys.has(tableKey(it)));
}
