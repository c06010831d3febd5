import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import { hasSqlState, INVALID_PARAMETER_VALUE } from "./errors/sqlstate.ts";
import { quoteTable } from "./identifiers.ts";

/** Assigns an ID to the transaction, by which it is known even after its connection is gone. */
export async function currentTransactionId(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ xid: string }>(
    "SELECT pg_catalog.pg_current_xact_id()::text AS xid",
  );
  if (!rows[0]) throw new Error("pg_current_xact_id() gave no row");
  return rows[0].xid;
}

/** Makes the transaction's commit wait for the disk. Otherwise a crash moments later would undo a reported success. */
export async function requireDurableCommit(client: pg.ClientBase): Promise<void> {
  // All other values wait for at least as much as `on` would, so leave them.
  await client.query(
    "SELECT pg_catalog.set_config('synchronous_commit', 'on', true) WHERE pg_catalog.current_setting('synchronous_commit') = 'off'",
  );
}

/** `unknown`: the transaction is so old that PostgreSQL has forgotten it. */
export type TransactionStatus = "committed" | "aborted" | "in progress" | "unknown";

/** What became of a transaction, according to the server and independent of the process that ran it. */
export async function transactionStatus(pool: pg.Pool, xid: string): Promise<TransactionStatus> {
  const { rows } = await pool.query<{ status: TransactionStatus | null }>(
    "SELECT pg_catalog.pg_xact_status($1::xid8) AS status",
    [xid],
  );
  return rows[0]?.status ?? "unknown";
}

/** Makes a table's catalog entry carry the transaction's ID, as TRUNCATE does. The option does not exist. */
export async function bearTransactionId(client: pg.ClientBase, table: TableName): Promise<void> {
  await client.query(`ALTER TABLE ${quoteTable(table)} RESET (prisma_backup_admin)`);
}

/**
 * What became of a transaction that changed tables. Works even if the server crashed or another one took its place:
 * such a server may have forgotten the transaction and given its ID to another one.
 *
 * @param changed OIDs of some of the tables that the transaction truncated or marked by `bearTransactionId`. Their
 *   catalog entries carry the transaction's ID once it is committed
 */
export async function truncationStatus(
  pool: pg.Pool,
  xid: string,
  changed: readonly number[],
): Promise<TransactionStatus> {
  try {
    const status = await transactionStatus(pool, xid);
    if (status !== "committed" || changed.length === 0) return status;
    const { rowCount } = await pool.query(
      "SELECT FROM pg_catalog.pg_class WHERE oid = ANY ($1::oid[]) AND xmin = pg_catalog.xid($2::xid8) LIMIT 1",
      [changed, xid],
    );
    return rowCount === 1 ? "committed" : "unknown";
  } catch (error) {
    if (isInFuture(error)) return "aborted";
    throw error;
  }
}

/** True for the error about a transaction ID that the server has not assigned yet. */
export const isInFuture = (error: unknown): boolean => hasSqlState(error, INVALID_PARAMETER_VALUE);
