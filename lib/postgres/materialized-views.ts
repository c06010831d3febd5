import type pg from "pg";
import type { MaterializedView } from "../schema/materialized-views.ts";
import type { Warning } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import { ownSearchPath } from "./connection/own-settings.ts";
import { quoteTable } from "./identifiers.ts";
import { tryStatement } from "./savepoint.ts";

/**
 * Refreshes the views in the given order, inside the transaction, so that new rows and new views become visible
 * together. If a view cannot be refreshed, it keeps its content, and so do the views that read it. Call it last: it
 * switches to the role's own settings until the end of the transaction.
 *
 * @returns a warning for each view that was not refreshed
 */
export async function refreshMaterializedViews(
  client: pg.ClientBase,
  views: readonly MaterializedView[],
  signal: AbortSignal,
): Promise<Warning[]> {
  if (views.length > 0) await client.query(`${OWN_SETTINGS_SQL}; ${ownSearchPath(client, true)}`);
  const stale = new Map<number, MaterializedView>();
  const warnings: Warning[] = [];
  for (const view of views) {
    signal.throwIfAborted();
    const drawnFrom = view.drawsFrom.flatMap((oid) => stale.get(oid) ?? [])[0];
    const reason = drawnFrom
      ? `it draws from ${tableLabel(drawnFrom)}, which was not refreshed either`
      : await refresh(client, view);
    if (reason === null) continue;
    signal.throwIfAborted();
    stale.set(view.oid, view);
    const { schema, name } = view;
    warnings.push({
      code: "MATERIALIZED_VIEW_STALE",
      message: `The materialised view ${tableLabel(view)} was not refreshed (${reason}) and shows its rows from before the restore. Refresh it as its owner: REFRESH MATERIALIZED VIEW ${quoteTable(view)};`,
      table: { schema, name },
    });
  }
  return warnings;
}

/** The settings of the view's owner: the day of a timestamptz depends on the database's time zone, not on UTC. */
const OWN_SETTINGS_SQL = [
  ...["TimeZone", "DateStyle", "IntervalStyle", "bytea_output"],
  ...["extra_float_digits", "lc_monetary", "array_nulls", "xmloption", "row_security"],
]
  .map((name) => `SET LOCAL ${name} TO DEFAULT`)
  .join("; ");

/** @returns null, or why the view could not be refreshed */
async function refresh(client: pg.ClientBase, view: MaterializedView): Promise<string | null> {
  if (!view.canRefresh) return `the database role may not, it is ${view.owner}'s`;
  const refused = await tryStatement(client, `REFRESH MATERIALIZED VIEW ${quoteTable(view)}`);
  return refused && `PostgreSQL refused with SQLSTATE ${refused.code}`;
}
