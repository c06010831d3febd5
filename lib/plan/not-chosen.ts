import type { CatalogTable } from "../schema/catalog.ts";
import type { Warning } from "../shared/api.ts";
import { formatNoun, formatSome } from "../shared/format.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";

/** Warns that a backup of some tables is not a backup of all. */
export function notChosenWarning(
  all: readonly CatalogTable[],
  chosen: readonly CatalogTable[],
): Warning[] {
  const isChosen = new Set(chosen.map(tableKey));
  const others = all.filter((table) => !isChosen.has(tableKey(table)));
  if (others.length === 0) return [];
  return [
    {
      code: "TABLES_NOT_CHOSEN",
      message: `This is a backup of ${chosen.length} of ${formatNoun(all.length, "table")}. Not in it, as was chosen: ${formatSome(others.map(tableLabel))}.`,
    },
  ];
}
