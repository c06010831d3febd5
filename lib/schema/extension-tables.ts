import type pg from "pg";
import type { TableName, Warning } from "../shared/api.ts";
import { formatNoun } from "../shared/format.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { CatalogSequence, ExtensionTable } from "./catalog.ts";
import { LOCKED, MEMBER_IS_BACKED_UP, TABLE_TREE } from "./table-tree.ts";

/** These tables may still contain data of the user, for example the jobs of pg_cron. */
const EXTENSION_TABLES_SQL = `
  WITH RECURSIVE ${TABLE_TREE}, ${LOCKED}
  SELECT n.nspname AS schema, c.relname AS name, 'table' AS kind, m.extension, '[]'::json AS columns, '[]'::json AS partitions,
    c.relkind <> 'p' AS "holdsRows", CASE WHEN NOT m.is_config THEN 'none' WHEN m.condition IS NOT NULL THEN 'some' ELSE 'all' END AS "userRows", m.condition,
    c.reltuples::float8 AS "estimatedRows", c.relpages::float8 * current_setting('block_size')::int8 AS "sizeBytes",
    c.relispopulated AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS "canSelect",
    row_security_active(c.oid) AS "hidesRows", pg_has_role(c.relowner, 'USAGE') AS "isOwned",
    c.oid IN (SELECT relation FROM locked) AS "isLocked"
  FROM member m
  JOIN pg_class c ON c.oid = m.oid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN covered v ON v.oid = c.oid
  WHERE c.relkind IN ('r', 'p', 'm') AND v.oid IS NULL AND NOT ${MEMBER_IS_BACKED_UP}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

export async function readExtensionTables(client: pg.ClientBase): Promise<ExtensionTable[]> {
  return (await client.query<ExtensionTable>(EXTENSION_TABLES_SQL)).rows;
}

/** Why the table's rows are not in a backup. The text follows the table's name. */
export function whyLeftOut({ extension, userRows, isOwned, canSelect }: ExtensionTable): string {
  const whose = `belongs to the extension ${extension}`;
  if (userRows === "none")
    return `${whose}, which does not mark its rows as the user's (pg_extension_config_dump)`;
  if (userRows === "some")
    return `${whose}, which marks only some of its rows as the user's, by a condition`;
  if (!isOwned) return `${whose}, and the database role does not own it`;
  if (!canSelect) return `${whose}, and the database role may not read it`;
  return `${whose}, and row-level security may hide rows of it`;
}

/** @param rows how many there are, if known */
export function extensionTableWarning(
  table: ExtensionTable,
  rows?: { rows: number; isExact: boolean },
): Warning {
  const { schema, name, extension } = table;
  const count = rows && (rows.isExact || rows.rows > 0) ? describeCount(rows) : null;
  return {
    code: "EXTENSION_TABLE",
    message: `${tableLabel(table)} belongs to the extension ${extension}: its ${count === null ? "rows" : count} ${rows?.isExact && rows.rows === 1 ? "is" : "are"} not in the backup, nor changed by a restore.`,
    table: { schema, name },
  };
}

/** `5 rows`, `about 1,000 rows`. */
export const describeCount = ({ rows, isExact }: { rows: number; isExact: boolean }): string =>
  `${isExact ? "" : "about "}${formatNoun(rows, "row")}`;

/** No table of the user draws from it, and the role cannot restore it or the extension keeps it for itself. */
export const extensionSequenceWarning = ({
  schema,
  name,
  extension,
}: TableName & Pick<CatalogSequence, "extension">): Warning => ({
  code: "EXTENSION_SEQUENCE",
  message: `${schema}.${name} is a sequence of the extension ${extension}: its value is not in the backup, and a restore does not change it.`,
  table: { schema, name },
});
