import type { CatalogTable } from "../schema/catalog.ts";

/**
 * 0 means that no user-defined function is called. Tables with a higher rank are loaded later. A checked domain inside
 * another type cannot be detected.
 */
export const functionRank = (table: CatalogTable): number =>
  table.columns.some((it) => it.callsFunctions && !it.generated) ? 2 : table.functionRank;

/** Whether user-defined functions compute some of its columns, so that rows may have to be recomputed. */
export const isComputed = ({ columns }: CatalogTable): boolean =>
  columns.some(({ generated, callsFunctions }) => generated && callsFunctions);
