import type { CatalogTable } from "../schema/catalog.ts";

/**
 * A higher rank is loaded later; 0: no user-defined function is called. A checked domain inside another type is not
 * seen.
 */
export const functionRank = (table: CatalogTable): number =>
  table.columns.some((it) => it.callsFunctions && !it.generated) ? 2 : table.functionRank;

/** Whether user-defined functions compute some of its columns. */
export const isComputed = ({ columns }: CatalogTable): boolean =>
  columns.some(({ generated, callsFunctions }) => generated && callsFunctions);
