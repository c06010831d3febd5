import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatCount } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { TableTitle } from "../common/table-title.tsx";
import { Card } from "../ui/card.tsx";

/** Per table: what is there now, and what will be there. */
export function PlanTables({ tables }: Pick<RestorePlan, "tables">) {
  return (
    <Card title="Tables" description="What is in the database now, and what the backup brings.">
      <table className="w-full">
        <thead>
          <tr className="border-b border-pba-line text-left text-xs text-pba-muted [&_th]:pb-2 [&_th]:font-medium">
            <th scope="col">Table</th>
            <th scope="col" className="pl-4 text-right">
              Rows now
            </th>
            <th scope="col" className="pl-4 text-right">
              In the backup
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-pba-line">
          {tables.map((table) => (
            <PlanRow key={tableKey(table)} table={table} />
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function PlanRow({ table }: { table: RestorePlan["tables"][number] }) {
  const difference = table.rows - table.rowsNow;
  return (
    <tr className="align-baseline">
      <th scope="row" className="py-2 text-left font-normal">
        <TableTitle table={table} />
        {table.action === "skip" && (
          <span className="block text-xs text-pba-warn">
            Skipped{table.reason ? `: ${table.reason}` : ""}
          </span>
        )}
      </th>
      <td className="py-2 pl-4 text-right text-pba-muted">
        {table.action === "skip" ? "–" : formatCount(table.rowsNow)}
      </td>
      <td className="py-2 pl-4 text-right whitespace-nowrap">
        {table.action === "skip" ? "–" : formatCount(table.rows)}
        {table.action === "replace" && difference !== 0 && (
          <span className="block text-xs text-pba-muted">
            {difference > 0 ? "+" : "−"}
            {formatCount(Math.abs(difference))}
          </span>
        )}
      </td>
    </tr>
  );
}
