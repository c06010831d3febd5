import type { TableName } from "../../lib/shared/api.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";

/** A table's title: its Prisma model first, if it has one. */
export function TableTitle({ table }: { table: TableName & { model: string | null } }) {
  return (
    <span className="pba:min-w-0">
      <span className="pba:font-medium pba:wrap-anywhere">{table.model ?? table.name}</span>{" "}
      <span className="pba:font-mono pba:text-xs pba:wrap-anywhere pba:text-muted">
        {tableLabel(table)}
      </span>
    </span>
  );
}
