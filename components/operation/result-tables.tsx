import type { OperationResult } from "../../lib/shared/api.ts";
import { formatBytes, formatCount } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { TableTitle } from "../common/table-title.tsx";
import { Card } from "../ui/card.tsx";

export function ResultTables({ tables }: Pick<OperationResult, "tables">) {
  return (
    <Card title="Rows per table">
      <table className="w-full">
        <thead>
          <tr className="border-b border-pba-line text-left text-xs text-pba-muted [&_th]:pb-2 [&_th]:font-medium">
            <th scope="col">Table</th>
            <th scope="col" className="pl-4 text-right">
              Rows
            </th>
            <th scope="col" className="pl-4 text-right">
              Data
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-pba-line">
          {tables.map((table) => (
            <tr key={tableKey(table)} className="align-baseline">
              <th scope="row" className="py-2 text-left font-normal">
                <TableTitle table={table} />
              </th>
              <td className="py-2 pl-4 text-right">{formatCount(table.rows)}</td>
              <td className="py-2 pl-4 text-right whitespace-nowrap text-pba-muted">
                {formatBytes(table.jsonBytes)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
