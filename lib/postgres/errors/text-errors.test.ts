import pg from "pg";
import { expect, it } from "vitest";
import { meaningOfTextError } from "./text-errors.ts";

it.each([
  [
    "22P05",
    'character with byte sequence 0xe2 0x82 0xac in encoding "UTF8" has no equivalent in encoding "LATIN1"',
    "a character that the database's encoding, LATIN1, does not have",
  ],
  // PostgreSQL's own translations: German, French.
  [
    "22P05",
    "Zeichen mit Byte-Folge 0xe2 0x82 0xac in Kodierung »UTF8« hat keine Entsprechung in Kodierung »KOI8R«",
    "a character that the database's encoding, KOI8R, does not have",
  ],
  [
    "22P05",
    "le caractère dont la séquence d'octets est 0x9d dans l'encodage « WIN1252 » n'a pas d'équivalent dans l'encodage « UTF8 »",
    "bytes that are no character in WIN1252",
  ],
  [
    "22P05",
    "unsupported Unicode escape sequence",
    "a character that the database's encoding does not have",
  ],
  [
    "22021",
    'invalid byte sequence for encoding "UTF8": 0xff',
    "bytes that are no character in UTF8",
  ],
  [
    "22021",
    'invalid byte sequence for encoding "EUC_JP": 0xa9 0x41',
    "bytes that are no character in EUC_JP",
  ],
])("%s: %s", (code, message, has) => {
  const error = Object.assign(new pg.DatabaseError(message, 1, "error"), { code });
  expect(meaningOfTextError(error).has).toBe(has);
  expect(meaningOfTextError(error).hint).not.toContain("0x");
});
