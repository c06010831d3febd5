import { invalidArchive } from "../archive/archive-error.ts";
import { partOf, type RowBatch } from "../archive/batch-rows.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import { nameOf, tableLabel } from "../shared/table-name.ts";

/** In bytes. A larger row is not parsed only to see its columns. */
const MAX_PARSED_BYTES = 16 * 1024 * 1024;

/**
 * PostgreSQL would ignore columns that the statement does not name. All rows of a table have the same columns in the
 * same order, so the first one reveals an edited manifest. @throws BackupError ARCHIVE_INVALID
 */
export function requireColumns(batch: RowBatch, table: ManifestTable): void {
  const first = partOf(batch, 0, 1).json;
  if (first.length > MAX_PARSED_BYTES) return;
  const found = keysOf(first);
  const expected = table.columns.map(({ name }) => name);
  if (found?.length === expected.length && expected.every((name) => found.includes(name))) return;
  throw invalidArchive(
    `The rows of ${tableLabel(table)} have other columns than the manifest says.`,
    {
      hint: "The backup was tampered with. Use another copy.",
      details: { table: nameOf(table) },
    },
  );
}

/** Null if it is not a row. A repeated name counts once. */
function keysOf(json: Buffer): string[] | null {
  try {
    const rows: unknown = JSON.parse(json.toString());
    const row: unknown = Array.isArray(rows) && rows.length === 1 ? rows[0] : null;
    return typeof row === "object" && row !== null ? Object.keys(row) : null;
  } catch {
    return null;
  }
}
