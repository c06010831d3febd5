import { invalidArchive } from "../archive/archive-error.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import { type RowBatch, splitBatch } from "../postgres/copy/load-rows.ts";
import { tableLabel } from "../shared/table-name.ts";

/** In bytes. A larger row is not parsed only to see its columns. */
const MAX_PARSED_BYTES = 16 * 1024 * 1024;

/**
 * Compares the columns of a batch's first row with the manifest's, because PostgreSQL would ignore columns that the
 * statement does not name. All rows of a table have the same columns in the same order, so one row reveals an edited
 * manifest.
 *
 * @throws BackupError ARCHIVE_INVALID
 */
export function requireColumns(batch: RowBatch, table: ManifestTable): void {
  const first = splitBatch(batch, 0, 1);
  if (first.length > MAX_PARSED_BYTES) return;
  const found = keysOf(first);
  const expected = table.columns.map(({ name }) => name);
  if (found?.length === expected.length && expected.every((name) => found.includes(name))) return;
  throw invalidArchive(
    `The rows of ${tableLabel(table)} have other columns than the manifest says.`,
    {
      hint: "The backup was tampered with. Use another copy.",
      details: { table: { schema: table.schema, name: table.name } },
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
