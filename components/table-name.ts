import type { TableName } from "../lib/shared/api.ts";

/** As a person reads it. Not an SQL identifier. */
export const tableLabel = ({ schema, name }: TableName): string => `${schema}.${name}`;

/** Distinct for distinct tables, also where names hold a dot. */
export const tableKey = ({ schema, name }: TableName): string => JSON.stringify([schema, name]);

/** Whether a search text finds a table, by its name, schema or Prisma model. */
export function matchesTable(table: TableName & { model: string | null }, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return true;
  return `${tableLabel(table)} ${table.model ?? ""}`.toLowerCase().includes(wanted);
}
