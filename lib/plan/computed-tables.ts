import type { CatalogTable } from "../schema/catalog.ts";

/** 0: no user function. The higher, the later it is loaded. Nothing tells of a checked domain that another type contains. */
export const functionRank = (table: CatalogTable): number =>
  table.columns.some((it) => it.callsFunctions && !it.generated) ? 2 : table.functionRank;

/** Whether user functions compute some of its columns, so that rows may have to be computed anew. */
export const isComputed = ({ columns }: CatalogTable): boolean =>
  columns.some(({ generated, callsFunctions }) => generated && callsFunctions);
