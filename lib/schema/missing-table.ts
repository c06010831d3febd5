import type { Drift, TableName } from "../shared/api.ts";
import { sqlIdentifier, sqlName } from "../shared/sql-name.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Catalog } from "./catalog.ts";
import type { ArchivedTable } from "./drift.ts";
import { whyLeftOut } from "./extension-tables.ts";

const OR_LEAVE_OUT = "or leave the table out of the restore.";

/**
 * Explains why an archived table is not among the database's tables: what exists in its place, or how to create it.
 *
 * @param all the archive's tables, by `tableKey`
 * @returns null if nothing is known
 */
export function explainMissingTable(
  archived: ArchivedTable,
  all: ReadonlyMap<string, ArchivedTable>,
  { tables, extensionTables }: Pick<Catalog, "tables" | "extensionTables">,
): Drift | null {
  const { schema, name } = archived;
  const label = tableLabel(archived);
  const isSame = (table: TableName) => tableKey(table) === tableKey(archived);
  const missing = (message: string, remedy: string): Drift => ({
    kind: "table-missing",
    table: { schema, name },
    blocks: true,
    message,
    remedy,
  });

  const partition = tables.flatMap(({ partitions }) => partitions).find(isSame);
  if (partition) {
    return missing(
      `${label} was a table of its own when the backup was made, and is a partition of ${tableLabel(partition.parent)} in this database.`,
      `Make it one again (ALTER TABLE ${sqlName(partition.parent)} DETACH PARTITION ${sqlName(archived)};), restore, then attach it; ${OR_LEAVE_OUT}`,
    );
  }
  const member = extensionTables.find(isSame);
  if (member) {
    return missing(
      `${label} ${whyLeftOut(member)} in this database: its rows cannot be restored.`,
      `Update the extension to its version of the time of the backup, ${OR_LEAVE_OUT}`,
    );
  }
  const parents = archived.inherits ?? [];
  if (parents.length === 0) return null;
  return missing(
    `The database has no table ${label}.`,
    `Make it again, inheriting as it did (${createHeir(archived, parents, all)}), then restore; ${OR_LEAVE_OUT}`,
  );
}

/** Types from an archive that may appear in a statement for people: words, a modifier, brackets. */
const PLAIN_TYPE = /^[a-z_][a-z0-9_. ]*(\(\d+(,\d+)?\))?[a-z ]*(\[\])*$/;

function createHeir(
  archived: ArchivedTable,
  parents: readonly TableName[],
  all: ReadonlyMap<string, ArchivedTable>,
): string {
  const known = parents.flatMap((parent) => all.get(tableKey(parent)) ?? []);
  const inherited = new Set(known.flatMap(({ columns }) => columns.map((it) => it.name)));
  // If a parent is not in the archive, its columns are unknown.
  const isKnown = known.length === parents.length;
  const own = isKnown ? archived.columns.filter((it) => !inherited.has(it.name)) : [];
  const columns = own.map(
    ({ name, type }) => `${sqlIdentifier(name)}${PLAIN_TYPE.test(type) ? ` ${type}` : " …"}`,
  );
  return `CREATE TABLE ${sqlName(archived)} (${columns.join(", ")}) INHERITS (${parents.map(sqlName).join(", ")})`;
}
