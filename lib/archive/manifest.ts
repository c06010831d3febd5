import type { ManifestSummary } from "../shared/api.ts";
import {
  type ManifestTable,
  newestMigrations,
  readManifest,
  type StoredManifest,
} from "../shared/archive/manifest.ts";
import { MAX_EDGES } from "../shared/archive-format.ts";
import { summariseWarnings } from "../shared/warnings.ts";
import { judged } from "./archive-error.ts";

export type { ManifestTable, StoredManifest };

/** What a backup says about itself. The archive's writer adds the rest. */
export type UnwrittenManifest = Omit<StoredManifest, "readmeSha256" | "keySha256">;

type UnknownToOriginal = "formatVersion" | "createdAt" | "database" | "schemaFingerprint";
/** What is known about a backup. Null: a backup by `@vorlefan/prisma-backup` does not say it. */
export type Manifest = Omit<StoredManifest, UnknownToOriginal> & {
  [Key in UnknownToOriginal]: StoredManifest[Key] | null;
};

/**
 * Reads and checks a manifest.
 *
 * @throws FORMAT_UNSUPPORTED for a newer version, ARCHIVE_INVALID for any other fault
 */
export const parseManifest = (bytes: Uint8Array): StoredManifest =>
  judged(() => readManifest(bytes));

/**
 * Serialises a manifest to the bytes stored in the archive. Indented, because a person may have to read it. Purely
 * informative lists are cut to what a reader accepts, so that a backup does not fail because of their length.
 */
export function serialiseManifest(manifest: StoredManifest): Buffer {
  const { components, edges } = manifest.insertionOrder;
  const told = {
    ...manifest,
    migrations: newestMigrations(manifest.migrations),
    insertionOrder: { components, edges: edges.slice(0, MAX_EDGES) },
    warnings: summariseWarnings(manifest.warnings),
  };
  const bytes = Buffer.from(`${JSON.stringify(told, null, 2)}\n`);
  // Throws if the manifest could not be read back, because then it must not be written.
  parseManifest(bytes);
  return bytes;
}

/** What the panel and `inspect` show of a manifest. */
export function summariseManifest(manifest: Manifest): ManifestSummary {
  return {
    formatVersion: manifest.formatVersion,
    createdAt: manifest.createdAt,
    tool: manifest.tool,
    database: manifest.database && {
      name: manifest.database.name,
      serverVersion: manifest.database.serverVersion,
    },
    encryption: manifest.encryption,
    tables: manifest.tables.map(({ schema, name, model, rows, jsonBytes }) => ({
      schema,
      name,
      model,
      rows,
      jsonBytes,
    })),
    tablesInDatabase: manifest.tablesInDatabase,
    sequences: manifest.sequences.length,
    migrations: manifest.migrations.map(({ name, finishedAt }) => ({
      name,
      finished: finishedAt !== null,
    })),
    warnings: manifest.warnings,
  };
}
