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

/** @throws FORMAT_UNSUPPORTED for a newer version, ARCHIVE_INVALID for any other fault */
export const parseManifest = (bytes: Uint8Array): StoredManifest =>
  judged(() => readManifest(bytes));

/** Serialises a manifest, indented for people. Informative lists are cut to what a reader accepts. */
export function serialiseManifest(manifest: StoredManifest): Buffer {
  const { components, edges } = manifest.insertionOrder;
  const told = {
    ...manifest,
    migrations: newestMigrations(manifest.migrations),
    insertionOrder: { components, edges: edges.slice(0, MAX_EDGES) },
    warnings: summariseWarnings(manifest.warnings),
  };
  const bytes = Buffer.from(`${JSON.stringify(told, null, 2)}\n`);
  // A manifest that could not be read back must not be written.
  parseManifest(bytes);
  return bytes;
}

/** What the panel and `inspect` show of a manifest. */
export function summariseManifest(manifest: Manifest): ManifestSummary {
  const { formatVersion, createdAt, tool, database, encryption, warnings } = manifest;
  return {
    formatVersion,
    createdAt,
    tool,
    encryption,
    warnings,
    database: database && { name: database.name, serverVersion: database.serverVersion },
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
  };
}
