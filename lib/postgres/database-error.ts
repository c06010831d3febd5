import pg from "pg";
import { BackupError } from "../errors.ts";
import type { LeaveOut, TableName } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { BlamedRows } from "./blamed-rows.ts";
import { isConnectionLost } from "./connection-lost.ts";
import { describeDamage } from "./damage.ts";
import { lockTimeout } from "./lock-holders.ts";
import { describeNotFound, isNotFound } from "./not-found.ts";
import { READ_ONLY, READ_ONLY_SQL_TRANSACTION } from "./read-only.ts";
import { isRecoveryConflict, RECOVERY_CONFLICT } from "./recovery-conflict.ts";
import { describeKey } from "./sample-values.ts";
import { holdersBehind } from "./session-waits.ts";
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
  meaning?: { what: string; hint: string } | undefined;
  /** What can be left out so that the operation can continue. */
  leaveOut?: LeaveOut | undefined;
}

const LOCK_NOT_AVAILABLE = "55P03";

export const NOT_NULL_VIOLATION = "23502";
export const FOREIGN_KEY_VIOLATION = "23503";
export const UNIQUE_VIOLATION = "23505";
export const CHECK_VIOLATION = "23514";
export const EXCLUSION_VIOLATION = "23P01";

const VIOLATED = "The data violate a constraint";
const REFUSED = "PostgreSQL refused a statement";

/** SQLSTATEs that need a specific explanation. Exact codes come before classes, which are two characters. */
const MEANING: Record<string, { code?: ErrorCode; what: string; hint: string }> = {
  "57014": {
    code: "ABORTED",
    what: "The operation was cancelled",
    hint: "Start it again when you are ready.",
  },
  "40P01": {
    code: "LOCK_TIMEOUT",
    what: "Two sessions waited for each other's locks and PostgreSQL ended this one",
    hint: "Try again.",
  },
  "42501": {
    code: "INSUFFICIENT_PRIVILEGE",
    what: "The database role lacks a right",
    hint: "Connect as the owner of the tables.",
  },
  "53100": {
    what: "The database server's disk is full",
    hint: "Make room on the database server, then try again.",
  },
  "53200": {
    what: "The database server is out of memory",
    hint: "Look at the database server's memory settings, then try again. With thousands of tables, max_locks_per_transaction may be what is too low.",
  },
  [READ_ONLY_SQL_TRANSACTION]: READ_ONLY,
  "54000": {
    what: "Something is larger than PostgreSQL allows, such as a value in an index",
    hint: "If it is an index: drop it, restore, and make one that takes such values.",
  },
  "57": {
    what: "The database server ended the connection",
    hint: "Find out why in the server's log (restart, failover, terminated by an administrator), then try again.",
  },
  "08": {
    what: "The connection to the database was lost",
    hint: "Check the server and the network, then try again.",
  },
  [FOREIGN_KEY_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: "Rows refer to rows that are not there",
    hint: "The rows that are referred to are neither in the backup nor in a table that stays as it is. Use a backup that holds them, and leave out no table that they belong to.",
  },
  [NOT_NULL_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "Use a backup that has a value there. Or let the column be NULL, restore, fill in what is missing, and require it again.",
  },
  [UNIQUE_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "Rows have the same value in a unique column. Drop the constraint, restore, correct the rows, and add it again.",
  },
  [EXCLUSION_VIOLATION]: {
    code: "CONSTRAINT_VIOLATED",
    what: VIOLATED,
    hint: "Rows exclude each other. Drop the constraint, restore, correct the rows, and add it again.",
  },
  [CHECK_VIOLATION]: {
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

const NO_PARTITION: (typeof MEANING)[string] = {
  code: "CONSTRAINT_VIOLATED",
  what: "Rows belong to no partition",
  hint: "Make partitions for these rows before the restore, or a default one.",
};

/** A row without a partition gets the SQLSTATE of a CHECK violation, but no constraint name. */
export const isWithoutPartition = ({ code, routine }: pg.DatabaseError): boolean =>
  code === CHECK_VIOLATION && /Partition/.test(routine ?? "");

function meaningOf(
  error: pg.DatabaseError,
  table: TableName | undefined,
): (typeof MEANING)[string] | undefined {
  if (isWithoutPartition(error)) return NO_PARTITION;
  if (isNotFound(error)) return describeNotFound(error, table);
  const damage = describeDamage(error);
  if (damage) return damage;
  if (isRecoveryConflict(error)) return RECOVERY_CONFLICT;
  const ofText = isTextError(error) ? meaningOfTextError(error) : undefined;
  if (ofText) return { what: `A text has ${ofText.has}`, hint: ofText.hint };
  const { code = "" } = error;
  return MEANING[code] ?? MEANING[code.slice(0, 2)];
}

/**
 * Translates a PostgreSQL error for people: what happened, to which table, constraint or column, and whether anything
 * changed. Keys of rows appear only in `details`. Other values, which PostgreSQL puts into its own details, stay in the
 * `cause`.
 */
export function translateDatabaseError(error: unknown, place: ErrorPlace): unknown {
  if (error instanceof BackupError) return error;
  if (!(error instanceof pg.DatabaseError)) {
    if (!isConnectionLost(error)) return error;
    return new BackupError(
      place.fallback,
      `The connection to the database was lost. ${place.outcome}`,
      { hint: MEANING["08"]?.hint, cause: error },
    );
  }
  const sqlState = error.code ?? "";
  if (sqlState === LOCK_NOT_AVAILABLE) return lockTimeoutOf(error, place.outcome, place.table);
  const table =
    place.table ??
    (error.schema && error.table ? { schema: error.schema, name: error.table } : undefined);
  const known = meaningOf(error, table);
  const meaning = place.meaning ?? known;
  const column = error.column ?? place.column;
  const constraint = error.constraint ?? place.constraint;
  const key = sqlState === UNIQUE_VIOLATION ? keyInDetail(error) : undefined;
  const blamed = place.blamed ?? (key ? { key } : undefined);
  return placedError(
    {
      code: known?.code ?? place.fallback,
      what: meaning?.what ?? (isRaised(error) ? REFUSED : withWords(REFUSED, error)),
      hint:
        place.remedy ?? meaning?.hint ?? `PostgreSQL's log has the details (SQLSTATE ${sqlState}).`,
      cause: error,
      sqlState,
      constraint,
    },
    { ...place, table, column, blamed },
  );
}

const lockTimeoutOf = (error: pg.DatabaseError, outcome: string, table?: TableName): BackupError =>
  lockTimeout({
    what: "A table stayed locked by another session",
    outcome,
    holders: holdersBehind(error),
    details: { sqlState: LOCK_NOT_AVAILABLE, ...(table && { table }) },
    cause: error,
  });

/** SQLSTATEs whose messages contain no value of a row. */
const WORDS_ARE_SAFE = /^(?:08|0A|25|28|3D|3F|40|42|53|54|55|57|58|XX)/;
const IS_UNREACHABLE = /^(?:08|28|3D|53300|57P0)/;

/** What the SQLSTATEs mean for a statement outside dumps and loads. */
const ELSEWHERE: typeof MEANING = {
  "57014": {
    what: "PostgreSQL ended a statement before it was done",
    hint: "Try again. If a time limit has ended it, raise that of the role or database.",
  },
  "42501": {
    code: "INSUFFICIENT_PRIVILEGE",
    what: "The database role lacks a right",
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
    const { code: sqlState = "" } = error;
    if (sqlState === LOCK_NOT_AVAILABLE) return lockTimeoutOf(error, "Nothing was changed.");
    const { code, what, hint } = elsewhere(error, sqlState);
    return new BackupError(
      code ?? (IS_UNREACHABLE.test(sqlState) ? "DATABASE_UNREACHABLE" : "DATABASE_ERROR"),
      `${what.includes(error.message) ? what : withWords(what, error)} (${sqlState}).`,
      {
        hint,
        details: { sqlState },
        cause: error,
      },
    );
  }
  if (!isConnectionLost(error)) return null;
  return new BackupError(
    "DATABASE_UNREACHABLE",
    `The connection to the database was lost: ${error.message}.`,
    { hint: MEANING["08"]?.hint ?? "", cause: error },
  );
}

function elsewhere(error: pg.DatabaseError, sqlState: string): (typeof MEANING)[string] {
  const sqlClass = sqlState.slice(0, 2);
  return (
    describeDamage(error) ??
    (isRecoveryConflict(error) ? RECOVERY_CONFLICT : undefined) ??
    ELSEWHERE[sqlState] ??
    ((WORDS_ARE_SAFE.test(sqlState) &&
      (MEANING[sqlState] ?? ELSEWHERE[sqlClass] ?? MEANING[sqlClass])) || {
      what: REFUSED,
      hint: "Try again. If it stays so, PostgreSQL's log tells more.",
    })
  );
}

/**
 * True if a function chose the SQLSTATE and message itself, for example by RAISE. During a load the message may contain
 * a value.
 */
const isRaised = ({ file = "" }: pg.DatabaseError): boolean =>
  /^pl(?:_exec|py_|perl|tcl|v8)/.test(file);

const withWords = (what: string, { code = "", message }: pg.DatabaseError): string =>
  WORDS_ARE_SAFE.test(code) ? `${what}: ${message}` : what;

interface Found {
  code: ErrorCode;
  what: string;
  hint: string;
  cause: unknown;
  sqlState?: string;
  constraint?: string | undefined;
}

/** Builds the error for people from a finding and its place. */
export function placedError(
  { code, what, hint, cause, sqlState, constraint }: Found,
  { outcome, table, rows, blamed, column, leaveOut }: ErrorPlace,
): BackupError {
  const at = [
    table && `table ${tableLabel(table)}`,
    rows && (rows[0] === rows[1] ? `row ${rows[0]}` : `rows ${rows[0]} to ${rows[1]}`),
    column && `column ${column}`,
    constraint && `constraint ${constraint}`,
  ].filter(Boolean);
  return new BackupError(code, `${what}${at.length > 0 ? ` (${at.join(", ")})` : ""}. ${outcome}`, {
    hint,
    details: {
      ...(sqlState && { sqlState }),
      ...(table && { table }),
      ...(rows && { rows }),
      ...blamed,
      ...(column && { column }),
      ...(constraint && { constraint }),
      ...(leaveOut && { leaveOut }),
    },
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
