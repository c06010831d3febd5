import pg from "pg";
import { BackupError } from "../../errors.ts";
import type { LeaveOut, TableName } from "../../shared/api.ts";
import type { ErrorCode } from "../../shared/error-codes.ts";
import { tableLabel } from "../../shared/table-name.ts";
import { holdersBehind } from "../connection/session-waits.ts";
import { lockTimeout } from "../lock-holders.ts";
import { describeKey } from "../sample-values.ts";
import type { BlamedRows } from "./blamed-rows.ts";
import { describeDamage } from "./damage.ts";
import { describeNotFound, isNotFound } from "./not-found.ts";
import * as SQLSTATE from "./sqlstate.ts";
import { isRecoveryConflict, READ_ONLY, RECOVERY_CONFLICT } from "./standby.ts";
import { isTextError, meaningOfTextError } from "./text-errors.ts";

/** Where in a dump or load an error happened, for its message. */
export interface ErrorPlace {
  /** The code for errors that have none of their own. */
  fallback: ErrorCode;
  /** Whether anything changed: "Nothing was changed." or "No backup was made." */
  outcome: string;
  table?: TableName;
  /** First and last row, counted from 1, in the order of the archive. */
  rows?: [number, number];
  /** The rows, if they are known. Otherwise the key is taken from PostgreSQL's own message. */
  blamed?: BlamedRows | undefined;
  /** Used if PostgreSQL does not name it. */
  column?: string | undefined;
  constraint?: string | undefined;
  /** What to do, if more is known than the SQLSTATE tells. */
  remedy?: string | undefined;
  /** What happened and what to do, if more is known than the code tells. */
  meaning?: Meaning | undefined;
  /** What can be left out so that the operation can continue. */
  leaveOut?: LeaveOut | undefined;
}

export interface Meaning {
  code?: ErrorCode;
  what: string;
  hint: string;
}

export const REFUSED = "PostgreSQL refused a statement";
export const LACKS_RIGHT = "The database role lacks a right";

const VIOLATED = "The data violate a constraint";

export const LOST = {
  what: "The connection to the database was lost",
  hint: "Check the server and the network, then try again.",
};

/** SQLSTATEs and their classes, which are two characters. */
export const MEANING: Record<string, Meaning> = {
  [SQLSTATE.QUERY_CANCELED]: {
    code: "ABORTED",
    what: "The operation was cancelled",
    hint: "Start it again when you are ready.",
  },
  [SQLSTATE.DEADLOCK_DETECTED]: {
    code: "LOCK_TIMEOUT",
    what: "Two sessions waited for each other's locks and PostgreSQL ended this one",
    hint: "Try again.",
  },
  [SQLSTATE.INSUFFICIENT_PRIVILEGE]: {
    code: "INSUFFICIENT_PRIVILEGE",
    what: LACKS_RIGHT,
    hint: "Connect as the owner of the tables.",
  },
  [SQLSTATE.DISK_FULL]: {
    what: "The database server's disk is full",
    hint: "Make room on the database server, then try again.",
  },
  [SQLSTATE.OUT_OF_MEMORY]: {
    what: "The database server is out of memory",
    hint: "Look at the database server's memory settings, then try again. With thousands of tables, max_locks_per_transaction may be what is too low.",
  },
  [SQLSTATE.READ_ONLY_SQL_TRANSACTION]: READ_ONLY,
  [SQLSTATE.PROGRAM_LIMIT_EXCEEDED]: {
    what: "Something is larger than PostgreSQL allows, such as a value in an index",
    hint: "If it is an index: drop it, restore, and make one that takes such values.",
  },
  "57": {
    what: "The database server ended the connection",
    hint: "Find out why in the server's log (restart, failover, terminated by an administrator), then try again.",
  },
  "08": LOST,
  [SQLSTATE.FOREIGN_KEY_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: "Rows refer to rows that are not there",
    hint: "The rows that are referred to are neither in the backup nor in a table that stays as it is. Use a backup that holds them, and leave out no table that they belong to.",
  },
  [SQLSTATE.NOT_NULL_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "Use a backup that has a value there. Or let the column be NULL, restore, fill in what is missing, and require it again.",
  },
  [SQLSTATE.UNIQUE_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "Rows have the same value in a unique column. Drop the constraint, restore, correct the rows, and add it again.",
  },
  [SQLSTATE.EXCLUSION_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "Rows exclude each other. Drop the constraint, restore, correct the rows, and add it again.",
  },
  [SQLSTATE.CHECK_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "Use a backup whose rows fulfil it. Or drop the constraint, restore, add it as NOT VALID, correct the rows, and validate it.",
  },
  "23": {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "The backup's rows do not fit the constraints of this database. Compare the schema with that of the time of the backup.",
  },
  "22": {
    what: "A value does not fit its column",
    hint: "Compare the column's type with that of the time of the backup.",
  },
};

const NO_PARTITION: Meaning = {
  code: "CONSTRAINT_VIOLATED",
  what: "Rows belong to no partition",
  hint: "Make partitions for these rows before the restore, or a default one.",
};

/** A row without a partition gets the SQLSTATE of a CHECK violation, but no constraint name. */
export const isWithoutPartition = ({ code, routine }: pg.DatabaseError): boolean =>
  code === SQLSTATE.CHECK_VIOLATION && /Partition/.test(routine ?? "");

function meaningOf(error: pg.DatabaseError, table: TableName | undefined): Meaning | undefined {
  if (isWithoutPartition(error)) return NO_PARTITION;
  if (isNotFound(error)) return describeNotFound(error, table);
  const trouble = troubleOf(error);
  if (trouble) return trouble;
  if (isTextError(error)) {
    const { has, hint } = meaningOfTextError(error);
    return { what: `A text has ${has}`, hint };
  }
  const { code = "" } = error;
  return MEANING[code] ?? MEANING[code.slice(0, 2)];
}

/** What is wrong with the server, whatever the statement. */
export const troubleOf = (error: pg.DatabaseError): Meaning | undefined =>
  describeDamage(error) ?? (isRecoveryConflict(error) ? RECOVERY_CONFLICT : undefined);

/**
 * Translates a PostgreSQL error for people: what happened, to which table, constraint or column, and whether anything
 * changed. Keys of rows appear only in `details`. Other values, which PostgreSQL puts into its own details, stay in the
 * `cause`.
 */
export function translateDatabaseError(error: unknown, place: ErrorPlace): unknown {
  if (error instanceof BackupError) return error;
  if (!(error instanceof pg.DatabaseError)) {
    if (!isConnectionLost(error)) return error;
    const { what, hint } = LOST;
    return new BackupError(place.fallback, `${what}. ${place.outcome}`, { hint, cause: error });
  }
  const { code: sqlState = "", schema, table: name } = error;
  const table = place.table ?? (schema && name ? { schema, name } : undefined);
  if (sqlState === SQLSTATE.LOCK_NOT_AVAILABLE)
    return lockTimeoutOf(error, place.outcome, place.table);
  const known = meaningOf(error, table);
  const meaning = place.meaning ?? known;
  const key = sqlState === SQLSTATE.UNIQUE_VIOLATION ? keyInDetail(error) : undefined;
  return placedError(
    {
      code: known?.code ?? place.fallback,
      what: meaning?.what ?? (isRaised(error) ? REFUSED : withWords(REFUSED, error)),
      hint:
        place.remedy ?? meaning?.hint ?? `PostgreSQL's log has the details (SQLSTATE ${sqlState}).`,
      cause: error,
      sqlState: error.code,
    },
    {
      ...place,
      table,
      column: error.column ?? place.column,
      constraint: error.constraint ?? place.constraint,
      blamed: place.blamed ?? (key ? { key } : undefined),
    },
  );
}

export const lockTimeoutOf = (
  error: pg.DatabaseError,
  outcome: string,
  table?: TableName,
): BackupError =>
  lockTimeout({
    what: "A table stayed locked by another session",
    outcome,
    holders: holdersBehind(error),
    details: { sqlState: error.code, table },
    cause: error,
  });

/** SQLSTATEs whose messages contain no value of a row. */
export const WORDS_ARE_SAFE = /^(?:08|0A|25|28|3D|3F|40|42|53|54|55|57|58|XX)/;

/** True if a function chose the SQLSTATE and message itself, as by RAISE. The message may contain a value. */
const isRaised = ({ file = "" }: pg.DatabaseError): boolean =>
  /^pl(?:_exec|py_|perl|tcl|v8)/.test(file);

export const withWords = (what: string, { code = "", message }: pg.DatabaseError): string =>
  WORDS_ARE_SAFE.test(code) ? `${what}: ${message}` : what;

/** Builds the error for people from a finding and its place. */
export function placedError(
  { code, what, hint, cause, sqlState }: Required<Meaning> & { cause: unknown; sqlState?: string },
  { outcome, table, rows, blamed, column, constraint, leaveOut }: ErrorPlace,
): BackupError {
  const at = [
    table && `table ${tableLabel(table)}`,
    rows && (rows[0] === rows[1] ? `row ${rows[0]}` : `rows ${rows[0]} to ${rows[1]}`),
    column && `column ${column}`,
    constraint && `constraint ${constraint}`,
  ].filter(Boolean);
  return new BackupError(code, `${what}${at.length > 0 ? ` (${at.join(", ")})` : ""}. ${outcome}`, {
    hint,
    details: { sqlState, table, rows, ...blamed, column, constraint, leaveOut },
    cause,
  });
}

/**
 * The values that repeat a unique key or refer to nothing, for example `id = 17`. The words around them are in the
 * server's language, which we cannot choose, but `(columns)=(values)` is the same in every language.
 */
export function keyInDetail({ detail = "" }: pg.DatabaseError): string | undefined {
  const [, columns, values] = /\((.+?)\)=\((.*)\)/s.exec(detail) ?? [];
  return columns && values ? describeKey([columns], [values]) : undefined;
}

/** Messages of `pg` if a connection is lost or all connections of a pool are in use. These errors have no code. */
const LOST_MESSAGES = new Set([
  "Connection terminated",
  "Connection terminated unexpectedly",
  "Connection terminated due to connection timeout",
  "Client was closed and is not queryable",
  "Client has encountered a connection error and is not queryable",
  "Query read timeout",
  "timeout exceeded when trying to connect",
]);

/** Node's error codes for a lost socket. */
const LOST_CODES =
  /^(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENETDOWN|ENETUNREACH|EHOSTUNREACH)$/;

/** Whether a statement failed because the connection was lost or none was available. */
export const isConnectionLost = (error: unknown): error is Error =>
  error instanceof Error &&
  (LOST_MESSAGES.has(error.message) || ("code" in error && LOST_CODES.test(String(error.code))));
