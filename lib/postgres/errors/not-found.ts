/** Recognises errors of user-defined functions that name something not found under the connection's search_path. */
import type pg from "pg";
import type { TableName } from "../../shared/api.ts";
import { sqlIdentifier } from "../../shared/sql-name.ts";
import {
  hasSqlState,
  INVALID_SCHEMA_NAME,
  UNDEFINED_FUNCTION,
  UNDEFINED_OBJECT,
  UNDEFINED_TABLE,
} from "./sqlstate.ts";

const NAME = String.raw`(?:"[^"]+"|[\w$]+)`;
/** The parts that are the same in every language of a server. */
const OF_PLPGSQL = new RegExp(String.raw`PL/pgSQL.*?(${NAME}(?:\.${NAME})?\([^()]*\))`);
const OF_SQL = new RegExp(String.raw`^SQL\b[^"]*"(${NAME})"`);

/** The innermost function in which the error happened, if any. */
function functionIn({ where = "" }: pg.DatabaseError): string | undefined {
  for (const line of where.split("\n")) {
    const [, name] = OF_PLPGSQL.exec(line) ?? OF_SQL.exec(line) ?? [];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** False for what a function raises itself, and for a row's value that is itself a name. */
export const isNotFound = (error: unknown): error is pg.DatabaseError =>
  hasSqlState(error, UNDEFINED_FUNCTION, UNDEFINED_TABLE, UNDEFINED_OBJECT, INVALID_SCHEMA_NAME) &&
  error.routine !== "exec_stmt_raise" &&
  // PostgreSQL may inline a small function. The error then names no function.
  (functionIn(error) !== undefined || settingIn(error) !== undefined);

/** A custom setting of the app that the session does not have. */
function settingIn({ message, routine = "" }: pg.DatabaseError): string | undefined {
  return /ConfigOption|find_option/.test(routine)
    ? /"([\w]+\.[\w.]+)"/.exec(message)?.[1]
    : undefined;
}

/** Describes the error with PostgreSQL's own message, which contains only names. */
export function describeNotFound(
  error: pg.DatabaseError,
  table: TableName | undefined,
): { what: string; hint: string } {
  const name = functionIn(error) ?? "…";
  const who = name === "…" ? "it" : name;
  // A longer text is not a name.
  const what = `A function does not find what it names: ${who} says “${error.message.slice(0, 300)}”`;
  const setting = settingIn(error);
  if (setting !== undefined) {
    return {
      what,
      hint: `Give the setting with the connection: ?options=${encodeURIComponent(`-c ${setting}=`)}…`,
    };
  }
  const schema = table?.schema ?? "…";
  return {
    what,
    hint: `It is looked for in the connection's search_path. Give the function one of its own: ALTER FUNCTION ${name} SET search_path = ${table ? sqlIdentifier(schema) : schema}; or the connection, at the end of its URL: ?options=${encodeURIComponent(`-c search_path=${schema}`)}`,
  };
}
