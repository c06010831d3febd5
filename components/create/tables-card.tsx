import { useState } from "react";
import type { Overview } from "../../lib/shared/api.ts";
import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { SearchInput } from "../common/search-input.tsx";
import { TableTitle } from "../common/table-title.tsx";
import { matchesTable } from "../matches-table.ts";
import { referencesLeftOut } from "../table-choice.ts";
import { Card } from "../ui/card.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Notice } from "../ui/notice.tsx";
import { RadioCards } from "../ui/radio-cards.tsx";

interface TablesCardProps {
  overview: Overview;
  /** Keys of the chosen tables. Null: every table. */
  chosen: ReadonlySet<string> | null;
  onChange: (chosen: ReadonlySet<string> | null) => void;
}

export function TablesCard({ overview, chosen, onChange }: TablesCardProps) {
  // Kept while "all tables" is tried out.
  const [choice, setChoice] = useState<ReadonlySet<string>>(
    () => new Set(overview.tables.map(tableKey)),
  );
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
            description: `The whole database: ${formatNoun(overview.tables.length, "table")}.`,
          },
          {
            value: "some",
            title: "Choose tables",
            description: "Only a part of it, for a copy or a single table's history.",
          },
        ]}
      />
      {chosen && <TableChoice overview={overview} chosen={chosen} onChange={choose} />}
    </Card>
  );
}

interface TableChoiceProps {
  overview: Overview;
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
}

function TableChoice({ overview, chosen, onChange }: TableChoiceProps) {
  const [search, setSearch] = useState("");
  const shown = overview.tables.filter((table) => matchesTable(table, search));
  const shownKeys = shown.map(tableKey);
  const chosenHere = shownKeys.filter((key) => chosen.has(key)).length;
  const set = (keys: string[], isChosen: boolean) => {
    const next = new Set(chosen);
    for (const key of keys) isChosen ? next.add(key) : next.delete(key);
    onChange(next);
  };
  return (
    <div className="pba:mt-5 pba:grid pba:gap-3">
      <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-3">
        {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is the Checkbox inside. */}
        <label className="pba:flex pba:cursor-pointer pba:items-center pba:gap-3 pba:px-3 pba:font-medium">
          <Checkbox
            disabled={shown.length === 0}
            checked={chosenHere === 0 ? false : chosenHere === shown.length || "indeterminate"}
            onCheckedChange={(checked) => set(shownKeys, checked === true)}
          />
          {search.trim() ? "Select all found tables" : "Select all tables"}
        </label>
        <SearchInput label="Find a table" value={search} onChange={setSearch} />
      </div>
      <ul
        aria-label="Tables to back up"
        className="pba:max-h-96 pba:divide-y pba:divide-line pba:overflow-y-auto pba:rounded-lg pba:border pba:border-line"
      >
        {shown.map((table) => (
          <li key={tableKey(table)}>
            {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is the Checkbox inside. */}
            <label className="pba:flex pba:cursor-pointer pba:items-center pba:gap-3 pba:px-3 pba:py-2.5 pba:hover:bg-sunken">
              <Checkbox
                aria-label={tableLabel(table)}
                checked={chosen.has(tableKey(table))}
                onCheckedChange={(checked) => set([tableKey(table)], checked === true)}
              />
              <span className="pba:flex pba:min-w-0 pba:grow pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-4">
                <TableTitle table={table} />
                <span className="pba:text-xs pba:text-muted">{formatNoun(table.rows, "row")}</span>
              </span>
            </label>
          </li>
        ))}
        {shown.length === 0 && (
          <li className="pba:py-6 pba:text-center pba:text-muted">
            No table matches “{search.trim()}”.
          </li>
        )}
      </ul>
      <p role="status" className="pba:px-3 pba:text-muted">
        {formatCount(chosen.size)} of {formatNoun(overview.tables.length, "table")} chosen
      </p>
      <LeftOut overview={overview} chosen={chosen} />
    </div>
  );
}

function LeftOut({ overview, chosen }: { overview: Overview; chosen: ReadonlySet<string> }) {
  const references = referencesLeftOut(chosen, overview.insertionOrder.edges);
  if (references.length === 0) return null;
  return (
    <Notice tone="warn" title="Chosen tables refer to tables that are left out">
      <p>
        Their rows can only be restored where the rows that they refer to exist, or the restore
        fails without changing anything.
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
