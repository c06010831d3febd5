import pg from "pg";
import type { PlannedTable } from "../plan/dump-plan.ts";
import { leaveOut } from "../plan/exclusion.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { UnrestorableRow } from "../postgres/copy/json-array.ts";
import { MAX_ROW_BYTES } from "../postgres/copy/load-rows.ts";
import { isStorageDamage } from "../postgres/errors/damage.ts";
import {
  type ErrorPlace,
  placedError,
  translateDatabaseError,
} from "../postgres/errors/database-error.ts";
import { CHARACTER_NOT_IN_REPERTOIRE } from "../postgres/errors/sqlstate.ts";
import { isTextError } from "../postgres/errors/text-errors.ts";
import {
  findLargeRow,
  findUnreadableRow,
  type UnreadableRow,
} from "../postgres/find-unreadable-row.ts";
import { quoteIdentifier, quoteLiteral, quoteTable } from "../postgres/identifiers.ts";
import type { TableName } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";

export interface DumpErrorContext {
  database: Database;
  table: PlannedTable;
  /** All tables of the backup. */
  tables: readonly TableName[];
  /** Encoding of the database. */
  encoding: string;
  /** Maximum size of a row's JSON, in bytes. */
  maxRowBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** SQLSTATEs that PostgreSQL may give if a row or value is too large as text. There is no code only for that. */
const LIMITS = new Set(["54000", "XX000"]);
/** SQLSTATE classes of data errors, limits and damaged storage, for which one row may be the cause. */
const OF_A_ROW = /^(22|54|XX)/;
/** JSON takes at most this many bytes for one byte of text. */
const MOST_JSON_BYTES = 6;

/** Translates a dump's error for a person. If one row is the cause, the error names its number, column and key. */
export async function describeDumpError(
  error: Error,
  failedRow: number,
  context: DumpErrorContext,
): Promise<Error> {
  const { table } = context;
  const place: ErrorPlace = {
    fallback: "DUMP_FAILED",
    outcome: `No backup was made; it stopped at ${tableLabel(table)}.`,
    table: { schema: table.schema, name: table.name },
    ...(isStorageDamage(error) && leaveOut([table], context.tables)),
  };
  const suspected = suspectedReason(error);
  if (!suspected || context.signal?.aborted) return translateDatabaseError(error, place) as Error;
  // Finding the row is optional. If the search fails, report the error without it.
  const found = await find(error, failedRow, context, suspected).catch(() => null);
  const reason =
    found?.reason ?? (error instanceof UnrestorableRow || isTextError(error) ? suspected : "other");
  const row = found?.row ?? failedRow;
  const known: ErrorPlace = {
    ...place,
    rows: [row, row],
    column: found?.column,
    blamed: found?.key === undefined ? undefined : { key: found.key },
    ...leaveOut([table], context.tables),
    meaning: reason === "other" ? undefined : MEANING[reason](context, found),
  };
  if (!(error instanceof UnrestorableRow)) return translateDatabaseError(error, known) as Error;
  return placedError(
    {
      code: "DUMP_FAILED",
      what: error.message,
      hint: "",
      ...known.meaning,
      cause: error,
      ...(reason === "text" && { sqlState: CHARACTER_NOT_IN_REPERTOIRE }),
    },
    known,
  );
}

type Reason = "text" | "size" | "other";

function suspectedReason(error: Error): Reason | null {
  if (error instanceof UnrestorableRow) return error.reason;
  if (isTextError(error)) return "text";
  if (!(error instanceof pg.DatabaseError) || !OF_A_ROW.test(error.code ?? "")) return null;
  return LIMITS.has(error.code ?? "") ? "size" : "other";
}

async function find(
  error: Error,
  failedRow: number,
  { database, table, maxRowBytes = MAX_ROW_BYTES }: DumpErrorContext,
  suspected: Reason,
): Promise<(UnreadableRow & { reason: Reason }) | null> {
  const client = await database.connect("backup");
  try {
    if (suspected === "size") {
      // The estimate ignores column names and the characters between values.
      const atLeast = maxRowBytes / (error instanceof UnrestorableRow ? 2 * MOST_JSON_BYTES : 2.1);
      const large = await findLargeRow(client, table, failedRow, atLeast);
      if (large || error instanceof UnrestorableRow) return large && { ...large, reason: "size" };
      await client.query("ROLLBACK");
    }
    const sqlState = error instanceof pg.DatabaseError ? error.code : undefined;
    const found = await findUnreadableRow(
      client,
      table,
      failedRow,
      sqlState ?? CHARACTER_NOT_IN_REPERTOIRE,
    );
    return found && { ...found, reason: suspected === "text" ? "text" : "other" };
  } finally {
    await client.end();
  }
}

function ofText({ table, encoding }: DumpErrorContext, found: UnreadableRow | null) {
  const what = `A text has bytes that are no character in the database's encoding, ${encoding}`;
  if (!found) {
    return {
      what,
      hint: `Give the row a text whose bytes are characters, then make the backup again.`,
    };
  }
  const column = quoteIdentifier(found.column);
  const look = `SET client_encoding = ${quoteLiteral(encoding)}; SELECT pg_catalog.encode(pg_catalog.textsend(${column}::text), 'escape') FROM ${quoteTable(table)} WHERE ${found.where};`;
  const mend = `UPDATE ${quoteTable(table)} SET ${column} = '…' WHERE ${found.where};`;
  return {
    what,
    hint: `Look at the bytes: ${look} Write a new value, and make the backup again: ${mend}`,
  };
}

function ofSize({ table }: DumpErrorContext, found: UnreadableRow | null) {
  return {
    what: "A row is larger than a backup can hold: more than 1 GiB as JSON, in which control characters take six bytes, and quotes and backslashes two",
    hint: `Make the value shorter, or divide it among several rows${found ? `: UPDATE ${quoteTable(table)} SET ${quoteIdentifier(found.column)} = … WHERE ${found.where};` : "."}`,
  };
}

const MEANING = { text: ofText, size: ofSize };
