import type { TableName } from "../lib/shared/api.ts";
import { tableLabel } from "../lib/shared/table-name.ts";

/** Whether a search text matches a table's name, schema or Prisma model. */
export function matchesTable(table: TableName & { model: string | null }, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  if (wanted === "") return true;
  return `${tableLabel(table)} ${table.model ?? ""}`.toLowerCase().includes(wanted);
}
