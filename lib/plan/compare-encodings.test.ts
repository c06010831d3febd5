import { expect, it } from "vitest";
import { compareEncodings } from "./compare-encodings.ts";

it.each([
  ["UTF8", "UTF8"],
  ["LATIN1", "UTF8"],
  ["EUC_JIS_2004", "UTF8"],
  ["WIN1252", "WIN1252"],
  ["SQL_ASCII", "SQL_ASCII"],
  // Not an encoding of PostgreSQL. The text of a manifest is never repeated.
  ["<b>UTF8</b>", "LATIN1"],
])("%s into %s: all fits", (backup, database) => {
  expect(compareEncodings(backup, database)).toBeNull();
});

it.each([
  ["UTF8", "LATIN1", /UTF8.*LATIN1.*refused if it does not have a character/],
  ["WIN1252", "LATIN1", /WIN1252.*LATIN1.*refused/],
  ["SQL_ASCII", "UTF8", /SQL_ASCII.*UTF8.*refused if the bytes are not UTF-8/],
  ["SQL_ASCII", "KOI8R", /SQL_ASCII.*KOI8R.*refused/],
  ["UTF8", "SQL_ASCII", /UTF8.*SQL_ASCII.*bytes of UTF-8/],
])("%s into %s: says what may not fit", (backup, database, message) => {
  expect(compareEncodings(backup, database)).toMatch(message);
});
