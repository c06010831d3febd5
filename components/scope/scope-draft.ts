import type { RestoreMode, RestorePlan, RestoreScope, TableName } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { appTables } from "../table-choice.ts";

/** A scope while the person chooses it. */
export interface ScopeDraft {
  mode: RestoreMode;
  /** Keys of tables. Null: every table. */
  chosen: ReadonlySet<string> | null;
  /** Rows that were chosen one by one, before the upload. */
  rows: RestoreScope["rows"];
}

export interface ScopeTable extends TableName {
  model: string | null;
  /** Number of rows in the backup. */
  rows: number;
  rowsNow: number;
  /**
   * The hosting platform that owns the table. Undefined for the app's own tables. "Every table" does not include it.
   */
  platform?: string;
}

/** A restore never changes this table. */
export const MIGRATIONS_TABLE = "_prisma_migrations";

/**
 * Returns the backup's tables that can be chosen.
 *
 * @param now the database's tables, because a plan for chosen tables may not list the others
 */
export function scopeTables(
  { manifest, tables }: Pick<RestorePlan, "manifest" | "tables">,
  now: ReadonlyArray<TableName & { rows: number }> = [],
): ScopeTable[] {
  const rowsNow = new Map(now.map((table) => [tableKey(table), table.rows]));
  for (const table of tables) rowsNow.set(tableKey(table), table.rowsNow);
  const platforms = new Map(tables.map((table) => [tableKey(table), table.platform]));
  return manifest.tables
    .filter(({ name }) => name !== MIGRATIONS_TABLE)
    .map(({ schema, name, model, rows }) => {
      const key = tableKey({ schema, name });
      const platform = platforms.get(key);
      const rowsNowOf = rowsNow.get(key) ?? 0;
      return { schema, name, model, rows, rowsNow: rowsNowOf, ...(platform && { platform }) };
    });
}

/** If each of the app's tables is named, as for an undo, nothing is left to choose: everything is chosen. */
export function toDraft(
  { mode, tables: named, rows }: RestoreScope,
  tables: readonly ScopeTable[],
): ScopeDraft {
  const keys = named && new Set(named.map(tableKey));
  const isAll = !keys || appTables(tables).every((table) => keys.has(tableKey(table)));
  return { mode, chosen: isAll ? null : keys, rows };
}

/**
 * Returns null if no table is chosen.
 *
 * @param isPart whether the backup deliberately lacks tables of the database. Then all tables are named one by one,
 *   because a restore of everything would require the other tables too.
 */
export function toScope(
  { mode, chosen: keys, rows }: ScopeDraft,
  tables: readonly ScopeTable[],
  isPart: boolean,
): RestoreScope | null {
  if (rows) return { mode, rows };
  const chosen = keys ?? (isPart ? new Set(appTables(tables).map(tableKey)) : null);
  if (!chosen) return { mode };
  const names = tables.filter((table) => chosen.has(tableKey(table)));
  return names.length === 0
    ? null
    : { mode, tables: names.map(({ schema, name }) => ({ schema, name })) };
}

/** Whether two scopes are equal, regardless of order. */
export const isSameScope = (one: RestoreScope, other: RestoreScope): boolean =>
  textOf(one) === textOf(other);

const textOf = ({ mode, tables, rows }: RestoreScope): string =>
  JSON.stringify([
    mode,
    tables?.map(tableKey).sort(),
    rows?.map((table) => [tableKey(table), ...table.places.toSorted((a, b) => a - b)]).sort(),
  ]);

/** Counts the rows that are chosen one by one. */
export const chosenRows = (rows: NonNullable<RestoreScope["rows"]>): number =>
  rows.reduce((sum, { places }) => sum + places.length, 0);
