import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatCount } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { TableTitle } from "../common/table-title.tsx";
import { Card } from "../ui/card.tsx";

/** Per table: what is there now, and what will be there. */
export function PlanTables({ tables }: Pick<RestorePlan, "tables">) {
  return (
    <Card title="Tables" description="What is in the database now, and what the backup brings.">
      <table className="pba:w-full">
        <thead>
          <tr className="pba:border-b pba:border-line pba:text-left pba:text-xs pba:text-muted pba:[&_th]:pb-2 pba:[&_th]:font-medium">
            <th scope="col">Table</th>
            <th scope="col" className="pba:pl-4 pba:text-right">
              Rows now
            </th>
            <th scope="col" className="pba:pl-4 pba:text-right">
              In the backup
            </th>
          </tr>
        </thead>
        <tbody className="pba:divide-y pba:divide-line">
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
    <tr className="pba:align-baseline">
      <th scope="row" className="pba:py-2 pba:text-left pba:font-normal">
        <TableTitle table={table} />
        {table.action === "skip" && (
          <span className="pba:block pba:text-xs pba:text-warn">
            Skipped{table.reason ? `: ${table.reason}` : ""}
          </span>
        )}
      </th>
      <td className="pba:py-2 pba:pl-4 pba:text-right pba:text-muted">
        {table.action === "skip" ? "–" : formatCount(table.rowsNow)}
      </td>
      <td className="pba:py-2 pba:pl-4 pba:text-right pba:whitespace-nowrap">
        {table.action === "skip" ? "–" : formatCount(table.rows)}
        {table.action === "replace" && difference !== 0 && (
          <span className="pba:block pba:text-xs pba:text-muted">
            {difference > 0 ? "+" : "−"}
            {formatCount(Math.abs(difference))}
          </span>
        )}
      </td>
    </tr>
  );
}
