import type { Archive } from "../archive/archive.ts";
import { RowLayout } from "../archive/row-layout.ts";
import { BackupError } from "../errors.ts";
import { freeOwn } from "../own-memory.ts";
import { type OnProgress, reportTable, waitingTable } from "../shared/progress.ts";
import { nameOf, tableLabel } from "../shared/table-name.ts";

/**
 * Reads the whole archive and compares every checksum and row count.
 *
 * @throws BackupError DIGEST_MISMATCH, ARCHIVE_INVALID or ARCHIVE_TRUNCATED for the first damaged table
 */
export async function verifyTables(
  archive: Pick<Archive, "manifest" | "readTable">,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  const { tables } = archive.manifest;
  onProgress({
    type: "planned",
    tables: tables.map((table) => waitingTable(table, table.rows)),
  });
  onProgress({ type: "phase", phase: "verifying" });
  for (const [index, table] of tables.entries()) {
    signal?.throwIfAborted();
    const report = reportTable(onProgress, index);
    const layout = new RowLayout();
    let bytes = 0;
    for await (const chunk of archive.readTable(table, signal) as AsyncIterable<Buffer>) {
      layout.push(chunk);
      bytes += chunk.length;
      freeOwn(chunk);
      report.running(layout.rows, bytes);
    }
    layout.end();
    const { rows } = layout;
    if (rows !== table.rows) {
      throw new BackupError(
        "DIGEST_MISMATCH",
        `The backup has ${rows} rows of ${tableLabel(table)}, but its manifest says ${table.rows}. Nothing was changed.`,
        {
          hint: "The backup is damaged or was tampered with. Use another copy.",
          details: { table: nameOf(table) },
        },
      );
    }
    report.done(rows, table.jsonBytes);
  }
}
