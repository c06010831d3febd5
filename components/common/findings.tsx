import type { Drift, Warning } from "../../lib/shared/api.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { groupWarnings } from "../group-warnings.ts";
import { Badge } from "../ui/badge.tsx";
import { Notice } from "../ui/notice.tsx";

/** Warnings of one kind stand together, so that many of them stay readable. */
export function WarningList({ warnings }: { warnings: Warning[] }) {
  return (
    <ul aria-label="Warnings" className="grid grid-cols-[minmax(0,1fr)] gap-2 empty:hidden">
      {groupWarnings(warnings).map(({ code, text, items, table }) => (
        <li key={code}>
          <Notice tone="warn">
            {text && <p className="wrap-anywhere">{text}</p>}
            {items.length > 0 && (
              <ul className="grid list-disc gap-1 pl-4">
                {items.map((item) => (
                  <li key={item} className="wrap-anywhere">
                    {item}
                  </li>
                ))}
              </ul>
            )}
            <p className="text-xs text-pba-muted">
              <code className="font-mono">{code}</code>
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
    <ul aria-label="Drift" className="divide-y divide-pba-line">
      {drift.map((item) => (
        <li
          key={`${item.kind} ${tableKey(item.table)} ${item.column ?? ""}`}
          className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 py-3 first:pt-0 last:pb-0"
        >
          <div className="min-w-0 grow basis-60">
            <p>{item.message}</p>
            <p className="font-mono text-xs break-all text-pba-muted">
              {tableLabel(item.table)}
              {item.column && `.${item.column}`}
            </p>
          </div>
          {item.blocks && <Badge tone="bad">Prevents the restore</Badge>}
        </li>
      ))}
    </ul>
  );
}
