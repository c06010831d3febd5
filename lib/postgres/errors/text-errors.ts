import type pg from "pg";
import { CHARACTER_NOT_IN_REPERTOIRE, hasSqlState, UNTRANSLATABLE_CHARACTER } from "./sqlstate.ts";

/** Whether a text does not fit an encoding. */
export const isTextError = (error: unknown): error is pg.DatabaseError =>
  hasSqlState(error, CHARACTER_NOT_IN_REPERTOIRE, UNTRANSLATABLE_CHARACTER);

/** Names of encodings, which are the same in every language. Not the bytes: they come from a row. */
const ENCODING = /\b(?:[A-Z][A-Z_]*\d[A-Z\d_]*|EUC_[A-Z]+|SQL_ASCII|MULE_INTERNAL|KOI8[RU])\b/g;

/** What a text contains that is wrong, and what to do. A dump describes its own errors in more detail. */
export function meaningOfTextError(error: pg.DatabaseError): { has: string; hint: string } {
  const encodings = error.message.match(ENCODING) ?? [];
  const ours = encodings.find((encoding) => encoding !== "UTF8");
  if (error.code === CHARACTER_NOT_IN_REPERTOIRE) {
    return {
      has: `bytes that are no character in ${ours ?? encodings[0] ?? "its encoding"}`,
      hint: "The backup is of a database with the encoding SQL_ASCII, which takes all bytes. Restore it into one that has it, too: CREATE DATABASE … ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0. Or give these rows a text that is UTF-8 before the backup.",
    };
  }
  if (ours !== undefined && ours === encodings[0]) {
    return {
      has: `bytes that are no character in ${ours}`,
      hint: "Give what holds them, a value or a name, another text.",
    };
  }
  return {
    has: `a character that the database's encoding${ours ? `, ${ours},` : ""} does not have`,
    hint: "Restore into a database that has every character: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0. Or give these rows another text before the backup.",
  };
}
