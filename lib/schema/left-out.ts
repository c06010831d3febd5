import type pg from "pg";
import type { TableName, Warning } from "../shared/api.ts";
import { type DropStatement, dropStatementOf } from "./drop-statement.ts";
import { notOfExtension, USER_NAMESPACE } from "./user-objects.ts";

/** Warns of what holds data and is not in a backup, except of extensions, and of indexes that pg_dump leaves out. */
export async function readLeftOut(client: pg.ClientBase): Promise<Warning[]> {
  return [
    ...(await readOtherRelations(client)),
    ...(await readTemporaryTables(client)),
    ...(await countLargeObjects(client)),
    ...(await readInvalidIndexes(client)),
  ];
}

const OTHER_RELATIONS_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, CASE WHEN c.relispartition THEN 'partition' ELSE c.relkind::text END AS kind
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('f', 'm') AND ${USER_NAMESPACE} AND ${notOfExtension("pg_class", "c.oid")}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

const OTHER_RELATIONS = {
  partition: {
    code: "FOREIGN_PARTITION",
    what: "is a partition on another server: its rows are not in the backup, nor changed by a restore. Those of the other partitions are.",
  },
  f: {
    code: "FOREIGN_TABLE",
    what: "is a foreign table: its rows are on another server and not in the backup.",
  },
  m: {
    code: "MATERIALIZED_VIEW",
    what: "is a materialised view: it is computed from other tables and not in the backup. A restore refreshes it if it held rows, and says so if it cannot.",
  },
} as const;

async function readOtherRelations(client: pg.ClientBase): Promise<Warning[]> {
  const { rows } = await client.query<TableName & { kind: keyof typeof OTHER_RELATIONS }>(
    OTHER_RELATIONS_SQL,
  );
  return rows.map(({ schema, name, kind }) => {
    const { code, what } = OTHER_RELATIONS[kind];
    return { code, message: `${schema}.${name} ${what}`, table: { schema, name } };
  });
}

/** Of all sessions, each name once. A restore's own are never committed, so no other session sees them. */
const TEMPORARY_TABLES_SQL = `
  SELECT c.relname AS name, count(DISTINCT c.relnamespace)::int AS sessions
  FROM pg_class c
  WHERE c.relpersistence = 't' AND c.relkind IN ('r', 'p')
  GROUP BY c.relname
  ORDER BY c.relname COLLATE "C"`;

async function readTemporaryTables(client: pg.ClientBase): Promise<Warning[]> {
  const { rows } = await client.query<{ name: string; sessions: number }>(TEMPORARY_TABLES_SQL);
  return rows.map(({ name, sessions }) => ({
    code: "TEMPORARY_TABLE",
    message: `${name} is a temporary table${sessions === 1 ? "" : ` of ${sessions} sessions`} and not in the backup.`,
    table: { schema: "pg_temp", name },
  }));
}

async function countLargeObjects(client: pg.ClientBase): Promise<Warning[]> {
  const { rows } = await client.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_largeobject_metadata",
  );
  const count = rows[0]?.count ?? 0;
  if (count === 0) return [];
  const [what, it] = count === 1 ? ["object (lo) is", "it"] : ["objects (lo) are", "them"];
  const message = `${count} large ${what} not in the backup. Use pg_dump for ${it}.`;
  return [{ code: "LARGE_OBJECTS", message }];
}

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
async function readInvalidIndexes(client: pg.ClientBase): Promise<Warning[]> {
  const { rows } = await client.query<TableName & { index: string; drop: DropStatement }>(
    INVALID_INDEXES_SQL,
  );
  return rows.map(({ schema, name, index, drop }) => ({
    code: "INVALID_INDEX",
    message: `The index ${index} of ${schema}.${name} is INVALID, and yet may refuse the rows of a restore into this database. pg_dump leaves it out. Drop it: ${drop.sql}`,
    table: { schema, name },
  }));
}
