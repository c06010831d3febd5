import type pg from "pg";
import type { TableName, Warning } from "../shared/api.ts";
import { notOfExtension, USER_NAMESPACE } from "./user-objects.ts";

const OTHER_RELATIONS_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relispartition AS "isPartition"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('f', 'm') AND ${USER_NAMESPACE} AND ${notOfExtension("pg_class", "c.oid")}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/**
 * Temporary tables of all sessions, each name once. A restore's own are never committed, so no other session sees them.
 */
const TEMPORARY_TABLES_SQL = `
  SELECT c.relname AS name, count(DISTINCT c.relnamespace)::int AS sessions
  FROM pg_class c
  WHERE c.relpersistence = 't' AND c.relkind IN ('r', 'p')
  GROUP BY c.relname
  ORDER BY c.relname COLLATE "C"`;

/** Returns a warning for everything that holds data and is not in a backup, except what belongs to extensions. */
export async function readLeftOut(client: pg.ClientBase): Promise<Warning[]> {
  return [
    ...(await readOtherRelations(client)),
    ...(await readTemporaryTables(client)),
    ...(await countLargeObjects(client)),
  ];
}

async function readOtherRelations(client: pg.ClientBase): Promise<Warning[]> {
  const { rows } = await client.query<TableName & { kind: string; isPartition: boolean }>(
    OTHER_RELATIONS_SQL,
  );
  return rows.map(({ schema, name, kind, isPartition }) => {
    const table = { schema, name };
    if (isPartition) {
      return {
        code: "FOREIGN_PARTITION",
        message: `${schema}.${name} is a partition on another server: its rows are not in the backup, nor changed by a restore. Those of the other partitions are.`,
        table,
      };
    }
    return kind === "f"
      ? {
          code: "FOREIGN_TABLE",
          message: `${schema}.${name} is a foreign table: its rows are on another server and not in the backup.`,
          table,
        }
      : {
          code: "MATERIALIZED_VIEW",
          message: `${schema}.${name} is a materialised view: it is computed from other tables and not in the backup. A restore refreshes it if it held rows, and says so if it cannot.`,
          table,
        };
  });
}

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
  return [
    {
      code: "LARGE_OBJECTS",
      message: `${count} large object${count === 1 ? "" : "s"} (lo) ${count === 1 ? "is" : "are"} not in the backup. Use pg_dump for ${count === 1 ? "it" : "them"}.`,
    },
  ];
}
