import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import { quoteTable } from "./identifiers.ts";

/** Gives the transaction its number. It names the transaction even after its connection is gone. */
export async function currentTransactionId(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ xid: string }>(
    "SELECT pg_catalog.pg_current_xact_id()::text AS xid",
  );
  if (!rows[0]) throw new Error("pg_current_xact_id() gave no row");
  return rows[0].xid;
}

/** Has the transaction's commit wait for the disk, or a crash moments later would undo what was said to be done. */
export async function requireDurableCommit(client: pg.ClientBase): Promise<void> {
  // Other values wait for more than this one.
  await client.query(
    "SELECT pg_catalog.set_config('synchronous_commit', 'on', true) WHERE pg_catalog.current_setting('synchronous_commit') = 'off'",
  );
}

/** `unknown`: so long ago that PostgreSQL has forgotten it. */
export type TransactionStatus = "committed" | "aborted" | "in progress" | "unknown";

/** What became of a transaction: the server's own word, whatever happened to the process that ran it. */
export async function transactionStatus(pool: pg.Pool, xid: string): Promise<TransactionStatus> {
  const { rows } = await pool.query<{ status: TransactionStatus | null }>(
    "SELECT pg_catalog.pg_xact_status($1::xid8) AS status",
    [xid],
  );
  return rows[0]?.status ?? "unknown";
}

/**
 * Has a table's entry in the catalog bear the transaction's number, as to empty it does: to reset an option that it
 * does not have writes it anew, unchanged.
 */
export async function bearTransactionId(client: pg.ClientBase, table: TableName): Promise<void> {
  await client.query(`ALTER TABLE ${quoteTable(table)} RESET (prisma_backup_admin)`);
}

/**
 * What became of a transaction that changed tables, also where the server may have crashed, or another have taken
 * its place: these may have forgotten the transaction, and given its number to another one.
 *
 * @param changed oids of tables that were emptied, or bear its number: some of them, whose entries in the catalog bear the transaction's number once it is committed
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

/** A number that the server has not given yet. */
export const isInFuture = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "22023";
