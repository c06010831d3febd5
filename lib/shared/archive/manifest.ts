/** What a backup says about itself, and how it is read: one schema for the browser and the server. */
import * as z from "zod/mini";
import type { InsertionOrder, Warning } from "../api.ts";
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
} from "../archive-format.ts";
import { isModestJson } from "../json-size.ts";
import { tableLabel } from "../table-name.ts";
import type { WarningCode } from "../warning-codes.ts";
import { clip, summariseWarnings } from "../warnings.ts";
import { ArchiveFault, damaged } from "./fault.ts";

const count = z.int().check(z.nonnegative());
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const name = z.string().check(z.minLength(1), z.maxLength(MAX_NAME_LENGTH));
const dateTime = z.iso.datetime({ offset: true });
const qualifiedName = { schema: name, name };
const shortText = z.string().check(z.maxLength(MAX_NAME_LENGTH));
const tableNameSchema = z.object({ schema: shortText, name: shortText });
/** Text that only people read, so a text that is too long is cut. */
const words = (maxLength = MAX_WORDS_LENGTH) =>
  z.pipe(
    z.string(),
    z.transform((text: string) => clip(text, maxLength)),
  );

/** Decimal text, because it may exceed JavaScript's numbers. */
const int8 = z.string().check(z.refine(isInt8));

function isInt8(decimal: string): boolean {
  // BigInt throws if the text is not a number.
  if (!/^-?\d{1,19}$/.test(decimal)) return false;
  return BigInt.asIntN(64, BigInt(decimal)) === BigInt(decimal);
}

function hasRoomForLabels(enums: ReadonlyArray<{ labels: readonly string[] }>): boolean {
  return enums.reduce((sum, { labels }) => sum + labels.length, 0) <= MAX_ENUM_LABELS;
}

/**
 * A list of at most `max` items, checked up to the first fault. `z.array` describes every fault, which takes gigabytes
 * for a million of them.
 */
function list<Item extends z.ZodMiniType>(item: Item, max = Number.POSITIVE_INFINITY) {
  return z.pipe(
    z.array(z.unknown()).check(z.maxLength(max)),
    z.transform((values: unknown[], { issues }): z.output<Item>[] => {
      const items: z.output<Item>[] = [];
      for (const [index, input] of values.entries()) {
        const { data, error } = item.safeParse(input);
        if (error) {
          issues.push({ code: "custom", path: [index, ...(error.issues[0]?.path ?? [])], input });
          return z.NEVER;
        }
        items.push(data);
      }
      return items;
    }),
  );
}

const columnSchema = z.object({
  name,
  /** As `format_type` writes it. */
  type: z.string().check(z.minLength(1), z.maxLength(MAX_TYPE_LENGTH)),
  /** How the values are written: see docs/archive-format.md. */
  encoding: z.enum(["json", "jsonb", "text"]),
});

const manifestTableSchema = z.object({
  ...qualifiedName,
  /** The Prisma model, if one maps this table. */
  model: z.nullable(shortText),
  kind: z.enum(["table", "partitioned table"]),
  columns: list(columnSchema, MAX_COLUMNS),
  /** The tables from which it inherits directly. Left out if there are none, and by older versions. */
  inherits: z.optional(list(z.object(qualifiedName), MAX_PARENTS)),
  rows: count,
  jsonBytes: count,
  jsonSha256: sha256,
  /** Name of the table's entry in the zip. */
  entry: z.string(),
  /** The entry's content as a zip tool extracts it: encrypted, or the JSON itself in mode none. */
  storedBytes: count,
  storedSha256: sha256,
});

const sequenceSchema = z.object({
  ...qualifiedName,
  ownerTable: z.nullable(tableNameSchema),
  ownerColumn: z.nullable(shortText),
  lastValue: int8,
  isCalled: z.boolean(),
});

const enumSchema = z.object({
  /**
   * A type of columns, as `format_type` writes it: an enum or a domain over one. For arrays, the type of their
   * elements.
   */
  type: z.string().check(z.minLength(1), z.maxLength(MAX_TYPE_LENGTH)),
  /** The allowed values. */
  labels: list(shortText),
});

const insertionOrderSchema = z.object({
  components: list(
    z.object({ tables: list(tableNameSchema), cyclic: z.boolean(), level: count }),
  ).check(
    z.refine(
      (components) => components.reduce((sum, { tables }) => sum + tables.length, 0) <= MAX_TABLES,
    ),
  ),
  edges: list(
    z.object({
      constraint: shortText,
      from: tableNameSchema,
      to: tableNameSchema,
      columns: list(shortText, MAX_KEY_COLUMNS),
      referencedColumns: list(shortText, MAX_KEY_COLUMNS),
      onDelete: z.string().check(z.maxLength(MAX_WORDS_LENGTH)),
      relation: z.nullable(z.string().check(z.maxLength(2 * MAX_NAME_LENGTH))),
      role: z.enum(["orders", "self", "cycle"]),
    }),
    MAX_EDGES,
  ),
}) satisfies z.ZodMiniType<InsertionOrder>;

const warningSchema = z.object({
  // Another version may have other codes.
  code: z.custom<WarningCode>(
    (value) => typeof value === "string" && value.length <= MAX_CODE_LENGTH,
  ),
  message: z.string(),
  table: z.optional(tableNameSchema),
}) satisfies z.ZodMiniType<Warning>;

const migrationSchema = z.object({
  name: words(MAX_MIGRATION_NAME_LENGTH),
  checksum: words(),
  finishedAt: z.nullable(dateTime),
  rolledBackAt: z.nullable(dateTime),
});
type Migration = z.infer<typeof migrationSchema>;

const manifestSchema = z.object({
  formatVersion: z.literal(FORMAT_VERSION),
  createdAt: dateTime,
  /** `prisma-backup-admin/<version>` */
  tool: z.string().check(z.minLength(1), z.maxLength(200)),
  database: z.object({
    name,
    serverVersion: words(),
    serverVersionNum: count,
    encoding: words(),
  }),
  schemaFingerprint: sha256,
  /** The rows of `_prisma_migrations`. */
  migrations: z.pipe(list(migrationSchema), z.transform(newestMigrations<Migration>)),
  encryption: z.enum(["passphrase", "recipients", "none"]),
  insertionOrder: insertionOrderSchema,
  tables: list(manifestTableSchema, MAX_TABLES),
  /** How many there were to choose from. Left out by older versions. */
  tablesInDatabase: z.optional(count),
  sequences: list(sequenceSchema, MAX_SEQUENCES),
  /** SHA-256 of README.txt, and of key.age if there is one, byte for byte. Left out by older versions. */
  readmeSha256: z.optional(sha256),
  keySha256: z.optional(sha256),
  /** Left out by older versions. */
  enums: z.optional(list(enumSchema, MAX_ENUMS).check(z.refine(hasRoomForLabels))),
  warnings: z.pipe(
    list(warningSchema),
    z.transform((warnings: Warning[]) => summariseWarnings(warnings)),
  ),
});

/** What an archive says about itself, in its last entry. */
export type StoredManifest = z.infer<typeof manifestSchema>;
export type ManifestTable = StoredManifest["tables"][number];
/**
 * Reads and checks a manifest.
 *
 * @throws ArchiveFault: FORMAT_UNSUPPORTED for a newer version, ARCHIVE_INVALID for anything else
 */
export function readManifest(bytes: Uint8Array): StoredManifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw damaged("The backup's manifest is larger than any backup's.");
  }
  const limits = { maxDepth: MAX_MANIFEST_DEPTH, maxValues: MAX_MANIFEST_VALUES };
  if (!isModestJson(bytes, limits)) {
    throw damaged("The backup's manifest holds more than any backup's.");
  }
  const json = parseJson(bytes);
  checkVersion(json);
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw damaged(`The backup's manifest is not valid${firstFault(parsed.error)}.`, {
      cause: parsed.error,
    });
  }
  checkConsistency(parsed.data);
  return parsed.data;
}

export function newestMigrations<Migration>(migrations: Migration[]): Migration[] {
  return migrations.slice(-MAX_MIGRATIONS);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged("The backup's manifest is not JSON.", { cause });
  }
}

function checkVersion(json: unknown): void {
  const version = z.object({ formatVersion: z.int().check(z.positive()) }).safeParse(json).data;
  if (!version) throw damaged("The backup's manifest names no format version.");
  if (version.formatVersion > FORMAT_VERSION) {
    throw new ArchiveFault(
      "FORMAT_UNSUPPORTED",
      `This backup was made by a newer version: its format is ${version.formatVersion}, and this version reads up to ${FORMAT_VERSION}.`,
      { hint: "Update prisma-backup-admin and try again." },
    );
  }
}

/**
 * Returns where the first fault is. Without its details, because the manifest's values must not get into an error
 * message.
 */
function firstFault(error: z.core.$ZodError): string {
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
    throw damaged("The backup's manifest has longer names than any backup's.");
  }
  for (const table of manifest.tables) {
    // Names and entries correspond one to one, so unique entries mean unique names.
    if (table.entry !== tableEntryName(table, manifest.encryption)) {
      throw damaged(`The backup's manifest gives ${tableLabel(table)} a wrong entry.`);
    }
    if (entries.has(table.entry)) {
      throw damaged(`The backup's manifest lists ${tableLabel(table)} twice.`);
    }
    entries.add(table.entry);
    if (
      manifest.encryption === "none" &&
      (table.storedBytes !== table.jsonBytes || table.storedSha256 !== table.jsonSha256)
    ) {
      throw damaged(`The backup's manifest contradicts itself about ${tableLabel(table)}.`);
    }
    rows += table.rows;
    bytes += table.jsonBytes;
  }
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(bytes)) {
    throw damaged("The backup's manifest has impossible sizes.");
  }
}
