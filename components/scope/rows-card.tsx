import type { RestoreScope } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { TableTitle } from "../common/table-title.tsx";
import { Card } from "../ui/card.tsx";
import type { ScopeTable } from "./scope-draft.ts";

interface RowsCardProps {
  rows: NonNullable<RestoreScope["rows"]>;
  tables: readonly ScopeTable[];
}

/** Shows the rows that were chosen one by one while browsing the backup. */
export function RowsCard({ rows, tables }: RowsCardProps) {
  const known = new Map(tables.map((table) => [tableKey(table), table]));
  return (
    <Card
      title="Chosen rows"
      description="Only these rows come back. You chose them while looking inside the backup."
    >
      <ul aria-label="Chosen rows" className="pba:divide-y pba:divide-line">
        {rows.map((table) => (
          <li
            key={tableKey(table)}
            className="pba:flex pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-4 pba:py-2.5"
          >
            <TableTitle table={known.get(tableKey(table)) ?? { ...table, model: null }} />
            <span className="pba:text-muted">{formatNoun(table.places.length, "chosen row")}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
