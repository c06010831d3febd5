/** As much of a manifest as the browser needs. The server checks all of it again. */
import type { EncryptionMode } from "../../lib/shared/api.ts";
import {
  FORMAT_VERSION,
  MAX_COLUMNS,
  MAX_MANIFEST_BYTES,
  MAX_MANIFEST_DEPTH,
  MAX_MANIFEST_VALUES,
  MAX_NAME_LENGTH,
  MAX_TABLE_NAMES_LENGTH,
  MAX_TABLES,
  MAX_TYPE_LENGTH,
  MAX_WORDS_LENGTH,
  tableEntryName,
} from "../../lib/shared/archive-format.ts";
import { isModestJson } from "../../lib/shared/json-size.ts";
import { ArchiveProblem, damaged } from "./archive-problem.ts";

export interface ManifestTable {
  schema: string;
  name: string;
  model: string | null;
  columns: Array<{ name: string; type: string; encoding: string }>;
  rows: number;
  jsonBytes: number;
  jsonSha256: string;
  entry: string;
  storedBytes: number;
  storedSha256: string;
}

export interface LocalManifest {
  createdAt: string;
  tool: string;
  databaseName: string;
  encryption: EncryptionMode;
  /** Of README.txt and key.age; null where an older version made the backup. */
  readmeSha256: string | null;
  keySha256: string | null;
  tables: ManifestTable[];
}

/** @throws ArchiveProblem, newer-version or damaged */
export function readManifest(bytes: Uint8Array): LocalManifest {
  const limits = { maxDepth: MAX_MANIFEST_DEPTH, maxValues: MAX_MANIFEST_VALUES };
  if (bytes.length > MAX_MANIFEST_BYTES || !isModestJson(bytes, limits)) throw damagedManifest();
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damagedManifest();
  }
  const manifest = objectOf(json);
  const version = countOf(manifest.formatVersion);
  if (version > FORMAT_VERSION) throw newerVersion(version);
  const encryption = manifest.encryption;
  if (
    version !== FORMAT_VERSION ||
    (encryption !== "passphrase" && encryption !== "recipients" && encryption !== "none")
  ) {
    throw damagedManifest();
  }
  const tables = listOf(manifest.tables, MAX_TABLES).map((table) => readTable(table, encryption));
  const entries = new Set(tables.map(({ entry }) => entry));
  const namesLength = tables.reduce(
    (sum, { schema, name, model }) => sum + schema.length + name.length + (model?.length ?? 0),
    0,
  );
  if (entries.size !== tables.length || namesLength > MAX_TABLE_NAMES_LENGTH) {
    throw damagedManifest();
  }
  return {
    createdAt: textOf(manifest.createdAt, MAX_WORDS_LENGTH),
    tool: textOf(manifest.tool, MAX_WORDS_LENGTH),
    databaseName: textOf(objectOf(manifest.database).name),
    encryption,
    readmeSha256: manifest.readmeSha256 === undefined ? null : textOf(manifest.readmeSha256),
    keySha256: manifest.keySha256 === undefined ? null : textOf(manifest.keySha256),
    tables,
  };
}

function readTable(json: unknown, encryption: EncryptionMode): ManifestTable {
  const table = objectOf(json);
  const name = { schema: textOf(table.schema), name: textOf(table.name) };
  const entry = tableEntryName(name, encryption);
  if (table.entry !== entry) throw damagedManifest();
  return {
    ...name,
    entry,
    model: table.model === null ? null : textOf(table.model),
    columns: listOf(table.columns, MAX_COLUMNS).map((column) => {
      const { name, type, encoding } = objectOf(column);
      return {
        name: textOf(name),
        type: textOf(type, MAX_TYPE_LENGTH),
        encoding: textOf(encoding, MAX_WORDS_LENGTH),
      };
    }),
    rows: countOf(table.rows),
    jsonBytes: countOf(table.jsonBytes),
    jsonSha256: textOf(table.jsonSha256),
    storedBytes: countOf(table.storedBytes),
    storedSha256: textOf(table.storedSha256),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw damagedManifest();
  return value as Record<string, unknown>;
}

function listOf(value: unknown, maxLength: number): unknown[] {
  if (!Array.isArray(value) || value.length > maxLength) throw damagedManifest();
  return value;
}

function textOf(value: unknown, maxLength = MAX_NAME_LENGTH): string {
  if (typeof value !== "string" || value.length > maxLength) throw damagedManifest();
  return value;
}

function countOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw damagedManifest();
  return value as number;
}

const damagedManifest = () =>
  damaged([], "Its manifest, which describes all the rest, cannot be read.");

const newerVersion = (version: number) =>
  new ArchiveProblem({
    kind: "newer-version",
    message: `Its format is ${version}, and this version reads up to ${FORMAT_VERSION}. Update prisma-backup-admin in this app first.`,
  });
