import pg from "pg";
import { BackupError } from "../../errors.ts";
import {
  isConnectionLost,
  LACKS_RIGHT,
  LOST,
  lockTimeoutOf,
  MEANING,
  type Meaning,
  REFUSED,
  troubleOf,
  WORDS_ARE_SAFE,
  withWords,
} from "./database-error.ts";
import { INSUFFICIENT_PRIVILEGE, LOCK_NOT_AVAILABLE, QUERY_CANCELED } from "./sqlstate.ts";

const IS_UNREACHABLE = /^(?:08|28|3D|53300|57P0)/;

/** What SQLSTATEs and their classes mean for a statement outside dumps and loads. */
const ELSEWHERE: Record<string, Meaning> = {
  [QUERY_CANCELED]: {
    what: "PostgreSQL ended a statement before it was done",
    hint: "Try again. If a time limit has ended it, raise that of the role or database.",
  },
  [INSUFFICIENT_PRIVILEGE]: {
    code: "INSUFFICIENT_PRIVILEGE",
    what: LACKS_RIGHT,
    hint: "Grant it to the role, or connect as another one.",
  },
  "42": { what: REFUSED, hint: "Look at what these words name, then try again." },
  "53": {
    what: "The database server has too little of something",
    hint: "Give it more, or wait until others need less, then try again.",
  },
  "58": {
    what: "The database server cannot read or write a file",
    hint: "Look at the server's disk and log, then try again.",
  },
  XX: {
    what: "The database server reports an internal error, for example because its catalog or storage is damaged",
    hint: "Look into PostgreSQL's log. If pg_dump ends with the same words, what they name has to be mended, or the database restored from a backup.",
  },
};

/**
 * Describes a PostgreSQL error of a statement outside dumps and loads, which describe their own errors in more detail.
 * Uses the SQLSTATE, and PostgreSQL's message if it contains no value of a row.
 *
 * @returns null if it is not a PostgreSQL error
 */
export function describeStatementError(error: unknown): BackupError | null {
  if (error instanceof pg.DatabaseError) {
    const { code: sqlState = "", message } = error;
    if (sqlState === LOCK_NOT_AVAILABLE) return lockTimeoutOf(error, "Nothing was changed.");
    const { code, what, hint } = meaningOf(error, sqlState);
    return new BackupError(
      code ?? (IS_UNREACHABLE.test(sqlState) ? "DATABASE_UNREACHABLE" : "DATABASE_ERROR"),
      `${what.includes(message) ? what : withWords(what, error)} (${sqlState}).`,
      { hint, details: { sqlState }, cause: error },
    );
  }
  if (!isConnectionLost(error)) return null;
  const { what, hint } = LOST;
  return new BackupError("DATABASE_UNREACHABLE", `${what}: ${error.message}.`, {
    hint,
    cause: error,
  });
}

function meaningOf(error: pg.DatabaseError, sqlState: string): Meaning {
  const sqlClass = sqlState.slice(0, 2);
  const known = WORDS_ARE_SAFE.test(sqlState)
    ? (MEANING[sqlState] ?? ELSEWHERE[sqlClass] ?? MEANING[sqlClass])
    : undefined;
  return (
    troubleOf(error) ??
    ELSEWHERE[sqlState] ??
    known ?? {
      what: REFUSED,
      hint: "Try again. If it stays so, PostgreSQL's log tells more.",
    }
  );
}
