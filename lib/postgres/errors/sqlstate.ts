/** PostgreSQL's error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
import pg from "pg";

export const CHARACTER_NOT_IN_REPERTOIRE = "22021";
export const INVALID_PARAMETER_VALUE = "22023";
export const UNTRANSLATABLE_CHARACTER = "22P05";
export const NOT_NULL_VIOLATION = "23502";
export const FOREIGN_KEY_VIOLATION = "23503";
export const UNIQUE_VIOLATION = "23505";
export const CHECK_VIOLATION = "23514";
export const EXCLUSION_VIOLATION = "23P01";
export const READ_ONLY_SQL_TRANSACTION = "25006";
export const INVALID_SCHEMA_NAME = "3F000";
export const SERIALIZATION_FAILURE = "40001";
export const DEADLOCK_DETECTED = "40P01";
export const INSUFFICIENT_PRIVILEGE = "42501";
export const UNDEFINED_COLUMN = "42703";
export const UNDEFINED_OBJECT = "42704";
export const UNDEFINED_FUNCTION = "42883";
export const UNDEFINED_TABLE = "42P01";
export const DISK_FULL = "53100";
export const OUT_OF_MEMORY = "53200";
export const TOO_MANY_CONNECTIONS = "53300";
export const PROGRAM_LIMIT_EXCEEDED = "54000";
export const LOCK_NOT_AVAILABLE = "55P03";
export const QUERY_CANCELED = "57014";
export const INTERNAL_ERROR = "XX000";
export const DATA_CORRUPTED = "XX001";

export const hasSqlState = (
  error: unknown,
  ...codes: readonly string[]
): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && codes.includes(error.code ?? "");
