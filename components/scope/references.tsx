import type { OrderEdge, RestoreMode } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import {
  missingParents,
  referencesInto,
  referencesLeftOut,
  tablesLeftBehind,
} from "../table-choice.ts";
import { Button } from "../ui/button.tsx";
import { Plus } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { MERGING_MODES } from "./mode-wording.ts";
import type { ScopeTable } from "./scope-draft.ts";

interface ReferencesProps {
  tables: readonly ScopeTable[];
  edges: OrderEdge[];
  mode: RestoreMode;
  chosen: ReadonlySet<string>;
  onAdd: (keys: ReadonlySet<string>) => void;
}

/** Shows which tables a choice misses or affects through foreign keys. */
export function References({ tables, edges, mode, chosen, onAdd }: ReferencesProps) {
  const inBackup = new Set(tables.map(tableKey));
  const parents = missingParents(chosen, edges);
  const offered = new Set([...parents].filter((key) => inBackup.has(key)));
  const leftOut = referencesLeftOut(chosen, edges);
  const into = MERGING_MODES.includes(mode) ? [] : referencesInto(chosen, edges);
  const referring = new Set(into.map(({ from }) => tableKey(from)));
  return (
    <div
      role="status"
      className="pba:mt-3 pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-3 pba:empty:hidden"
    >
      {leftOut.length > 0 && (
        <Notice
          tone="warn"
          title={`${formatNoun(parents.size, "table")} that these refer to ${parents.size === 1 ? "is" : "are"} not chosen.`}
          actions={
            offered.size > 0 && (
              <Button size="small" onClick={() => onAdd(offered)}>
                <Plus aria-hidden />
                Add {offered.size === 1 ? "it" : "them"}
              </Button>
            )
          }
        >
          <p>
            Every row that comes back needs the rows that it refers to. If one of them is missing,
            the restore fails and changes nothing.
          </p>
          <Edges edges={leftOut} />
        </Notice>
      )}
      <MissingRows {...{ tables, edges, chosen, onAdd }} />
      {into.length > 0 && (
        <Notice
          title={`${formatNoun(referring.size, "table")} ${referring.size === 1 ? "refers" : "refer"} to these.`}
        >
          <p>
            Their rows stay and are checked again. If one of them would refer to a missing row, the
            restore fails and changes nothing.
          </p>
          <Edges edges={into} />
        </Notice>
      )}
    </div>
  );
}

/** Shows the tables that would lack rows, because they refer to chosen ones and are not chosen. */
function MissingRows({ tables, edges, chosen, onAdd }: Omit<ReferencesProps, "mode">) {
  const behind = tablesLeftBehind(tables, chosen, edges);
  if (behind.length === 0) return null;
  const rows = behind.reduce((sum, { missing }) => sum + missing, 0);
  const keys = behind.map(tableKey);
  const inBackup = new Set(tables.map(tableKey));
  // With the tables that these refer to, or their rows could not come back.
  const needed = [...missingParents(new Set([...chosen, ...keys]), edges)];
  return (
    <Notice
      tone="warn"
      title={`${formatNoun(rows, "row")} in ${formatNoun(behind.length, "table")} that ${behind.length === 1 ? "refers" : "refer"} to these will be missing.`}
      actions={
        <Button
          size="small"
          onClick={() => onAdd(new Set([...keys, ...needed.filter((key) => inBackup.has(key))]))}
        >
          <Plus aria-hidden />
          Add {behind.length === 1 ? "this table" : "these tables"}
        </Button>
      }
    >
      <p>The backup has these rows, the database does not.</p>
      <ul className="pba:mt-1 pba:list-disc pba:pl-4">
        {behind.map((table) => (
          <li key={tableKey(table)} className="pba:wrap-anywhere">
            {tableLabel(table)}: {formatNoun(table.missing, "row")}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

const FEW = 6;

function Edges({ edges }: { edges: OrderEdge[] }) {
  return (
    <ul className="pba:mt-1 pba:list-disc pba:pl-4">
      {edges.slice(0, FEW).map((edge) => (
        <li key={`${tableKey(edge.from)} ${edge.constraint}`} className="pba:wrap-anywhere">
          {tableLabel(edge.from)} refers to {tableLabel(edge.to)}
          {edge.columns.length > 0 && ` by ${edge.columns.join(", ")}`}
        </li>
      ))}
      {edges.length > FEW && <li>and {formatNoun(edges.length - FEW, "more reference")}</li>}
    </ul>
  );
}
