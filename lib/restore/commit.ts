import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { BackupError } from "../errors.ts";
import { type Database, stopWaitingOnAbort } from "../postgres/connection/connection.ts";
import {
  currentTransactionId,
  requireDurableCommit,
  type TransactionStatus,
  truncationStatus,
} from "../postgres/transaction.ts";
import type { RestoreSession } from "./restore-session.ts";

/** Begins the transaction of a restore. @returns its number, by which PostgreSQL can report the outcome later */
export async function begin(client: pg.ClientBase): Promise<string> {
  // Each statement sees everything committed before it, so the locked tables are read in their current state.
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  // row_security off: get an error instead of rows that a policy hides. IMMEDIATE: a table with pending checks cannot
  // be altered.
  await client.query("SET LOCAL row_security = off; SET CONSTRAINTS ALL IMMEDIATE");
  await requireDurableCommit(client);
  return await currentTransactionId(client);
}

/**
 * Commits. If the answer is lost, asks PostgreSQL for the transaction's outcome.
 *
 * @param changed oids of the restored tables and their partitions
 * @param signal from the caller: ends the wait for a synchronous standby. The commit remains valid.
 * @returns false if that wait was ended
 */
export async function commit(
  { client, database }: RestoreSession,
  xid: string,
  changed: readonly number[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let isReplicated = true;
  // PostgreSQL reports it by a warning.
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
      "The connection was lost during the restore's commit. It is not known yet whether the restore was committed.",
      {
        hint: `Look into the tables: all hold the backup's rows, or none does. If the server has not crashed, it knows the answer: SELECT pg_xact_status('${xid}') says “committed” or “aborted”.`,
        details: { xid },
        cause: error,
      },
    );
  } finally {
    stopListening();
  }
}

const SETTLE_ATTEMPTS = 20;

/** Retries for some seconds, because a server may be restarting, or may not have noticed that its client is gone. */
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
