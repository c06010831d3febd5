import { z } from "zod";
import { BackupError } from "../errors.ts";
import type { InsertionOrder, ManifestSummary, Warning } from "../shared/api.ts";
import {
  FORMAT_VERSION,
  MAX_CODE_LENGTH,
  MAX_COLUMNS,
  MAX_EDGES,
  MAX_ENUM_LABELS,
  MAX_ENUMS,
  MAX_KEY_COLUMNS,
  MAX_MANIFEST_BYTES,
  MAX_MANIFEST_DEPTH,
  MAX_MANIFEST_VALUES,
  MAX_MIGRATION_NAME_LENGTH,
  MAX_MIGRATIONS,
  MAX_NAME_LENGTH,
  MAX_PARENTS,
  MAX_SEQUENCES,
  MAX_TABLE_NAMES_LENGTH,
  MAX_TABLES,
  MAX_TYPE_LENGTH,
  MAX_WORDS_LENGTH,
  tableEntryName,
} from "../shared/archive-format.ts";
import { isModestJson } from "../shared/json-size.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { WarningCode } from "../shared/warning-codes.ts";
import { clip, summariseWarnings } from "../shared/warnings.ts";
import { invalidArchive } from "./archive-error.ts";

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().min(1).max(MAX_NAME_LENGTH);
const dateTime = z.iso.datetime({ offset: true });
const qualifiedName = { schema: name, name };
const shortText = z.string().max(MAX_NAME_LENGTH);
const tableNameSchema = z.object({ schema: shortText, name: shortText });
/** Only for a person to read: of what is longer than any, the beginning is enough. */
const words = (maxLength = MAX_WORDS_LENGTH) =>
  z.string().transform((text) => clip(text, maxLength));

/** Decimal, since it may be larger than a JavaScript number holds. */
const int8 = z.string().refine(isInt8);

function isInt8(decimal: string): boolean {
  // BigInt throws on what is not a number.
  if (!/^-?\d{1,19}$/.test(decimal)) return false;
  return BigInt.asIntN(64, BigInt(decimal)) === BigInt(decimal);
}

function hasRoomForLabels(enums: ReadonlyArray<{ labels: readonly string[] }>): boolean {
  return enums.reduce((sum, { labels }) => sum + labels.length, 0) <= MAX_ENUM_LABELS;
}

const columnSchema = z.object({
  name,
  /** As `format_type` writes it. */
  type: z.string().min(1).max(MAX_TYPE_LENGTH),
  /** How the values are written: see docs/archive-format.md. */
  encoding: z.enum(["json", "jsonb", "text"]),
});

const manifestTableSchema = z.object({
  ...qualifiedName,
  /** Prisma model, where one maps this table. */
  model: shortText.nullable(),
  kind: z.enum(["table", "partitioned table"]),
  columns: z.array(columnSchema).max(MAX_COLUMNS),
  /** The tables that it inherits from directly. Left out where there are none, and by older versions. */
  inherits: z.array(z.object(qualifiedName)).max(MAX_PARENTS).optional(),
  rows: count,
  jsonBytes: count,
  jsonSha256: sha256,
  /** Name of the table's entry in the zip. */
  entry: z.string(),
  /** The entry's content as a zip tool extracts it: encrypted, or in mode none the JSON itself. */
  storedBytes: count,
  storedSha256: sha256,
});

const sequenceSchema = z.object({
  ...qualifiedName,
  ownerTable: tableNameSchema.nullable(),
  ownerColumn: shortText.nullable(),
  lastValue: int8,
  isCalled: z.boolean(),
});

const enumSchema = z.object({
  /** Of columns, as `format_type` writes it: an enum or a domain over one; of arrays, their elements'. */
  type: z.string().min(1).max(MAX_TYPE_LENGTH),
  /** What a value of it may be. */
  labels: z.array(shortText),
});

const insertionOrderSchema = z.object({
  components: z
    .array(z.object({ tables: z.array(tableNameSchema), cyclic: z.boolean(), level: count }))
    .refine(
      (components) => components.reduce((sum, { tables }) => sum + tables.length, 0) <= MAX_TABLES,
    ),
  edges: z
    .array(
      z.object({
        constraint: shortText,
        from: tableNameSchema,
        to: tableNameSchema,
        columns: z.array(shortText).max(MAX_KEY_COLUMNS),
        referencedColumns: z.array(shortText).max(MAX_KEY_COLUMNS),
        onDelete: z.string().max(MAX_WORDS_LENGTH),
        relation: z
          .string()
          .max(2 * MAX_NAME_LENGTH)
          .nullable(),
        role: z.enum(["orders", "self", "cycle"]),
      }),
    )
    .max(MAX_EDGES),
}) satisfies z.ZodType<InsertionOrder>;

const warningSchema = z.object({
  // Another version's may be another one.
  code: z.custom<WarningCode>(
    (value) => typeof value === "string" && value.length <= MAX_CODE_LENGTH,
  ),
  message: z.string(),
  table: tableNameSchema.optional(),
}) satisfies z.ZodType<Warning>;

const manifestSchema = z.object({
  formatVersion: z.literal(FORMAT_VERSION),
  createdAt: dateTime,
  /** `prisma-backup-admin/<version>` */
  tool: z.string().min(1).max(200),
  database: z.object({
    name,
    serverVersion: words(),
    serverVersionNum: count,
    encoding: words(),
  }),
  schemaFingerprint: sha256,
  /** The rows of `_prisma_migrations`. */
  migrations: z
    .array(
      z.object({
        name: words(MAX_MIGRATION_NAME_LENGTH),
        checksum: words(),
        finishedAt: dateTime.nullable(),
        rolledBackAt: dateTime.nullable(),
      }),
    )
    .transform(newestMigrations),
  encryption: z.enum(["passphrase", "recipients", "none"]),
  insertionOrder: insertionOrderSchema,
  tables: z.array(manifestTableSchema).max(MAX_TABLES),
  sequences: z.array(sequenceSchema).max(MAX_SEQUENCES),
  /** Of README.txt, and of key.age where there is one, byte for byte. Left out by older versions. */
  readmeSha256: sha256.optional(),
  keySha256: sha256.optional(),
  /** Left out by older versions. */
  enums: z.array(enumSchema).max(MAX_ENUMS).refine(hasRoomForLabels).optional(),
  warnings: z.array(warningSchema).transform(summariseWarnings),
});

/** What an archive says of itself, in its last entry. */
export type StoredManifest = z.infer<typeof manifestSchema>;
export type ManifestTable = StoredManifest["tables"][number];
/** What a backup says of itself; the archive's writer knows the rest. */
export type UnwrittenManifest = Omit<StoredManifest, "readmeSha256" | "keySha256">;

type UnknownToOriginal = "formatVersion" | "createdAt" | "database" | "schemaFingerprint";
/** What is known of a backup. Null: a backup that `@vorlefan/prisma-backup` wrote says nothing of it. */
export type Manifest = Omit<StoredManifest, UnknownToOriginal> & {
  [Key in UnknownToOriginal]: StoredManifest[Key] | null;
};

/**
 * Reads and checks a manifest.
 *
 * @throws FORMAT_UNSUPPORTED for a newer version, ARCHIVE_INVALID for anything else that is wrong
 */
export function parseManifest(bytes: Uint8Array): StoredManifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw invalidArchive("The archive's manifest is larger than any backup's.");
  }
  const limits = { maxDepth: MAX_MANIFEST_DEPTH, maxValues: MAX_MANIFEST_VALUES };
  if (!isModestJson(bytes, limits)) {
    throw invalidArchive("The archive's manifest holds more than any backup's.");
  }
  const json = parseJson(bytes);
  checkVersion(json);
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw invalidArchive(`The archive's manifest is not valid${firstFault(parsed.error)}.`, {
      cause: parsed.error,
    });
  }
  checkConsistency(parsed.data);
  return parsed.data;
}

/**
 * The manifest's bytes, as they are stored in the archive. Indented: a person may have to read them. Of what is only told
 * there is never more than a reader takes: a backup does not fail because there is much to say.
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
  // What could not be read back must not be written. This throws where it could not.
  parseManifest(bytes);
  return bytes;
}

function newestMigrations<Migration>(migrations: Migration[]): Migration[] {
  return migrations.slice(-MAX_MIGRATIONS);
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
    sequences: manifest.sequences.length,
    migrations: manifest.migrations.map(({ name, finishedAt }) => ({
      name,
      finished: finishedAt !== null,
    })),
    warnings: manifest.warnings,
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalidArchive("The archive's manifest is not JSON.", { cause });
  }
}

function checkVersion(json: unknown): void {
  const version = z.object({ formatVersion: z.int().positive() }).safeParse(json).data;
  if (!version) throw invalidArchive("The archive's manifest names no format version.");
  if (version.formatVersion > FORMAT_VERSION) {
    throw new BackupError(
      "FORMAT_UNSUPPORTED",
      `This archive was made by a newer version: its format is ${version.formatVersion}, and this version reads up to ${FORMAT_VERSION}. Nothing was changed.`,
      { hint: "Update prisma-backup-admin and try again." },
    );
  }
}

/** Where the first fault is. Not what it is: the manifest's values are not for an error message. */
function firstFault(error: z.ZodError): string {
  const path = error.issues[0]?.path.join(".");
  return path ? ` at “${path}”` : "";
}

function checkConsistency(manifest: StoredManifest): void {
  const entries = new Set<string>();
  let rows = 0;
  let bytes = 0;
  const namesLength = manifest.tables.reduce(
    (sum, { schema, name, model }) => sum + schema.length + name.length + (model?.length ?? 0),
    0,
  );
  if (namesLength > MAX_TABLE_NAMES_LENGTH) {
    throw invalidArchive("The archive's manifest has longer names than any backup's.");
  }
  for (const table of manifest.tables) {
    // Names and entries map one to one, so that unique entries are unique names.
    if (table.entry !== tableEntryName(table, manifest.encryption)) {
      throw invalidArchive(`The archive's manifest gives ${tableLabel(table)} a wrong entry.`);
    }
    if (entries.has(table.entry)) {
      throw invalidArchive(`The archive's manifest lists ${tableLabel(table)} twice.`);
    }
    entries.add(table.entry);
    if (
      manifest.encryption === "none" &&
      (table.storedBytes !== table.jsonBytes || table.storedSha256 !== table.jsonSha256)
    ) {
      throw invalidArchive(`The archive's manifest contradicts itself about ${tableLabel(table)}.`);
    }
    rows += table.rows;
    bytes += table.jsonBytes;
  }
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(bytes)) {
    throw invalidArchive("The archive's manifest has impossible sizes.");
  }
}
