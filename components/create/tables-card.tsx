import { useState } from "react";
import type { Overview } from "../../lib/shared/api.ts";
import { formatSome } from "../../lib/shared/format.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { describeRows } from "../common/describe-rows.ts";
import { TableCheckList } from "../common/table-check-list.tsx";
import { appTables, referencesLeftOut, withOwner } from "../table-choice.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";

interface TablesCardProps {
  overview: Overview;
  /** What is chosen, in words. */
  summary: string;
  /** Keys of the chosen tables. Null: every table. */
  chosen: ReadonlySet<string> | null;
  onChange: (chosen: ReadonlySet<string> | null) => void;
}

export function TablesCard({ overview, summary, chosen, onChange }: TablesCardProps) {
  const platforms = [...new Set(overview.tables.flatMap(({ platform }) => platform ?? []))];
  // Remembers the choice while all tables are backed up.
  const [choice, setChoice] = useState<ReadonlySet<string>>(
    () => new Set(appTables(overview.tables).map(tableKey)),
  );
  const choose = (keys: ReadonlySet<string>) => {
    setChoice(keys);
    onChange(keys);
  };
  const left =
    chosen || platforms.length === 0
      ? ""
      : ` The tables that belong to ${platforms.join(" and ")} are left out.`;
  return (
    <Card
      title="Tables"
      description={`${summary}.${left}`}
      actions={
        <Button
          size="small"
          aria-expanded={chosen !== null}
          onClick={() => onChange(chosen ? null : choice)}
        >
          {chosen ? "Back up all tables" : "Choose tables"}
        </Button>
      }
    >
      <Unreadable overview={overview} chosen={chosen} onChange={choose} />
      {chosen && (
        <div className="pba:grid pba:gap-3 pba:not-first:mt-5">
          <TableCheckList
            label="Tables to back up"
            tables={overview.tables}
            chosen={chosen}
            onChange={choose}
            figures={(table) => withOwner(table, describeRows(table))}
          />
          <LeftOut overview={overview} chosen={chosen} />
        </div>
      )}
    </Card>
  );
}

/** Offers to leave out damaged tables, so that the others can still be backed up. */
function Unreadable({
  overview,
  chosen,
  onChange,
}: Pick<TablesCardProps, "overview" | "chosen"> & {
  onChange: (chosen: ReadonlySet<string>) => void;
}) {
  const isChosen = (key: string) => chosen?.has(key) ?? true;
  const tables = overview.tables.filter((it) => !it.isReadable && isChosen(tableKey(it)));
  if (tables.length === 0) return null;
  const keys = new Set(tables.map(tableKey));
  const others = overview.tables.map(tableKey).filter((key) => isChosen(key) && !keys.has(key));
  return (
    <Notice
      tone="warn"
      title="Chosen tables cannot be read, so this backup would fail"
      actions={
        others.length > 0 && (
          <Button size="small" onClick={() => onChange(new Set(others))}>
            Leave them out
          </Button>
        )
      }
    >
      <p className="pba:wrap-anywhere">{formatSome(tables.map(tableLabel))}</p>
    </Notice>
  );
}

function LeftOut({ overview, chosen }: { overview: Overview; chosen: ReadonlySet<string> }) {
  const references = referencesLeftOut(chosen, overview.insertionOrder.edges);
  if (references.length === 0) return null;
  return (
    <Notice tone="warn" title="Chosen tables refer to tables that are left out">
      <p>
        A restore needs the rows that these tables refer to. If one of those rows is missing, the
        restore fails and changes nothing.
      </p>
      <ul className="pba:mt-1 pba:list-disc pba:pl-4">
        {references.map((edge) => (
          <li key={`${tableKey(edge.from)} ${edge.constraint}`} className="pba:break-words">
            {tableLabel(edge.from)} refers to {tableLabel(edge.to)}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
