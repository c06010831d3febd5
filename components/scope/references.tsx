import type { OrderEdge, RestoreMode } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { missingParents, referencesInto, tablesLeftBehind } from "../table-choice.ts";
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
  const needed = missingParents(chosen, edges);
  const offered = needed.filter(({ to }) => inBackup.has(tableKey(to)));
  const absent = needed.filter(({ to }) => !inBackup.has(tableKey(to)));
  const into = MERGING_MODES.includes(mode) ? [] : referencesInto(chosen, edges);
  const referring = new Set(into.map(({ from }) => tableKey(from)));
  return (
    <div
      role="status"
      className="pba:mt-3 pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-3 pba:empty:hidden"
    >
      {offered.length > 0 && (
        <Notice
          tone="warn"
          title={`${formatNoun(offered.length, "table")} that these refer to ${offered.length === 1 ? "is" : "are"} not chosen.`}
          actions={
            <Button size="small" onClick={() => onAdd(keysOf(offered))}>
              <Plus aria-hidden />
              Add {offered.length === 1 ? "it" : "them"}
            </Button>
          }
        >
          <p>{NEEDED}</p>
          <Edges edges={offered} most={offered.length} />
        </Notice>
      )}
      {absent.length > 0 && (
        <Notice
          tone="warn"
          title={`${formatNoun(absent.length, "table")} that these refer to ${absent.length === 1 ? "is" : "are"} not in the backup.`}
        >
          <p>{NEEDED}</p>
          <Edges edges={absent} most={absent.length} />
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

const NEEDED =
  "Every row that comes back needs the rows that it refers to. If one of them is missing, the restore fails and changes nothing.";

/** Keys of the tables that are referred to. */
const keysOf = (edges: OrderEdge[]): Set<string> => new Set(edges.map(({ to }) => tableKey(to)));

/** Shows the tables that would lack rows, because they refer to chosen ones and are not chosen. */
function MissingRows({ tables, edges, chosen, onAdd }: Omit<ReferencesProps, "mode">) {
  const behind = tablesLeftBehind(tables, chosen, edges);
  if (behind.length === 0) return null;
  const rows = behind.reduce((sum, { missing }) => sum + missing, 0);
  const keys = behind.map(tableKey);
  const inBackup = new Set(tables.map(tableKey));
  // With the tables that these refer to, or their rows could not come back.
  const needed = missingParents(new Set([...chosen, ...keys]), edges).filter(({ to }) =>
    inBackup.has(tableKey(to)),
  );
  const added = new Set([...keys, ...keysOf(needed)]);
  return (
    <Notice
      tone="warn"
      title={`${formatNoun(rows, "row")} in ${formatNoun(behind.length, "table")} that ${behind.length === 1 ? "refers" : "refer"} to these will be missing.`}
      actions={
        <Button size="small" onClick={() => onAdd(added)}>
          <Plus aria-hidden />
          Add {added.size === 1 ? "this table" : `these ${formatNoun(added.size, "table")}`}
        </Button>
      }
    >
      <p>The backup has {rows === 1 ? "this row" : "these rows"}, the database does not.</p>
      <ul className="pba:mt-1 pba:list-disc pba:pl-4">
        {behind.map((table) => (
          <li key={tableKey(table)} className="pba:wrap-anywhere">
            {tableLabel(table)}: {formatNoun(table.missing, "row")}
          </li>
        ))}
      </ul>
      {needed.length > 0 && (
        <p className="pba:mt-1 pba:wrap-anywhere">
          To bring {rows === 1 ? "it" : "them"} back, {formatNoun(needed.length, "more table")}{" "}
          {needed.length === 1 ? "is" : "are"} added as well:{" "}
          {needed.map(({ to }) => tableLabel(to)).join(", ")}.
        </p>
      )}
    </Notice>
  );
}

const FEW = 6;

function Edges({ edges, most = FEW }: { edges: OrderEdge[]; most?: number }) {
  return (
    <ul className="pba:mt-1 pba:list-disc pba:pl-4">
      {edges.slice(0, most).map((edge) => (
        <li key={`${tableKey(edge.from)} ${edge.constraint}`} className="pba:wrap-anywhere">
          {tableLabel(edge.from)} refers to {tableLabel(edge.to)}
          {edge.columns.length > 0 && ` by ${edge.columns.join(", ")}`}
        </li>
      ))}
      {edges.length > most && <li>and {formatNoun(edges.length - most, "more reference")}</li>}
    </ul>
  );
}
