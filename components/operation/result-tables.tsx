import { useMemo } from "react";
import type { Operation, OperationResult } from "../../lib/shared/api.ts";
import { formatBytes, formatCount, formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { TableTitle } from "../common/table-title.tsx";
import { matchesTable } from "../matches-table.ts";
import type { GraphTable } from "../order-graph/graph-table.ts";
import { ListOrGraphCard } from "../order-graph/list-or-graph-card.tsx";
import { useOrder } from "./use-order.ts";

interface ResultTablesProps extends Pick<OperationResult, "tables"> {
  operation: Operation;
}

export function ResultTables({ operation, tables }: ResultTablesProps) {
  const order = useOrder(operation);
  const isRestore = tables.some(({ rowsAfter }) => rowsAfter !== undefined);
  const inGraph = useMemo(
    () =>
      tables.map(
        (table): GraphTable => ({
          ...table,
          figures: formatNoun(table.rowsAfter ?? table.rows, "row"),
          progress: { state: "done", fraction: 1, isStopped: false },
        }),
      ),
    [tables],
  );
  return (
    <ListOrGraphCard
      title="Rows per table"
      listFirst
      order={order}
      tables={inGraph}
      list={(search) => (
        <table className="pba:w-full">
          <thead>
            <tr className="pba:border-b pba:border-line pba:text-left pba:text-xs pba:text-muted pba:[&_th]:pb-2 pba:[&_th]:font-medium">
              <th scope="col">Table</th>
              {isRestore && (
                <th scope="col" className="pba:pl-4 pba:text-right">
                  Before
                </th>
              )}
              <th scope="col" className="pba:pl-4 pba:text-right">
                {isRestore ? "After" : "Rows"}
              </th>
              <th scope="col" className="pba:pl-4 pba:text-right">
                Data
              </th>
            </tr>
          </thead>
          <tbody className="pba:divide-y pba:divide-line">
            {tables
              .filter((table) => matchesTable(table, search))
              .map((table) => (
                <tr key={tableKey(table)} className="pba:align-baseline">
                  <th scope="row" className="pba:py-2 pba:text-left pba:font-normal">
                    <TableTitle table={table} />
                  </th>
                  {isRestore && (
                    <td className="pba:py-2 pba:pl-4 pba:text-right pba:text-muted">
                      {table.rowsBefore !== undefined && formatCount(table.rowsBefore)}
                    </td>
                  )}
                  <td className="pba:py-2 pba:pl-4 pba:text-right">
                    {formatCount(table.rowsAfter ?? table.rows)}
                  </td>
                  <td className="pba:py-2 pba:pl-4 pba:text-right pba:whitespace-nowrap pba:text-muted">
                    {formatBytes(table.jsonBytes)}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    />
  );
}
