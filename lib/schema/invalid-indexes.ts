import type pg from "pg";
import type { TableName, Warning } from "../shared/api.ts";
import { type DropStatement, dropStatementOf } from "./drop-statement.ts";
import { notOfExtension, USER_NAMESPACE } from "./user-objects.ts";

/**
 * Indexes that `CREATE INDEX CONCURRENTLY` or `REINDEX CONCURRENTLY` left INVALID. PostgreSQL still adds each inserted
 * row to them. Only those that can refuse a row: unique, exclusion, or with an expression or condition.
 */
const INVALID_INDEXES_SQL = `
  SELECT n.nspname AS schema, r.relname AS name, format('%I.%I', x.nspname, c.relname) AS index, ${dropStatementOf("c.oid")} AS drop
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace x ON x.oid = c.relnamespace
  JOIN pg_class r ON r.oid = coalesce(pg_partition_root(i.indrelid), i.indrelid)
  JOIN pg_namespace n ON n.oid = r.relnamespace
  WHERE NOT i.indisvalid AND i.indislive AND i.indisready AND c.relkind = 'i'
    AND (i.indisunique OR i.indisexclusion OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
    AND r.relkind IN ('r', 'p') AND ${USER_NAMESPACE} AND ${notOfExtension("pg_class", "r.oid")}
  ORDER BY x.nspname COLLATE "C", c.relname COLLATE "C"`;

/** Returns a warning for each INVALID index that may refuse the rows of a restore. */
export async function readInvalidIndexes(client: pg.ClientBase): Promise<Warning[]> {
  const { rows } = await client.query<TableName & { index: string; drop: DropStatement }>(
    INVALID_INDEXES_SQL,
  );
  return rows.map(({ schema, name, index, drop }) => ({
    code: "INVALID_INDEX",
    message: `The index ${index} of ${schema}.${name} is INVALID, and yet may refuse the rows of a restore into this database. pg_dump leaves it out. Drop it: ${drop.sql}`,
    table: { schema, name },
  }));
}
