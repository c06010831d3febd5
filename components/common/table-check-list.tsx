import { type ReactNode, useState } from "react";
import type { TableName } from "../../lib/shared/api.ts";
import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { matchesTable } from "../matches-table.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { SearchInput } from "./search-input.tsx";
import { TableTitle } from "./table-title.tsx";

interface TableCheckListProps<Table extends TableName & { model: string | null }> {
  label: string;
  tables: readonly Table[];
  /** Keys of the chosen tables. */
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
  /** Shown beside the name. */
  figures: (table: Table) => ReactNode;
}

/** A searchable list of tables with checkboxes. */
export function TableCheckList<Table extends TableName & { model: string | null }>(
  props: TableCheckListProps<Table>,
) {
  const { label, tables, chosen, onChange, figures } = props;
  const [search, setSearch] = useState("");
  const shown = tables.filter((table) => matchesTable(table, search));
  const shownKeys = shown.map(tableKey);
  const chosenHere = shownKeys.filter((key) => chosen.has(key)).length;
  const set = (keys: string[], isChosen: boolean) => {
    const next = new Set(chosen);
    for (const key of keys) isChosen ? next.add(key) : next.delete(key);
    onChange(next);
  };
  return (
    <div className="pba:grid pba:gap-3">
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
        aria-label={label}
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
                <span className="pba:text-xs pba:text-muted">{figures(table)}</span>
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
        {formatCount(chosen.size)} of {formatNoun(tables.length, "table")} chosen
      </p>
    </div>
  );
}
