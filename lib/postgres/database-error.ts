import pg from "pg";
import { BackupError } from "../errors.ts";
import type { TableName } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import { tableLabel } from "../shared/table-name.ts";
import { translateConnectionError } from "./connection.ts";

/** Where in a dump or load an error happened, for its message. */
export interface ErrorPlace {
  /** The code for what has none of its own. */
  fallback: ErrorCode;
  /** Whether anything changed: "Nothing has changed." or "No backup was made." */
  outcome: string;
  table?: TableName;
  /** First and last row, from 1, in the order of the archive. */
  rows?: [number, number];
  /** Of the row that is to blame, as `id = 17`. */
  key?: string | undefined;
  /** Where PostgreSQL does not name it itself. */
  column?: string | undefined;
}

/** SQLSTATEs that mean something particular to a person. Classes (two characters) after exact codes. */
const MEANING: Record<string, { code?: ErrorCode; what: string; hint: string }> = {
  "57014": {
    code: "ABORTED",
    what: "The operation was cancelled",
    hint: "Start it again when you are ready.",
  },
  "55P03": {
    code: "LOCK_TIMEOUT",
    what: "A table stayed locked by somebody else",
    hint: "Try again when that work has ended.",
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
  "25006": {
    what: "The database takes no writes (it is read-only or a standby)",
    hint: "Use the primary server's connection string.",
  },
  "57": {
    what: "The database server ended the connection",
    hint: "Find out why in the server's log (restart, failover, terminated by an administrator), then try again.",
  },
  "08": {
    what: "The connection to the database was lost",
    hint: "Check the server and the network, then try again.",
  },
  "23503": {
    code: "CONSTRAINT_VIOLATED",
    what: "Rows refer to rows that are not there",
    hint: "The rows that are referred to are neither in the backup nor in a table that stays as it is. Use a backup that holds them, and ignore no table that they belong to.",
  },
  "23": {
    code: "CONSTRAINT_VIOLATED",
    what: "The data violate a constraint",
    hint: "The archive's rows do not fit the constraints of this database. Compare the schema with that of the time of the backup.",
  },
  "22": {
    what: "A value does not fit its column",
    hint: "Compare the column's type with that of the time of the backup.",
  },
};

/**
 * An error of PostgreSQL as one for a person: what happened, to which table, constraint or column, and
 * whether anything changed. The row's key is in its details, and nowhere else; other values, which PostgreSQL puts into its own, stay in the `cause`.
 */
export function translateDatabaseError(error: unknown, place: ErrorPlace): unknown {
  if (error instanceof BackupError) return error;
  if (!(error instanceof pg.DatabaseError)) {
    const translated = translateConnectionError(error);
    if (translated === error) return error;
    return new BackupError(
      place.fallback,
      `The connection to the database was lost. ${place.outcome}`,
      { hint: MEANING["08"]?.hint, cause: error },
    );
  }
  const sqlState = error.code ?? "";
  const meaning = MEANING[sqlState] ?? MEANING[sqlState.slice(0, 2)];
  const table =
    place.table ??
    (error.schema && error.table ? { schema: error.schema, name: error.table } : undefined);
  const column = error.column ?? place.column;
  const key = place.key ?? keyInDetail(error.detail);
  const at = [
    table && `table ${tableLabel(table)}`,
    place.rows &&
      (place.rows[0] === place.rows[1]
        ? `row ${place.rows[0]}`
        : `rows ${place.rows[0]} to ${place.rows[1]}`),
    column && `column ${column}`,
    error.constraint && `constraint ${error.constraint}`,
  ].filter(Boolean);
  const what = meaning?.what ?? "PostgreSQL refused a statement";
  return new BackupError(
    meaning?.code ?? place.fallback,
    `${what}${at.length > 0 ? ` (${at.join(", ")})` : ""}. ${place.outcome}`,
    {
      hint: meaning?.hint ?? `The server's log has the details (SQLSTATE ${sqlState}).`,
      details: {
        sqlState,
        ...(table && { table }),
        ...(place.rows && { rows: place.rows }),
        ...(key && { key }),
        ...(column && { column }),
        ...(error.constraint && { constraint: error.constraint }),
      },
      cause: error,
    },
  );
}

const MAX_KEY_CHARACTERS = 200;

/** The values that repeat a unique key, or that refer to nothing; undefined where the server speaks another language. */
function keyInDetail(detail: string | undefined): string | undefined {
  const [, columns, values] =
    /^Key \((.+?)\)=\((.+)\) (?:already exists|is duplicated|is not present)/s.exec(detail ?? "") ??
    [];
  if (columns === undefined || values === undefined) return undefined;
  const key = `${columns} = ${values}`;
  return key.length > MAX_KEY_CHARACTERS ? `${key.slice(0, MAX_KEY_CHARACTERS)}…` : key;
}
