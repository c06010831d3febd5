import type pg from "pg";
import type { TableName, Warning } from "../shared/api.ts";
import { sqlName } from "../shared/sql-name.ts";
import { tableLabel } from "../shared/table-name.ts";

/**
 * An interrupted `ALTER TABLE … DETACH PARTITION … CONCURRENTLY`. A SELECT from the parent no longer returns the
 * partition's rows, and no row can be inserted into it through the parent.
 */
export interface PendingDetach {
  partition: TableName;
  parent: TableName;
}

const PENDING_DETACHES_SQL = `
  SELECT json_build_object('schema', cn.nspname, 'name', c.relname) AS partition, json_build_object('schema', pn.nspname, 'name', p.relname) AS parent
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
  JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE i.inhdetachpending AND c.relkind IN ('r', 'p', 'f')
  ORDER BY cn.nspname COLLATE "C", c.relname COLLATE "C"`;

export async function readPendingDetaches(client: pg.ClientBase): Promise<PendingDetach[]> {
  return (await client.query<PendingDetach>(PENDING_DETACHES_SQL)).rows;
}

/** The statement that completes it. The owner of the parent must run it. */
export const finalizeStatement = ({ parent, partition }: PendingDetach): string =>
  `ALTER TABLE ${sqlName(parent)} DETACH PARTITION ${sqlName(partition)} FINALIZE;`;

/** The owner must add the bounds: for a locked table, PostgreSQL would wait before telling them. */
export const attachStatement = ({ parent, partition }: PendingDetach): string =>
  `ALTER TABLE ${sqlName(parent)} ATTACH PARTITION ${sqlName(partition)} FOR VALUES …;`;

/** @param isBackedUp whether the partition's rows are in the backup as a separate table */
export const pendingDetachWarning = (pending: PendingDetach, isBackedUp: boolean): Warning => ({
  code: "PARTITION_DETACH_PENDING",
  message: `${tableLabel(pending.partition)} is a partition of ${tableLabel(pending.parent)} whose detaching was interrupted: a SELECT from ${tableLabel(pending.parent)} no longer shows its rows. ${
    isBackedUp
      ? "They are in the backup, as those of a table of its own."
      : "They are not in the backup."
  } End it, or a restore into this database is refused: ${finalizeStatement(pending)}`,
  table: pending.partition,
});
