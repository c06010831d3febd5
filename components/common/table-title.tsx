import type { TableName } from "../../lib/shared/api.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";

/** A table as people know it: its Prisma model first, where one maps it. */
export function TableTitle({ table }: { table: TableName & { model: string | null } }) {
  return (
    <span className="min-w-0">
      <span className="font-medium wrap-anywhere">{table.model ?? table.name}</span>{" "}
      <span className="font-mono text-xs wrap-anywhere text-pba-muted">{tableLabel(table)}</span>
    </span>
  );
}
