/** Counts the rows that are not in a backup, for its warnings. */
import type pg from "pg";
import type { DumpPlan } from "../plan/dump-plan.ts";
import { countRows, estimateRows, type RowCount } from "../postgres/count-rows.ts";
import type { Catalog, CatalogTable, ExtensionTable } from "../schema/catalog.ts";
import { describeCount, extensionTableWarning } from "../schema/extension-tables.ts";
import type { TableName, Warning } from "../shared/api.ts";
import { listNames } from "../shared/name-list.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";

type CountedTable = CatalogTable | ExtensionTable;
type Counts = ReadonlyMap<CountedTable, RowCount>;

export const countExtensionRows = (
  client: pg.ClientBase,
  { extensionTables }: Pick<Catalog, "extensionTables">,
): Promise<Map<ExtensionTable, RowCount>> =>
  countRows(
    client,
    extensionTables.filter(({ holdsRows }) => holdsRows),
  );

export function withExtensionRows(
  { extensionTables }: Pick<Catalog, "extensionTables">,
  warnings: readonly Warning[],
  counts: Counts,
): Warning[] {
  const tables = new Map(extensionTables.map((table) => [tableKey(table), table]));
  return warnings.map((warning) => {
    if (warning.code !== "EXTENSION_TABLE" || !warning.table) return warning;
    const table = tables.get(tableKey(warning.table));
    return table ? extensionTableWarning(table, counts.get(table)) : warning;
  });
}

/** Adds to a plan's warnings the number of rows that are not in the backup. */
export async function warningsWithCounts(
  client: pg.ClientBase,
  catalog: Catalog,
  { warnings, childrenLeftOut }: DumpPlan,
): Promise<Warning[]> {
  const named = new Set(
    warnings.flatMap(({ code, table }) =>
      code === "EXTENSION_TABLE" && table ? [tableKey(table)] : [],
    ),
  );
  const tables = [
    ...catalog.extensionTables.filter((table) => named.has(tableKey(table))),
    ...new Set(childrenLeftOut.flatMap(({ children }) => children)),
  ];
  if (tables.length === 0) return warnings;
  const counts = await countUnlocked(client, tables);
  return [
    ...withExtensionRows(catalog, warnings, counts),
    ...childrenLeftOut.flatMap(({ parent, children }) => childrenWarning(parent, children, counts)),
  ];
}

/**
 * The backup holds no lock on these tables. If another session has locked one, use the estimates instead of waiting.
 */
async function countUnlocked(
  client: pg.ClientBase,
  tables: readonly CountedTable[],
): Promise<Counts> {
  await client.query("SAVEPOINT counting; SET LOCAL lock_timeout = '1s'");
  try {
    return await countRows(client, tables);
  } catch {
    return new Map(tables.map((table) => [table, estimateRows(table)]));
  } finally {
    await client.query("ROLLBACK TO SAVEPOINT counting; RELEASE SAVEPOINT counting");
  }
}

function childrenWarning(
  parent: TableName,
  children: readonly CatalogTable[],
  counts: Counts,
): Warning[] {
  const holding = children.flatMap((child) => {
    const count = counts.get(child);
    if (!count || (count.isExact && count.rows === 0)) return [];
    const isKnown = count.isExact || count.rows > 0;
    return `${tableLabel(child)} (${isKnown ? describeCount(count) : "of unknown size"})`;
  });
  if (holding.length === 0) return [];
  return [
    {
      code: "CHILDREN_LEFT_OUT",
      message: `${tableLabel(parent)} is in the backup with its own rows alone. A SELECT from it also shows the rows of tables that inherit from it, and some were not chosen: ${listNames(holding)}. Choose them as well to have their rows in the backup.`,
      table: parent,
    },
  ];
}
