import { formatCount, formatTables } from "../../lib/shared/format.ts";
import type { Receipt, ReceiptTable } from "../../lib/shared/receipt.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { CopyButton } from "../common/copy-button.tsx";
import { TableTitle } from "../common/table-title.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";

/** Lists every table with its rows before, in the backup and after. */
export function ReceiptTables({ receipt }: { receipt: Receipt }) {
  const { tables, kind } = receipt;
  if (tables.length === 0) return null;
  const isRestore = kind === "restore";
  const sum = (key: "rowsBefore" | "rowsInBackup" | "rowsAfter") =>
    tables.reduce((rows, table) => rows + (table[key] ?? 0), 0);
  return (
    <Card
      title="Rows per table"
      description="The sha256 is of the table's rows as the backup holds them, as JSON."
    >
      <table className="pba:w-full">
        <thead>
          <tr className="pba:border-b pba:border-line pba:text-left pba:align-bottom pba:text-xs pba:text-muted pba:[&_th]:pb-2 pba:[&_th]:font-medium">
            <th scope="col">Table</th>
            {isRestore && <Column title="Before" />}
            <Column title="In the backup" />
            {isRestore && <Column title="After" />}
          </tr>
        </thead>
        <tbody className="pba:divide-y pba:divide-line">
          {tables.map((table) => (
            <Row key={tableKey(table)} table={table} isRestore={isRestore} />
          ))}
        </tbody>
        <tfoot>
          <tr className="pba:border-t pba:border-line-strong pba:font-semibold">
            <th scope="row" className="pba:pt-2 pba:text-left pba:font-semibold">
              {isRestore
                ? `All ${formatCount(tables.length)}`
                : formatTables(tables.length, receipt.tablesInDatabase)}
            </th>
            {isRestore && <Figure value={sum("rowsBefore")} />}
            <Figure value={sum("rowsInBackup")} />
            {isRestore && <Figure value={sum("rowsAfter")} />}
          </tr>
        </tfoot>
      </table>
    </Card>
  );
}

function Row({ table, isRestore }: { table: ReceiptTable; isRestore: boolean }) {
  const { rowsBefore, rowsInBackup, rowsAfter, jsonSha256 } = table;
  return (
    <tr className="pba:break-inside-avoid pba:align-baseline">
      <th scope="row" className="pba:py-2 pba:text-left pba:font-normal pba:wrap-anywhere">
        <TableTitle table={table} />
        {jsonSha256 && (
          <span className="pba:block">
            <Digest sha256={jsonSha256} of={tableLabel(table)} />
          </span>
        )}
      </th>
      {isRestore && <Figure value={rowsBefore} />}
      <Figure value={rowsInBackup} />
      {isRestore && <Figure value={rowsAfter} isStrong={rowsAfter !== rowsBefore} />}
    </tr>
  );
}

const Column = ({ title }: { title: string }) => (
  <th scope="col" className="pba:pl-2 pba:text-right pba:@xl:pl-6">
    {title}
  </th>
);

const Figure = ({ value, isStrong }: { value: number | null; isStrong?: boolean }) => (
  <td
    className={cn(
      "pba:py-2 pba:pl-2 pba:text-right pba:text-xs pba:@xl:pl-6 pba:@xl:text-sm",
      isStrong && "pba:font-semibold",
    )}
  >
    {value === null ? <span className="pba:text-muted">not known</span> : formatCount(value)}
  </td>
);

const SHORT_DIGEST = 12;

/** Shortened on the screen to what can be compared by eye, where it can be copied in full, and in full on paper. */
const Digest = ({ sha256, of }: { sha256: string; of: string }) => (
  <span className="pba:inline-flex pba:items-center pba:gap-1 pba:font-mono pba:text-xs pba:text-muted">
    <span className="pba:print:hidden">
      <span className="pba:sr-only">sha256 </span>
      {sha256.slice(0, SHORT_DIGEST)}…
    </span>
    <span className="pba:hidden pba:break-all pba:print:inline">{sha256}</span>
    <CopyDigest sha256={sha256} of={of} />
  </span>
);

export const CopyDigest = ({ sha256, of }: { sha256: string; of: string }) => (
  <CopyButton
    text={sha256}
    label={`Copy the sha256 of ${of}`}
    isIcon
    className="pba:size-7 pba:min-h-0 pba:p-0 pba:print:hidden pba:[&_svg]:size-3.5"
  />
);
