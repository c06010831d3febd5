import { Database } from "lucide-react";
import type { Overview } from "../../lib/shared/api.ts";
import { formatBytes, formatCount } from "../../lib/shared/format.ts";
import { type Fact, Facts } from "../common/facts.tsx";

export function DatabaseCard({ overview: { database, tables } }: { overview: Overview }) {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const isExact = tables.every((table) => table.rowsAreExact);
  const figures: Fact[] = [
    { label: "Size", value: formatBytes(database.sizeBytes) },
    { label: "Tables", value: formatCount(tables.length) },
    { label: isExact ? "Rows" : "Rows, estimated", value: formatCount(rows) },
  ];
  return (
    <section
      aria-label="Database"
      className="flex flex-wrap items-center justify-between gap-x-10 gap-y-6 rounded-xl border border-pba-line bg-pba-surface p-4 @xl:p-6"
    >
      <div className="flex min-w-0 items-center gap-4">
        <span className="flex size-11 shrink-0 items-center justify-center rounded-lg bg-pba-accent-soft text-pba-accent">
          <Database aria-hidden className="size-5" strokeWidth={1.75} />
        </span>
        <div className="min-w-0">
          <h2 className="text-lg leading-tight font-semibold break-all">{database.name}</h2>
          <p className="mt-1 break-words text-pba-muted">
            {database.server} · PostgreSQL {database.serverVersion} · {database.encoding}
          </p>
        </div>
      </div>
      <Facts
        facts={figures}
        className="flex flex-wrap gap-x-10 [&_dd]:text-lg [&_dd]:leading-tight"
      />
    </section>
  );
}
