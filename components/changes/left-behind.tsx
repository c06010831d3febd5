import { useQuery } from "@tanstack/react-query";
import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatCount, formatNoun, formatSome } from "../../lib/shared/format.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { usePanel } from "../panel-context.tsx";
import { tablesLeftBehind } from "../table-choice.ts";
import { Notice } from "../ui/notice.tsx";

/** Warns of tables that refer to restored ones, stay as they are, and lack rows that the backup has. */
export function LeftBehind({ plan }: { plan: RestorePlan }) {
  const { queries } = usePanel();
  const overview = useQuery(queries.overview).data;
  if (plan.scope.rows) return null;
  const restored = new Set(plan.tables.filter(({ action }) => action !== "skip").map(tableKey));
  const { edges } = (overview ?? plan).insertionOrder;
  const left = tablesLeftBehind(plan.tables, restored, edges);
  if (left.length === 0) return null;
  const rows = left.reduce((sum, { missing }) => sum + missing, 0);
  return (
    <Notice
      tone="warn"
      title={`${formatNoun(rows, "row")} of the backup in ${formatNoun(left.length, "other table")} will be missing.`}
    >
      <p className="pba:wrap-anywhere">
        {left.length === 1
          ? "This table refers to the restored ones, is not restored, and has fewer rows than the backup: "
          : "These tables refer to the restored ones, are not restored, and have fewer rows than the backup: "}
        {formatSome(left.map((table) => `${tableLabel(table)} (${formatCount(table.missing)})`))}.
        To bring {rows === 1 ? "this row" : "these rows"} back, add the{" "}
        {left.length === 1 ? "table" : "tables"} under “Change…”.
      </p>
    </Notice>
  );
}
