import type pg from "pg";
import { BackupError } from "../errors.ts";

const HINT = "Use the primary server's connection string.";

/** @param outcome whether anything changed, in the usual words */
export const standbyError = (outcome: string, cause?: unknown): BackupError =>
  new BackupError(
    "DATABASE_READ_ONLY",
    `The database takes no writes: this server is a standby (a read replica). ${outcome}`,
    { hint: HINT, cause },
  );

export const READ_ONLY_SQL_TRANSACTION = "25006";

/** For a server that refuses writes and is not known to be a standby. */
export const READ_ONLY = {
  code: "DATABASE_READ_ONLY",
  what: "The database takes no writes: its transactions are read-only",
  hint: `Find the reason: default_transaction_read_only, a host that blocks writes on a full disk, or a pooler that leads to a replica. ${HINT}`,
} as const;

/** @throws DATABASE_READ_ONLY on a standby */
export async function requireWrites(client: pg.ClientBase, outcome: string): Promise<void> {
  if (await isStandby(client)) throw standbyError(outcome);
}

export async function isStandby(client: pg.ClientBase | pg.Pool): Promise<boolean> {
  const { rows } = await client.query<{ isStandby: boolean }>(
    'SELECT pg_catalog.pg_is_in_recovery() AS "isStandby"',
  );
  return rows[0]?.isStandby === true;
}
