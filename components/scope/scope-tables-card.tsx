import { useState } from "react";
import type { OrderEdge, RestoreMode } from "../../lib/shared/api.ts";
import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { TableCheckList } from "../common/table-check-list.tsx";
import { appTables, withOwner } from "../table-choice.ts";
import { Card } from "../ui/card.tsx";
import { RadioCards } from "../ui/radio-cards.tsx";
import { References } from "./references.tsx";
import type { ScopeTable } from "./scope-draft.ts";

interface ScopeTablesCardProps {
  tables: readonly ScopeTable[];
  edges: OrderEdge[];
  mode: RestoreMode;
  /** Keys of the chosen tables. Null: every table. */
  chosen: ReadonlySet<string> | null;
  onChange: (chosen: ReadonlySet<string> | null) => void;
}

export function ScopeTablesCard(props: ScopeTablesCardProps) {
  const { tables, edges, mode, chosen, onChange } = props;
  // Remembers the choice while "everything" is selected.
  const [choice, setChoice] = useState<ReadonlySet<string>>(chosen ?? new Set());
  const choose = (keys: ReadonlySet<string>) => {
    setChoice(keys);
    onChange(keys);
  };
  const all = appTables(tables);
  const rows = all.reduce((sum, table) => sum + table.rows, 0);
  const platforms = [...new Set(tables.flatMap(({ platform }) => platform ?? []))];
  const what =
    platforms.length === 0
      ? "All tables of the backup"
      : `All except ${platforms.join(" and ")}’s own tables`;
  return (
    <Card title="Which tables?">
      <RadioCards
        label="Which tables?"
        className="pba:@2xl:grid-cols-2"
        value={chosen ? "some" : "all"}
        onChange={(value) => onChange(value === "all" ? null : choice)}
        options={[
          {
            value: "all",
            title: "Everything",
            description: `${what}: ${formatNoun(all.length, "table")}, ${formatNoun(rows, "row")}.`,
          },
          {
            value: "some",
            title: "Chosen tables",
            description: "Only the tables that you choose. All other tables stay as they are.",
          },
        ]}
      />
      {chosen && (
        <div className="pba:mt-5 pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-3">
          <TableCheckList
            label="Tables to restore"
            tables={tables}
            chosen={chosen}
            onChange={choose}
            figures={(table) =>
              withOwner(
                table,
                `${formatCount(table.rowsNow)} now · ${formatCount(table.rows)} in the backup`,
              )
            }
          />
        </div>
      )}
      <References
        tables={tables}
        edges={edges}
        mode={mode}
        chosen={chosen ?? new Set(all.map(tableKey))}
        onAdd={(keys) => choose(new Set([...(chosen ?? []), ...keys]))}
      />
    </Card>
  );
}
