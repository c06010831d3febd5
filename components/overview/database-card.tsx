import type { ReactNode } from "react";
import type { Overview } from "../../lib/shared/api.ts";
import { formatBytes, formatCount } from "../../lib/shared/format.ts";
import { type Fact, Facts } from "../common/facts.tsx";
import { appTables } from "../table-choice.ts";
import { Database } from "../ui/icons.ts";

export function DatabaseCard({ overview, children }: { overview: Overview; children?: ReactNode }) {
  const { database } = overview;
  const tables = appTables(overview.tables);
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
      className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-x-10 pba:gap-y-6 pba:rounded-xl pba:border pba:border-line pba:bg-surface pba:p-4 pba:@xl:p-6"
    >
      <div className="pba:flex pba:min-w-0 pba:items-center pba:gap-4">
        <span className="pba:flex pba:size-11 pba:shrink-0 pba:items-center pba:justify-center pba:rounded-lg pba:bg-accent-soft pba:text-accent-ink">
          <Database aria-hidden className="pba:size-5 pba:stroke-[1.75]" />
        </span>
        <div className="pba:min-w-0">
          <h2 className="pba:text-lg pba:leading-tight pba:font-semibold pba:break-all">
            {database.name}
          </h2>
          <p className="pba:mt-1 pba:break-words pba:text-muted">
            {database.server} · PostgreSQL {database.serverVersion} · {database.encoding}
          </p>
        </div>
      </div>
      <Facts
        facts={figures}
        className="pba:flex pba:flex-wrap pba:gap-x-10 pba:[&_dd]:text-lg pba:[&_dd]:leading-tight"
      />
      {children}
    </section>
  );
}
