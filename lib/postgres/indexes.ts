import type pg from "pg";
import { FIRST_NORMAL_OID, SEEMS_TO_READ, userFunctionsOf } from "../schema/user-objects.ts";
import type { TableName, Warning } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import { quoteTable } from "./identifiers.ts";
import { tryStatement } from "./savepoint.ts";

/** An index that is built after its table is loaded. Sorting all rows once is faster than inserting them one by one. */
export interface LateIndex extends TableName {
  /** OID of the table or partition. */
  tableOid: number;
  table: TableName;
  /** The complete `CREATE INDEX …`. */
  definition: string;
}

const INDEXES = `
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE i.indrelid = ANY ($1::oid[]) AND c.relkind = 'i' AND i.indisready`;

/**
 * Only indexes that their definition alone restores exactly, that refuse no row because of its values, that call no
 * user-defined function, and whose creation fires no event trigger.
 */
const LATE_INDEXES_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, t.oid AS "tableOid", json_build_object('schema', tn.nspname, 'name', t.relname) AS "table",
    pg_get_indexdef(c.oid) AS definition
  ${INDEXES}
    AND NOT i.indisunique AND NOT i.indisexclusion AND i.indisvalid AND NOT i.indisclustered AND NOT i.indisreplident
    AND i.indexprs IS NULL AND i.indpred IS NULL AND NOT c.relispartition AND c.reltablespace = 0 AND c.relam < ${FIRST_NORMAL_OID}
    AND NOT EXISTS (SELECT FROM unnest(i.indclass::oid[]) AS o (oid) WHERE o.oid >= ${FIRST_NORMAL_OID})
    AND NOT EXISTS (SELECT FROM pg_description d WHERE d.objoid = c.oid AND d.classoid = 'pg_class'::regclass)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'x'))
    AND NOT EXISTS (SELECT FROM pg_event_trigger WHERE evtenabled <> 'D' AND evtevent <> 'login')
    AND pg_has_role(t.relowner, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE')
  ORDER BY n.nspname, c.relname`;

/** Drops the indexes that can be built again after the load. @param oids of locked tables and partitions */
export async function dropIndexes(
  client: pg.ClientBase,
  oids: readonly number[],
): Promise<LateIndex[]> {
  const { rows } = await client.query<LateIndex>(LATE_INDEXES_SQL, [oids]);
  if (rows.length > 0) await client.query(`DROP INDEX ${rows.map(quoteTable).join(", ")}`);
  return rows;
}

/** Builds an index again, in the tablespace where it was. */
export async function createIndex(client: pg.ClientBase, { definition }: LateIndex): Promise<void> {
  await client.query(`SET LOCAL default_tablespace = ''; ${definition}`);
}

/** Indexes whose functions seem to read tables, by their text. Their content may depend on rows loaded later. */
const READING_INDEXES_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, json_build_object('schema', tn.nspname, 'name', t.relname) AS "table"
  ${INDEXES} AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
    AND EXISTS (SELECT p.oid FROM ${userFunctionsOf("pg_class", "c.oid")} AND ${SEEMS_TO_READ})
  ORDER BY n.nspname, c.relname`;

/**
 * Rebuilds the indexes whose functions may read tables. Call it when all rows are loaded.
 *
 * @param oids of tables and partitions, which are locked
 * @returns a warning for each index that could not be rebuilt; it stays as it was when its rows were loaded
 */
export async function rebuildReadingIndexes(
  client: pg.ClientBase,
  oids: readonly number[],
): Promise<Warning[]> {
  const { rows } = await client.query<TableName & { table: TableName }>(READING_INDEXES_SQL, [
    oids,
  ]);
  const warnings: Warning[] = [];
  for (const index of rows) {
    if (!(await tryStatement(client, `REINDEX INDEX ${quoteTable(index)}`))) continue;
    warnings.push({
      code: "INDEX_NOT_REBUILT",
      message: `The index ${tableLabel(index)} calls a function that may read other tables, and could not be rebuilt when all rows were there. A query that uses it may miss rows. Run REINDEX INDEX ${quoteTable(index)}; if that fails, give its function a search_path of its own first.`,
      table: index.table,
    });
  }
  return warnings;
}
