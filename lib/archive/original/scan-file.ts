/** Reads a whole file once and collects everything that a manifest needs, without keeping its rows. */
import { MIGRATIONS_TABLE } from "../../schema/prisma-models.ts";
import { quote } from "../../shared/archive/entry-names.ts";
import type { OriginalFile } from "../../shared/archive/original-files.ts";
import {
  MAX_MIGRATION_NAME_LENGTH,
  MAX_MIGRATIONS,
  MAX_NAME_LENGTH,
  MAX_WORDS_LENGTH,
} from "../../shared/archive-format.ts";
import { clip } from "../../shared/warnings.ts";
import { invalidArchive } from "../archive-error.ts";
import type { Manifest } from "../manifest.ts";
import { holdsImpreciseNumber, isExactNumber, parseRow, type Row } from "./parse-row.ts";
import { splitRows } from "./split-rows.ts";

export type ValueKind = "null" | "boolean" | "number" | "string" | "array" | "object";

export interface KeyStatistics {
  rows: number;
  nulls: number;
  kinds: Set<ValueKind>;
  /** Whether a value contains a number that JavaScript may have rounded. */
  imprecise: boolean;
  nullElements: boolean;
}

export interface ScannedFile extends OriginalFile {
  /** The table's name as 0.4.0 wrote it into each row. Null for an empty file and for 0.3.5. */
  tableName: string | null;
  rows: number;
  /** In the order of their first appearance, without what the original added. */
  keys: Map<string, KeyStatistics>;
  /** Size of its rows in the layout of format 1, unconverted. */
  jsonBytes: number;
  sha256: string;
  migrations: Manifest["migrations"];
}

type ScanResult = Omit<ScannedFile, "sha256">;

const TABLE_NAME = "__table_name";
const ROW_COUNT = "__row_count";
const isAddedKey = (key: string): boolean => key === TABLE_NAME || key === ROW_COUNT;

/** PostgreSQL's own limit is 1600 columns. */
const MAX_KEYS = 5000;

/** @throws ARCHIVE_INVALID, ARCHIVE_TRUNCATED, and the content's own errors */
export async function scanFile(
  file: OriginalFile,
  content: AsyncIterable<Buffer>,
): Promise<ScanResult> {
  const scanned: ScanResult = {
    ...file,
    tableName: null,
    rows: 0,
    keys: new Map(),
    jsonBytes: "[\n]\n".length,
    migrations: [],
  };
  for await (const rows of splitRows(content, file.entry)) {
    for (const bytes of rows) {
      scanned.rows++;
      scanned.jsonBytes += bytes.length + (scanned.rows === 1 ? 0 : 2);
      addRow(scanned, parseFileRow(bytes, file.entry, scanned.rows));
    }
  }
  requireAllColumns(scanned);
  return scanned;
}

/** @throws ARCHIVE_INVALID with file and row, but no values */
export function parseFileRow(bytes: Buffer, entry: string, row: number): Row {
  try {
    return parseRow(bytes);
  } catch {
    // The parser's own message would quote the text.
    throw invalidArchive(`Row ${row} of the file ${quote(entry)} is not JSON.`, {
      details: { entry, row },
    });
  }
}

function addRow(scanned: ScanResult, row: Row): void {
  const { entry, keys } = scanned;
  const tableName = row[TABLE_NAME];
  if (typeof tableName === "string" && tableName.length > MAX_NAME_LENGTH) {
    throw invalidArchive(`The rows of the file ${quote(entry)} name a table longer than any.`, {
      details: { entry, row: scanned.rows },
    });
  }
  if (scanned.rows === 1) scanned.tableName = typeof tableName === "string" ? tableName : null;
  if (scanned.tableName !== (tableName ?? null)) {
    throw invalidArchive(`The file ${quote(entry)} holds rows of more than one table.`, {
      details: { entry, row: scanned.rows },
    });
  }
  for (const [key, value] of Object.entries(row)) {
    if (isAddedKey(key)) continue;
    let statistics = keys.get(key);
    if (!statistics) {
      if (keys.size === MAX_KEYS || key.length > MAX_NAME_LENGTH) {
        throw invalidArchive(
          `The rows of the file ${quote(entry)} have more columns than a table, or longer names.`,
          { details: { entry } },
        );
      }
      statistics = { rows: 0, nulls: 0, kinds: new Set(), imprecise: false, nullElements: false };
      keys.set(key, statistics);
    }
    const kind = kindOf(value);
    statistics.rows++;
    statistics.kinds.add(kind);
    if (kind === "null") statistics.nulls++;
    if (Array.isArray(value)) statistics.nullElements ||= value.includes(null);
    if (kind === "object" || kind === "array" || kind === "number") {
      statistics.imprecise ||= holdsImpreciseNumber(value);
    }
  }
  if (isMigrations(scanned) && scanned.migrations.length < MAX_MIGRATIONS) {
    scanned.migrations.push(...readMigration(row));
  }
}

function kindOf(value: unknown): ValueKind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (isExactNumber(value)) return "number";
  const type = typeof value;
  return type === "boolean" || type === "number" || type === "string" ? type : "object";
}

/** 0.4.0 wrote every column into every row. If one is missing, the file was changed. */
function requireAllColumns({ entry, tableName, rows, keys }: ScanResult): void {
  if (tableName === null) return;
  const lacking = [...keys].find(([, statistics]) => statistics.rows !== rows)?.[0];
  if (lacking === undefined) return;
  throw invalidArchive(`Some rows of the file ${quote(entry)} lack the column ${quote(lacking)}.`, {
    details: { entry, column: lacking },
  });
}

const isMigrations = ({ tableName, name }: ScanResult): boolean =>
  (tableName ?? name) === MIGRATIONS_TABLE;

function readMigration(row: Row): Manifest["migrations"] {
  const {
    migration_name: name,
    checksum,
    finished_at: finishedAt,
    rolled_back_at: rolledBackAt,
  } = row;
  if (typeof name !== "string" || typeof checksum !== "string") return [];
  return [
    {
      name: clip(name, MAX_MIGRATION_NAME_LENGTH),
      checksum: clip(checksum, MAX_WORDS_LENGTH),
      finishedAt: typeof finishedAt === "string" ? clip(finishedAt, MAX_WORDS_LENGTH) : null,
      rolledBackAt: typeof rolledBackAt === "string" ? clip(rolledBackAt, MAX_WORDS_LENGTH) : null,
    },
  ];
}
