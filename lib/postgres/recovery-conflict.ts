import pg from "pg";

/** Serialization failure, or deadlock: with what is replayed, and not with another session. */
const CODES = ["40001", "40P01"];

/**
 * A standby has ended a statement, or the connection, since it could not wait any longer to replay what the primary did.
 * By what raised it: the words are in the server's language.
 */
export const isRecoveryConflict = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  CODES.includes(error.code ?? "") &&
  /^Process(?:Interrupts|RecoveryConflict)/.test(error.routine ?? "");

export const RECOVERY_CONFLICT = {
  what: "This server is a standby, and ended the work to go on with replication",
  hint: "Give it more time on the standby: hot_standby_feedback = on keeps the rows that are read, and a greater max_standby_streaming_delay lets replication wait. Or use the primary server's connection string.",
};

/** A conflict passes: as many attempts as a backup makes. */
export const CONFLICT_ATTEMPTS = 3;
