import { useState } from "react";
import type { Overview } from "../../lib/shared/api.ts";
import { formatNoun, formatSome } from "../../lib/shared/format.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { describeRows } from "../common/describe-rows.ts";
import { TableCheckList } from "../common/table-check-list.tsx";
import { appTables, referencesLeftOut, withOwner } from "../table-choice.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { RadioCards } from "../ui/radio-cards.tsx";

interface TablesCardProps {
  overview: Overview;
  /** Keys of the chosen tables. Null: every table. */
  chosen: ReadonlySet<string> | null;
  onChange: (chosen: ReadonlySet<string> | null) => void;
}

export function TablesCard({ overview, chosen, onChange }: TablesCardProps) {
  const all = appTables(overview.tables);
  const platforms = [...new Set(overview.tables.flatMap(({ platform }) => platform ?? []))];
  // Remembers the choice while "all tables" is selected.
  const [choice, setChoice] = useState<ReadonlySet<string>>(() => new Set(all.map(tableKey)));
  const choose = (keys: ReadonlySet<string>) => {
    setChoice(keys);
    onChange(keys);
  };
  return (
    <Card title="Tables">
      <RadioCards
        label="Tables"
        className="pba:@2xl:grid-cols-2"
        value={chosen ? "some" : "all"}
        onChange={(value) => onChange(value === "all" ? null : choice)}
        options={[
          {
            value: "all",
            title: "All tables",
            description:
              platforms.length === 0
                ? `The whole database: ${formatNoun(all.length, "table")}.`
                : `The whole database except ${platforms.join(" and ")}’s own tables: ${formatNoun(all.length, "table")}.`,
          },
          {
            value: "some",
            title: "Choose tables",
            description: "Only a part of the database.",
          },
        ]}
      />
      <Unreadable overview={overview} chosen={chosen} onChange={choose} />
      {chosen && (
        <div className="pba:mt-5 pba:grid pba:gap-3">
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
}: Omit<TablesCardProps, "onChange"> & { onChange: (chosen: ReadonlySet<string>) => void }) {
  const isChosen = (key: string) => chosen?.has(key) ?? true;
  const tables = overview.tables.filter((it) => !it.isReadable && isChosen(tableKey(it)));
  if (tables.length === 0) return null;
  const keys = new Set(tables.map(tableKey));
  const others = overview.tables.map(tableKey).filter((key) => isChosen(key) && !keys.has(key));
  return (
    <Notice
      tone="warn"
      className="pba:mt-5"
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
