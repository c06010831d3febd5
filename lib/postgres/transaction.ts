import type pg from "pg";

/** Gives the transaction its number. It names the transaction even after its connection is gone. */
export async function currentTransactionId(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ xid: string }>(
    "SELECT pg_catalog.pg_current_xact_id()::text AS xid",
  );
  if (!rows[0]) throw new Error("pg_current_xact_id() gave no row");
  return rows[0].xid;
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
