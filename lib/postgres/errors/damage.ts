/** Recognises errors about damaged files of the server, or about a catalog that refers to missing objects. */
import pg from "pg";
import type { TableName } from "../../shared/api.ts";
import { tableLabel } from "../../shared/table-name.ts";
import { hasSqlState, INTERNAL_ERROR } from "./sqlstate.ts";

/** The server's source files that access its data. From others, the codes concern a user's file or a library. */
const STORAGE_FILES = /^(?:md|smgr|bufmgr|bufpage|slru|relmapper|fd|aio\w*)\.c$/;

/** True if a page, a piece of a large value, an index or a whole file is damaged or missing. */
export const isStorageDamage = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError &&
  error.routine !== "exec_stmt_raise" &&
  (/^XX00[12]$/.test(error.code ?? "") ||
    (/^58/.test(error.code ?? "") && STORAGE_FILES.test(error.file ?? "")));

/** The catalog refers to what does not exist. PostgreSQL does not translate these messages, which have no values. */
export const isCatalogDamage = (error: unknown): error is pg.DatabaseError =>
  hasSqlState(error, INTERNAL_ERROR) &&
  /^(?:cache lookup failed for [a-z ]+ (?:with OID )?\d+|could not (?:open|find) [a-z _]+ (?:with OID )?\d+)$/.test(
    error.message,
  );

/** PostgreSQL's own message, which is never longer. It contains only files, blocks and numbers. */
const wordsOf = ({ message }: pg.DatabaseError): string => message.slice(0, 300);

/** The sequence that caused an error. The error itself only names a file. */
const sequences = new WeakMap<pg.DatabaseError, TableName>();

export function blameSequence(error: pg.DatabaseError, sequence: TableName): void {
  sequences.set(error, sequence);
}

export function describeDamage(error: unknown): { what: string; hint: string } | undefined {
  if (isStorageDamage(error)) {
    const sequence = sequences.get(error);
    const what = sequence ? `The sequence ${tableLabel(sequence)}` : "Rows";
    return {
      what: `${what} cannot be read: ${whyUnreadable(error)}`,
      hint: sequence
        ? "First copy the server's files. Then drop the sequence, and make it again for the same columns."
        : "First copy the server's files. A backup can leave the table out. To bring its rows back, restore the table from another backup, which replaces the damaged rows.",
    };
  }
  if (!isCatalogDamage(error)) return undefined;
  return {
    what: `The database cannot be read: ${whyUnreadable(error)}`,
    hint: "Copy the server's files before anything is tried. The pg_amcheck command looks for more; pg_dump can save tables that are not affected (pg_dump -t).",
  };
}

/** The reason to append to `cannot be read`, as far as it is known. */
export function whyUnreadable(error: unknown): string {
  if (isStorageDamage(error)) return `the server's storage is damaged, ${wordsOf(error)}`;
  if (isCatalogDamage(error)) return `the server's catalog is damaged, ${wordsOf(error)}`;
  const sqlState = error instanceof pg.DatabaseError ? error.code : undefined;
  return `PostgreSQL refuses it${sqlState ? ` (SQLSTATE ${sqlState})` : ""}`;
}
