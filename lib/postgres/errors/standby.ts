import type pg from "pg";
import { BackupError } from "../../errors.ts";
import { DEADLOCK_DETECTED, hasSqlState, SERIALIZATION_FAILURE } from "./sqlstate.ts";

const HINT = "Use the primary server's connection string.";

/** @param outcome whether anything changed, in the usual words */
export const standbyError = (outcome: string, cause?: unknown): BackupError =>
  new BackupError(
    "DATABASE_READ_ONLY",
    `The database takes no writes: this server is a standby (a read replica). ${outcome}`,
    { hint: HINT, cause },
  );

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

/**
 * True if a standby ended a statement or the connection because it could no longer delay replaying the primary's
 * changes. Recognised by the C function that raised the error, because the message is in the server's language.
 */
export const isRecoveryConflict = (error: unknown): boolean =>
  hasSqlState(error, SERIALIZATION_FAILURE, DEADLOCK_DETECTED) &&
  /^Process(?:Interrupts|RecoveryConflict)/.test(error.routine ?? "");

export const RECOVERY_CONFLICT = {
  what: "This server is a standby, and ended the work to go on with replication",
  hint: "Give it more time on the standby: hot_standby_feedback = on keeps the rows that are read, and a greater max_standby_streaming_delay lets replication wait. Or use the primary server's connection string.",
};

/** A conflict passes, so try again. A backup makes as many attempts. */
export const CONFLICT_ATTEMPTS = 3;
