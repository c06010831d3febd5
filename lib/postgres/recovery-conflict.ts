import pg from "pg";

/** Serialization failure or deadlock. Here the conflict is with replay, not with another session. */
const CODES = ["40001", "40P01"];

/**
 * True if a standby ended a statement or the connection because it could no longer delay replaying the primary's
 * changes. Recognised by the C function that raised the error, because the message is in the server's language.
 */
export const isRecoveryConflict = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  CODES.includes(error.code ?? "") &&
  /^Process(?:Interrupts|RecoveryConflict)/.test(error.routine ?? "");

export const RECOVERY_CONFLICT = {
  what: "This server is a standby, and ended the work to go on with replication",
  hint: "Give it more time on the standby: hot_standby_feedback = on keeps the rows that are read, and a greater max_standby_streaming_delay lets replication wait. Or use the primary server's connection string.",
};

const ATTEMPTS = 3;

/** A conflict passes, so tries again, two times. @param isPassing whether the error is such a conflict */
export async function retryOnConflict<Result>(
  run: () => Promise<Result>,
  isPassing: (error: unknown) => boolean = isRecoveryConflict,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!isPassing(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
