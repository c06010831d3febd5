import type { EncryptionMode, TableName } from "./requests.ts";

/** Version of the archive format that is written. Every version up to it can be read. */
export const FORMAT_VERSION = 1;

export const README_ENTRY = "README.txt";
/** Passphrase mode only: the archive's identity, wrapped by the passphrase. */
export const KEY_ENTRY = "key.age";

/** Limits of an archive, the same when writing and when reading. */
export const MAX_TABLES = 50_000;
/** README, key and manifest beside the tables. */
export const MAX_ENTRIES = MAX_TABLES + 3;
/** Of which a manifest lists the labels, and of labels in all of them. */
export const MAX_ENUMS = 10_000;
export const MAX_ENUM_LABELS = 100_000;
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;
/** Deeper than any version of the format is likely to be. */
export const MAX_MANIFEST_DEPTH = 32;
/** What a manifest of the largest size has: a column is four of them, and a hundred bytes. */
export const MAX_MANIFEST_VALUES = 2_500_000;
/** With what encryption adds: a header, and 16 bytes for each 64 KB. */
export const MAX_STORED_MANIFEST_BYTES = MAX_MANIFEST_BYTES + 1024 * 1024;
export const MAX_KEY_BYTES = 64 * 1024;
/** Of an identity file: each is tried with every stanza of an age header. */
export const MAX_IDENTITIES = 20;
/** Of an age header, up to its last line: room for 668 X25519 recipients, or for 42 post-quantum ones. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Recipients of an age header. Shorter ones than X25519's are nobody's. */
export const MAX_STANZAS = 700;
export const MAX_README_BYTES = 64 * 1024;

/** Of a schema, table, column, sequence or constraint. PostgreSQL's have 63 bytes; who builds it may allow more. */
export const MAX_NAME_LENGTH = 1024;
/** Of a type as `format_type` writes it: two names, between quotes, and a modifier. */
export const MAX_TYPE_LENGTH = 5000;
/** Names of schemas, tables and models together: with 50,000 tables, 200 each. */
export const MAX_TABLE_NAMES_LENGTH = 10_000_000;
/** PostgreSQL's own limit. */
export const MAX_COLUMNS = 1600;
/** More tables that one inherits from are not told. */
export const MAX_PARENTS = 100;
export const MAX_SEQUENCES = 200_000;
/** Foreign keys of the insertion order, and the columns of each. PostgreSQL's own limit is 32; who builds it may allow more. */
export const MAX_EDGES = 200_000;
export const MAX_KEY_COLUMNS = 1000;
/** Only the newest are told. Prisma's own limit of a name is 255. */
export const MAX_MIGRATIONS = 10_000;
export const MAX_MIGRATION_NAME_LENGTH = 255;
/** More warnings are counted, and not told; of a longer message only the beginning. */
export const MAX_WARNINGS = 1000;
export const MAX_WARNINGS_LENGTH = 1_000_000;
export const MAX_MESSAGE_LENGTH = 10_000;
export const MAX_CODE_LENGTH = 100;
/** Of a version, an encoding, a checksum or whatever else is a word or two. */
export const MAX_WORDS_LENGTH = 255;

/** Name of the manifest's entry: `manifest.json`, or `manifest.json.age` where encrypted. */
export function manifestEntryName(mode: EncryptionMode): string {
  return mode === "none" ? "manifest.json" : "manifest.json.age";
}

/**
 * Name of a table's entry, as `tables/public.User.json.zst.age`. Bytes of the UTF-8 names outside
 * `A–Z a–z 0–9 _ -` are percent-encoded, so that different tables never share an entry.
 */
export function tableEntryName(table: TableName, mode: EncryptionMode): string {
  const suffix = mode === "none" ? "json" : "json.zst.age";
  return `tables/${percentEncode(table.schema)}.${percentEncode(table.name)}.${suffix}`;
}

const percentEncode = (name: string): string =>
  name.replaceAll(/[^A-Za-z0-9_-]+/g, (part) =>
    Array.from(
      new TextEncoder().encode(part),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    ).join(""),
  );

/** Ends the name of a file or folder that is being written, or was never finished. */
export const PARTIAL_SUFFIX = ".partial";
