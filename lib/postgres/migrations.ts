import type pg from "pg";
import type { Catalog } from "../schema/catalog.ts";
import { MIGRATIONS_TABLE } from "../schema/prisma-models.ts";
import { quoteTable } from "./identifiers.ts";

export interface Migration {
  name: string;
  /** SHA-256 of migration.sql in hex, as Prisma writes it. */
  checksum: string;
  /** ISO 8601; null if it failed or is still running. */
  finishedAt: string | null;
  rolledBackAt: string | null;
}

/** The migrations that Prisma recorded in the database, oldest first. Empty if Prisma never migrated it. */
export async function readMigrations(
  client: pg.ClientBase,
  catalog: Catalog,
): Promise<Migration[]> {
  const table = catalog.tables.find(
    ({ name, columns }) =>
      name === MIGRATIONS_TABLE && columns.some((column) => column.name === "migration_name"),
  );
  if (!table?.canSelect) return [];
  type Row = Record<"name" | "checksum", string> &
    Record<"finishedAt" | "rolledBackAt", Date | null>;
  const { rows } = await client.query<Row>(
    `SELECT migration_name AS name, checksum, finished_at AS "finishedAt", rolled_back_at AS "rolledBackAt"
     FROM ${quoteTable(table)} ORDER BY started_at, id`,
  );
  return rows.map((row) => ({
    ...row,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    rolledBackAt: row.rolledBackAt?.toISOString() ?? null,
  }));
}
