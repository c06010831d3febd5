import type { Drift, Warning } from "../../lib/shared/api.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { Badge } from "../ui/badge.tsx";
import { Notice } from "../ui/notice.tsx";

export function WarningList({ warnings }: { warnings: Warning[] }) {
  return (
    <ul aria-label="Warnings" className="grid gap-2 empty:hidden">
      {warnings.map((warning) => (
        <li key={`${warning.code} ${warning.message}`}>
          <Notice tone="warn">
            <p>{warning.message}</p>
            <p className="text-xs text-pba-muted">
              <code className="font-mono">{warning.code}</code>
              {warning.table && ` · ${tableLabel(warning.table)}`}
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
