import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { BackupError } from "../errors.ts";
import { type Database, stopWaitingOnAbort } from "../postgres/connection.ts";
import {
  currentTransactionId,
  requireDurableCommit,
  type TransactionStatus,
  truncationStatus,
} from "../postgres/transaction.ts";
import type { RestoreSession } from "./restore-session.ts";

/** Begins the transaction of a restore. @returns its number, by which PostgreSQL tells later what became of it */
export async function begin(client: pg.ClientBase): Promise<string> {
  // Each statement sees what was committed before it, so that the locked tables are seen as they are.
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  // row_security: an error instead of rows that a policy hides. IMMEDIATE: a table with pending checks cannot be altered.
  await client.query("SET LOCAL row_security = off; SET CONSTRAINTS ALL IMMEDIATE");
  await requireDurableCommit(client);
  return await currentTransactionId(client);
}

/**
 * Commits. If the answer is lost, asks PostgreSQL what became of the transaction.
 *
 * @param changed oids of the restored tables and their partitions
 * @param signal of the caller: ends the wait for a synchronous standby. The commit stands all the same
 * @returns false if that wait was ended
 */
export async function commit(
  { client, database }: RestoreSession,
  xid: string,
  changed: readonly number[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let isReplicated = true;
  // PostgreSQL says so by a warning.
  client.on("notice", ({ routine }) => {
    if (routine === "SyncRepWaitForLSN") isReplicated = false;
  });
  const stopListening = stopWaitingOnAbort(client, database, signal);
  try {
    const { command } = await client.query("COMMIT");
    if (command !== "COMMIT") throw new Error("PostgreSQL rolled the transaction back");
    return isReplicated;
  } catch (error) {
    const status = await settledStatus(database, xid, changed);
    if (status === "committed") return isReplicated;
    if (status === "aborted") throw error;
    throw new BackupError(
      "INTERRUPTED",
      "The connection was lost while the restore was being committed. Whether it was is not known yet.",
      {
        hint: `Look into the tables: all hold the archive's rows, or none does. Unless it has crashed, the server knows as well: SELECT pg_xact_status('${xid}') says “committed” or “aborted”.`,
        details: { xid },
        cause: error,
      },
    );
  } finally {
    stopListening();
  }
}

const SETTLE_ATTEMPTS = 20;

/** A server that was restarted, or has not noticed yet that its client is gone, needs a moment. */
async function settledStatus(
  { pool }: Database,
  xid: string,
  changed: readonly number[],
): Promise<TransactionStatus> {
  let status: TransactionStatus = "unknown";
  for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt++) {
    if (attempt > 0) await setTimeout(500);
    status = await truncationStatus(pool, xid, changed).catch(() => "in progress" as const);
    if (status !== "in progress") break;
  }
  return status;
}
