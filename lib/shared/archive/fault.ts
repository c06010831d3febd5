import type { ArchiveVerdict } from "../archive-verdict.ts";
import { formatNoun } from "../format.ts";
import type { TableName } from "../requests.ts";
import { tableLabel } from "../table-name.ts";
import { quote } from "./entry-names.ts";

type FaultCode =
  | "ARCHIVE_INVALID"
  | "ARCHIVE_TRUNCATED"
  | "FORMAT_UNSUPPORTED"
  | "DIGEST_MISMATCH"
  | "WRONG_PASSPHRASE"
  | "NO_MATCHING_IDENTITY";

interface FaultOptions {
  /** What to do next. */
  hint?: string;
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** What is wrong with a file that should be a backup, in the same words in the browser and on the server. */
export class ArchiveFault extends Error {
  override readonly name = "ArchiveFault";
  readonly code: FaultCode;
  readonly hint: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? NEW_COPY;
    this.details = options.details;
  }
}

const NEW_COPY =
  "Use another copy of it, or an older backup. An undamaged copy has the SHA-256 that the backup's receipt shows.";

/** The backup was changed since it was written. */
export const damaged = (message: string, options?: FaultOptions): ArchiveFault =>
  new ArchiveFault("ARCHIVE_INVALID", message, options);

/** A part of the backup is missing. */
export const incomplete = (message: string, options?: FaultOptions): ArchiveFault =>
  new ArchiveFault("ARCHIVE_INVALID", message, {
    ...options,
    details: { verdict: "incomplete" satisfies ArchiveVerdict },
  });

/** The file ends too early. */
export const truncated = (message: string, options?: FaultOptions): ArchiveFault =>
  new ArchiveFault("ARCHIVE_TRUNCATED", message, {
    hint: `The download or copy was probably cut off. ${NEW_COPY}`,
    ...options,
  });

/** The file never was a backup. */
export const notABackup = (message: string, hint: string): ArchiveFault =>
  new ArchiveFault("ARCHIVE_INVALID", message, {
    hint,
    details: { verdict: "not-a-backup" satisfies ArchiveVerdict },
  });

/** @param tables at least one */
export function damagedTables(tables: readonly TableName[]): ArchiveFault {
  const [first] = tables;
  const what =
    first && tables.length === 1
      ? `The table ${tableLabel(first)} is`
      : `${formatNoun(tables.length, "table")} are`;
  return damaged(`${what} not what was backed up.`, {
    details: { tables: tables.map(({ schema, name }) => ({ schema, name })) },
  });
}

/** An entry's bytes differ from the manifest. @param table the entry's table */
export const differs = (entry: string, table?: TableName, cause?: unknown): ArchiveFault =>
  new ArchiveFault(
    "DIGEST_MISMATCH",
    `The backup's file ${quote(entry)} is not the one that was backed up: its checksum differs.`,
    {
      details: { entry, ...(table && { tables: [{ schema: table.schema, name: table.name }] }) },
      cause,
    },
  );

/** A damaged small entry, which is read as a whole. */
export const damagedEntry = (name: string, cause?: unknown): ArchiveFault =>
  damaged(`The backup's file ${quote(name)} is damaged.`, { cause });

export const oversizedEntry = (name: string): ArchiveFault =>
  damaged(`The backup's file ${quote(name)} is larger than in any backup.`);

export const outsideEntry = (name: string): ArchiveFault =>
  damaged(`The backup's file ${quote(name)} is not inside of the backup.`);

export const specialEntry = (name: string): ArchiveFault =>
  damaged(`The backup's file ${quote(name)} is a link or special file.`);

export const duplicateEntry = (): ArchiveFault =>
  damaged("The backup holds two files of the same name.");

export const oversizedHeader = (): ArchiveFault =>
  damaged("Encrypted data in the backup begins with a header longer than any.");

export const undecryptable = (cause: unknown): ArchiveFault =>
  damaged("Encrypted data in the backup is damaged or has been modified.", { cause });

/** A table whose entry was encrypted to another key than the manifest. */
export const encryptedToOthers = (entry: string, table: TableName, cause: unknown): ArchiveFault =>
  damaged(`The table ${tableLabel(table)} is encrypted to others than the backup.`, {
    details: { entry, tables: [{ schema: table.schema, name: table.name }] },
    cause,
  });

/** The backup's own key does not open its manifest. */
export const foreignKey = (cause: unknown): ArchiveFault =>
  damaged("The backup's key belongs to another backup.", { cause });

export const wrongPassphrase = (cause: unknown): ArchiveFault =>
  new ArchiveFault("WRONG_PASSPHRASE", "The passphrase does not open this backup.", {
    hint: "Check upper and lower case and spaces. Each backup has the passphrase that was chosen when it was made.",
    cause,
  });

export const wrongIdentity = (cause: unknown): ArchiveFault =>
  new ArchiveFault("NO_MATCHING_IDENTITY", "This private key does not open this backup.", {
    hint: "Use the private key of a public key that was chosen when the backup was made.",
    cause,
  });
