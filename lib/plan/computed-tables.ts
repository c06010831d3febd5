import type { CatalogTable } from "../schema/catalog.ts";

/** A domain that is checked by one may be within another type, where nothing tells of it. */
export const functionRank = (table: CatalogTable): number =>
  table.columns.some((it) => it.callsFunctions && !it.generated) ? 2 : table.functionRank;

/** Has columns that functions of the users' compute, so that rows may have to be computed anew. */
export const isComputed = ({ columns }: CatalogTable): boolean =>
  columns.some(({ generated, callsFunctions }) => generated && callsFunctions);
