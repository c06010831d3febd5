import { createHash } from "node:crypto";
import type { Catalog, CatalogTable } from "./catalog.ts";

/**
 * A SHA-256 (64 hex digits) over everything that decides whether rows fit: tables, columns with types, foreign keys.
 * Two databases with the same migrations have the same fingerprint, even if their rows, owners or names differ.
 */
export function fingerprint(
  catalog: Pick<Catalog, "foreignKeys">,
  tables: readonly CatalogTable[],
): string {
  const facts = {
    tables: tables.map(({ schema, name, kind, columns }) => [
      schema,
      name,
      kind,
      columns.map((column) => [column.name, column.type, column.notNull, column.generated]),
    ]),
    foreignKeys: catalog.foreignKeys.map(({ table, constraint, definition }) => [
      table,
      constraint,
      definition,
    ]),
  };
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
