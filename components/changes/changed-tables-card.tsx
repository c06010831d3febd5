import { useState } from "react";
import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { SearchInput } from "../common/search-input.tsx";
import { TableTitle } from "../common/table-title.tsx";
import { matchesTable } from "../matches-table.ts";
import { Card } from "../ui/card.tsx";
import { Disclosure } from "../ui/disclosure.tsx";
import { ChangeBar } from "./change-bar.tsx";
import {
  type ChangedTable,
  describeChanged,
  describeChanges,
  foldUnchanged,
} from "./changed-table.ts";
import { RowSamples } from "./row-samples.tsx";

/** More tables than this are folded. */
const FEW = 8;

/** Shows for each table the rows in the database, the rows in the backup, and what happens to them. */
export function ChangedTablesCard({ tables }: { tables: ChangedTable[] }) {
  const [search, setSearch] = useState("");
  const found = tables.filter((table) => matchesTable(table, search));
  const { changed, unchanged } = foldUnchanged(found);
  return (
    <Card
      title="Tables"
      description="Listed in the order in which they are loaded."
      actions={<SearchInput label="Find a table" value={search} onChange={setSearch} />}
    >
      {changed.length > FEW && search.trim() === "" ? (
        <Disclosure summary={`${formatNoun(changed.length, "table")} ${describeChanged(changed)}`}>
          {() => <TableList label="Tables" tables={changed} />}
        </Disclosure>
      ) : (
        changed.length > 0 && <TableList label="Tables" tables={changed} />
      )}
      {changed.length === 0 && unchanged.length > 0 && <p>No table changes.</p>}
      {found.length === 0 && (
        <p className="pba:py-6 pba:text-center pba:text-muted">
          No table matches “{search.trim()}”.
        </p>
      )}
      {unchanged.length > 0 && (
        <Disclosure
          className="pba:mt-3"
          summary={`${formatNoun(unchanged.length, "table")} without change`}
        >
          {() => <TableList label="Tables without change" tables={unchanged} />}
        </Disclosure>
      )}
    </Card>
  );
}

function TableList({ label, tables }: { label: string; tables: ChangedTable[] }) {
  return (
    <ul aria-label={label} className="pba:divide-y pba:divide-line">
      {tables.map((table) => (
        <li key={tableKey(table)} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:py-3">
          <Entry table={table} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ table }: { table: ChangedTable }) {
  const { action, rows, rowsNow, reason, rehearsed } = table;
  const changes = rehearsed?.changes;
  const difference = rows - rowsNow;
  const samples = rehearsed?.samples.length ?? 0;
  return (
    <>
      <div className="pba:flex pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-4">
        <TableTitle table={table} />
        <span className="pba:text-muted">
          {action === "skip" ? (
            "stays as it is"
          ) : (
            <>
              {table.isDamaged || rehearsed?.isDamaged
                ? "unreadable now"
                : `${formatCount(rowsNow)} now`}
              {` · ${formatCount(rows)} in the backup`}
            </>
          )}
        </span>
      </div>
      {action === "skip" && reason && <p className="pba:text-xs pba:text-muted">{reason}</p>}
      {action === "replace" && !rehearsed && difference !== 0 && (
        <p className="pba:text-xs pba:text-muted">
          {difference > 0 ? "+" : "−"}
          {formatNoun(Math.abs(difference), "row")}
        </p>
      )}
      {changes && (
        <div className="pba:mt-1.5 pba:grid pba:gap-1">
          <ChangeBar changes={changes} />
          <p className="pba:text-xs">{describeChanges(changes)}</p>
        </div>
      )}
      {rehearsed && !changes && (
        <p className="pba:text-xs pba:text-warn">
          {rehearsed.isDamaged
            ? "The current rows cannot be read, so they were not compared."
            : "Its rows cannot be compared: the database refuses some, or some have the same key."}
        </p>
      )}
      {rehearsed && samples > 0 && (
        <Disclosure
          className="pba:text-xs"
          summary={`Show ${formatNoun(samples, "row")}${samples < affected(table) ? ` of ${formatCount(affected(table))}` : ""}`}
        >
          {() => <RowSamples table={rehearsed} />}
        </Disclosure>
      )}
    </>
  );
}

const affected = ({ rehearsed }: ChangedTable): number => {
  const changes = rehearsed?.changes;
  return changes ? changes.added + changes.removed + changes.changed : 0;
};
