import type { Drift, Warning } from "../../lib/shared/api.ts";
import { formatCount } from "../../lib/shared/format.ts";
import { NAMED, summariseDrift } from "../../lib/shared/summarise-drift.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { groupWarnings } from "../group-warnings.ts";
import { Badge } from "../ui/badge.tsx";
import { Disclosure } from "../ui/disclosure.tsx";
import { Notice } from "../ui/notice.tsx";

/** Lists warnings grouped by kind, so that many of them stay readable. */
export function WarningList({ warnings }: { warnings: Warning[] }) {
  return (
    <ul
      aria-label="Warnings"
      className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-2 pba:empty:hidden"
    >
      {groupWarnings(warnings).map(({ code, text, items, table }) => (
        <li key={code}>
          <Notice tone="warn">
            {text && <p className="pba:wrap-anywhere">{text}</p>}
            {items.length > 0 && (
              <ul className="pba:grid pba:list-disc pba:gap-1 pba:pl-4">
                {items.map((item) => (
                  <li key={item} className="pba:wrap-anywhere">
                    {item}
                  </li>
                ))}
              </ul>
            )}
            <p className="pba:text-xs pba:text-muted">
              <code className="pba:font-mono">{code}</code>
              {table && ` · ${tableLabel(table)}`}
            </p>
          </Notice>
        </li>
      ))}
    </ul>
  );
}

export function DriftList({ drift }: { drift: Drift[] }) {
  return (
    <ul aria-label="Differences" className="pba:divide-y pba:divide-line">
      {summariseDrift(drift).map(({ message, remedy, blocks, drift: alike }) => (
        <li
          key={message}
          className="pba:flex pba:flex-wrap pba:items-start pba:justify-between pba:gap-x-4 pba:gap-y-1 pba:py-3 pba:first:pt-0 pba:last:pb-0"
        >
          <div className="pba:min-w-0 pba:grow pba:basis-60">
            <p className="pba:wrap-anywhere">{message}</p>
            {remedy && <p className="pba:text-muted">{remedy}</p>}
            <DriftNames drift={alike} />
          </div>
          {blocks && <Badge tone="bad">Prevents the restore</Badge>}
        </li>
      ))}
    </ul>
  );
}

/** Names every table or column with the same difference. A long list is collapsed. */
function DriftNames({ drift }: { drift: Drift[] }) {
  const names = () => (
    <ul className="pba:font-mono pba:text-xs pba:break-all pba:text-muted">
      {drift.map(({ table, column = "" }) => (
        <li key={`${tableKey(table)} ${column}`}>
          {tableLabel(table)}
          {column && `.${column}`}
        </li>
      ))}
    </ul>
  );
  if (drift.length <= NAMED) return names();
  return (
    <Disclosure className="pba:text-xs" summary={`Show all ${formatCount(drift.length)}`}>
      {names}
    </Disclosure>
  );
}
