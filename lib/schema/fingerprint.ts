import { createHash } from "node:crypto";
import type { Catalog, CatalogTable } from "./catalog.ts";

/** A SHA-256 in hex of what decides whether rows fit. The same migrations give the same, whatever the rows. */
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
