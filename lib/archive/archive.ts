import type { Readable } from "node:stream";
import type { Catalog } from "../schema/catalog.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { EncryptionMode, Unlock } from "../shared/api.ts";
import type { ArchiveKey } from "./encryption.ts";
import type { Manifest, ManifestTable } from "./manifest.ts";

/** A backup on disk whose structure has been checked. Owns its open files until it is closed. */
export interface Archive extends AsyncDisposable {
  readonly encryption: EncryptionMode;
  readonly sizeBytes: number;
  /** Whether `@vorlefan/prisma-backup` wrote it. Then `manifestFor` matches its contents. */
  readonly isOriginal: boolean;
  /** @throws INTERNAL before `unlock` */
  readonly manifest: Manifest;
  /**
   * The manifest as it fits a database. The original stored neither schemas nor types, so its tables and columns take
   * the database's. After this call, `readTable` returns their rows in format 1. Ours is always the same.
   */
  manifestFor(catalog: Catalog, models: PrismaModels): Manifest;
  /**
   * Reads the manifest and compares it with the entries. The private key from key.age opens what a passphrase protects.
   *
   * @throws WRONG_PASSPHRASE, NO_MATCHING_IDENTITY, FORMAT_UNSUPPORTED, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
   */
  unlock(unlock: Unlock): Promise<void>;
  /**
   * A key for another archive that the same passphrase or private key opens. Null if the original encrypted the backup.
   */
  keyForAnother(): Promise<ArchiveKey | null>;
  /**
   * Reads a table's plain JSON. If anything differs from the manifest, the stream fails with DIGEST_MISMATCH,
   * ARCHIVE_INVALID or ARCHIVE_TRUNCATED before its end. Then discard what was read.
   */
  readTable(table: ManifestTable, signal?: AbortSignal): Readable;
  /** Can be called repeatedly. Streams that are still being read fail. */
  close(): Promise<void>;
}
