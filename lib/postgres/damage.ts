/** What PostgreSQL says where the server's own files, or what its catalog refers to, are not whole. */
import pg from "pg";
import type { TableName } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";

/** Of the server that read or wrote its files; others with the same codes tell of a user's or a library's. */
const STORAGE_FILES = /^(?:md|smgr|bufmgr|bufpage|slru|relmapper|fd|aio\w*)\.c$/;

/** Longer ones are none of PostgreSQL's. */
const MAX_WORDS = 300;

/** A page, a large value's pieces, an index or a whole file that is damaged or gone. */
export const isStorageDamage = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError &&
  error.routine !== "exec_stmt_raise" &&
  (/^XX00[12]$/.test(error.code ?? "") ||
    (/^58/.test(error.code ?? "") && STORAGE_FILES.test(error.file ?? "")));

/** Something refers to what is not there. PostgreSQL has no translation of these words, and no value is in them. */
export const isCatalogDamage = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError &&
  error.code === "XX000" &&
  /^(?:cache lookup failed for [a-z ]+ (?:with OID )?\d+|could not (?:open|find) [a-z _]+ (?:with OID )?\d+)$/.test(
    error.message,
  );

/** PostgreSQL's own words for it, which are of files, blocks and numbers alone. */
const wordsOf = ({ message }: pg.DatabaseError): string => message.slice(0, MAX_WORDS);

/** Sequences that errors are about, which name no more than a file. */
const sequences = new WeakMap<pg.DatabaseError, TableName>();

export function blameSequence(error: pg.DatabaseError, sequence: TableName): void {
  sequences.set(error, sequence);
}

export function describeDamage(error: unknown): { what: string; hint: string } | undefined {
  if (isStorageDamage(error)) {
    const sequence = sequences.get(error);
    if (sequence) {
      return {
        what: `The sequence ${tableLabel(sequence)} cannot be read: the server's storage is damaged, ${wordsOf(error)}`,
        hint: "Copy the server's files before anything is tried. Then drop the sequence, and make it anew for the same columns.",
      };
    }
    return {
      what: `Rows cannot be read: the server's storage is damaged, ${wordsOf(error)}`,
      hint: "Copy the server's files before anything is tried. A backup can leave the table out. To bring its rows back, restore it from another backup, which replaces what is damaged.",
    };
  }
  if (isCatalogDamage(error)) {
    return {
      what: `The database cannot be read: the server's catalog is damaged, ${wordsOf(error)}`,
      hint: "Copy the server's files before anything is tried. The pg_amcheck command looks for more; pg_dump can save tables that are not affected (pg_dump -t).",
    };
  }
  return undefined;
}

/** After `cannot be read`, where more is known of it. */
export function whyUnreadable(error: unknown): string {
  if (isStorageDamage(error)) return `the server's storage is damaged, ${wordsOf(error)}`;
  if (isCatalogDamage(error)) return `the server's catalog is damaged, ${wordsOf(error)}`;
  const sqlState = error instanceof pg.DatabaseError ? error.code : undefined;
  return `PostgreSQL refuses it${sqlState ? ` (SQLSTATE ${sqlState})` : ""}`;
}
