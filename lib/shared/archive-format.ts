import type { EncryptionMode, TableName } from "./requests.ts";

/** Version of the archive format that is written. This and all earlier versions can be read. */
export const FORMAT_VERSION = 1;

export const README_ENTRY = "README.txt";
/** Passphrase mode only: the archive's private key, encrypted with the passphrase. */
export const KEY_ENTRY = "key.age";

/** Limits of an archive, the same for writing and reading. */
export const MAX_TABLES = 50_000;
/** README, key and manifest in addition to the tables. */
export const MAX_ENTRIES = MAX_TABLES + 3;
/** Maximum number of enums whose labels a manifest lists, and of labels in all of them. */
export const MAX_ENUMS = 10_000;
export const MAX_ENUM_LABELS = 100_000;
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
/** Deeper than any version of the format is likely to need. */
export const MAX_MANIFEST_DEPTH = 32;
/** The number of values in a manifest of the maximum size: a column takes four of them and a hundred bytes. */
export const MAX_MANIFEST_VALUES = 2_500_000;
/** Includes what encryption adds: a header, and 16 bytes per 64 KB. */
export const MAX_STORED_MANIFEST_BYTES = MAX_MANIFEST_BYTES + 1024 * 1024;
export const MAX_KEY_BYTES = 64 * 1024;
/** Maximum number of private keys in an identity file. Each is tried with every stanza of an age header. */
export const MAX_IDENTITIES = 20;
/** Maximum size of an age header up to its last line: enough for 668 X25519 recipients or 42 post-quantum ones. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Maximum of recipients in an age header. More would have to be shorter than X25519's, and no type is. */
export const MAX_STANZAS = 700;
export const MAX_README_BYTES = 64 * 1024;

/** Maximum length of a name in the database. PostgreSQL allows 63 bytes, but a custom build may allow more. */
export const MAX_NAME_LENGTH = 1024;
/** Maximum length of a type as `format_type` writes it: two quoted names and a modifier. */
export const MAX_TYPE_LENGTH = 5000;
/** Maximum length of all names of schemas, tables and models together: 200 for each of 50,000 tables. */
export const MAX_TABLE_NAMES_LENGTH = 10_000_000;
/** PostgreSQL's own limit. */
export const MAX_COLUMNS = 1600;
/** Maximum number of tables listed from which a table inherits. */
export const MAX_PARENTS = 100;
export const MAX_SEQUENCES = 200_000;
/** Maximum of foreign keys, and of columns in each. PostgreSQL allows 32, but a custom build may allow more. */
export const MAX_EDGES = 200_000;
export const MAX_KEY_COLUMNS = 1000;
/** Only the newest migrations are listed. Prisma limits a name to 255 characters. */
export const MAX_MIGRATIONS = 10_000;
export const MAX_MIGRATION_NAME_LENGTH = 255;
/** Further warnings are only counted. Longer messages are cut. */
export const MAX_WARNINGS = 1000;
export const MAX_WARNINGS_LENGTH = 1_000_000;
export const MAX_MESSAGE_LENGTH = 10_000;
export const MAX_CODE_LENGTH = 100;
/** Maximum length of a version, an encoding, a checksum and other short texts. */
export const MAX_WORDS_LENGTH = 255;

/** Returns the name of the manifest's entry: `manifest.json`, or `manifest.json.age` if encrypted. */
export function manifestEntryName(mode: EncryptionMode): string {
  return mode === "none" ? "manifest.json" : "manifest.json.age";
}

/**
 * Returns the name of a table's file, such as `public.User.csv`. Bytes of the UTF-8 names outside `A–Z a–z 0–9 _ -` are
 * percent-encoded, so that different tables never share a file, and no name leads to another folder.
 */
export const tableFileName = ({ schema, name }: TableName, suffix: string): string =>
  `${percentEncode(schema)}.${percentEncode(name)}.${suffix}`;

/** Returns the name of a table's entry, such as `tables/public.User.json.zst.age`. */
export const tableEntryName = (table: TableName, mode: EncryptionMode): string =>
  `tables/${tableFileName(table, mode === "none" ? "json" : "json.zst.age")}`;

const percentEncode = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9_-]+/g, (part) =>
    Array.from(
      new TextEncoder().encode(part),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    ).join(""),
  );

/** Suffix of a file or folder that is being written, or was never finished. */
export const PARTIAL_SUFFIX = ".partial";
