import type pg from "pg";
import type { ForeignKey } from "../schema/catalog.ts";
import { quoteIdentifier, quoteLiteral, quoteTable } from "./identifiers.ts";

/** Drops foreign keys: checking them in bulk afterwards costs a fraction of a check per row, and cycles need no tricks. */
export async function dropForeignKeys(
  client: pg.ClientBase,
  foreignKeys: readonly ForeignKey[],
): Promise<void> {
  for (const { table, constraint } of foreignKeys) {
    await client.query(
      `ALTER TABLE ${quoteTable(table)} DROP CONSTRAINT ${quoteIdentifier(constraint)}`,
    );
  }
}

/** Adds a foreign key again, exactly as it was. PostgreSQL checks every row, unless it was NOT VALID. */
export async function addForeignKey(
  client: pg.ClientBase,
  { table, constraint, definition, comment }: ForeignKey,
): Promise<void> {
  await client.query(
    `ALTER TABLE ${quoteTable(table)} ADD CONSTRAINT ${quoteIdentifier(constraint)} ${definition}`,
  );
  if (comment !== null) {
    await client.query(
      `COMMENT ON CONSTRAINT ${quoteIdentifier(constraint)} ON ${quoteTable(table)} IS ${quoteLiteral(comment)}`,
    );
  }
}
