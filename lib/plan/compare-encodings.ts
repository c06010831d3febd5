/** The server encodings of PostgreSQL. Any other text in a manifest is not repeated. */
const ENCODING =
  /^(?:UTF8|SQL_ASCII|MULE_INTERNAL|LATIN\d{1,2}|WIN\d{3,4}|KOI8[RU]|ISO_8859_[5-8]|EUC_(?:JP|CN|KR|TW|JIS_2004))$/;

/** What to know before a backup is restored into a database with another encoding. Null if all of its text fits. */
export function compareEncodings(backup: string, database: string): string | null {
  if (backup === database || !ENCODING.test(backup)) return null;
  if (backup === "SQL_ASCII") {
    return `The backup is of a database with the encoding SQL_ASCII, which takes all bytes. This one has ${database}: a restore is refused if the bytes are not UTF-8.`;
  }
  if (database === "SQL_ASCII") {
    return `The backup is of a database with the encoding ${backup}, and this one has SQL_ASCII: its texts become bytes of UTF-8, each of which counts as a character.`;
  }
  if (database === "UTF8") return null;
  return `The backup is of a database with the encoding ${backup}, and this one has ${database}: a restore is refused if it does not have a character.`;
}
