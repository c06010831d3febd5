import type { ArchiveWriter } from "../archive/archive-writer.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import type { PlannedTable } from "../plan/dump-plan.ts";
import { copyOut, pagesOut } from "../postgres/copy-out.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import type { reportTable } from "../shared/progress.ts";
import { tableLabel } from "../shared/table-name.ts";

/** Dumps one table as the archive's next entry. @returns what the manifest says of it */
export async function dumpTable(
  { client }: Snapshot,
  table: PlannedTable,
  writer: ArchiveWriter,
  report: ReturnType<typeof reportTable>,
  pageRows?: number,
): Promise<ManifestTable> {
  let rows = 0;
  const onRows = (rowsSoFar: number, bytes: number) => {
    rows = rowsSoFar;
    report.running(rowsSoFar, bytes);
  };
  const source =
    pageRows === undefined
      ? copyOut(client, table, onRows)
      : pagesOut(client, table, pageRows, onRows);
  const written = await writer.writeTable(table, source).catch((error: unknown) => {
    throw translateDatabaseError(error, {
      fallback: "DUMP_FAILED",
      outcome: `No backup was made; it stopped at ${tableLabel(table)}.`,
      table: { schema: table.schema, name: table.name },
    });
  });
  report.done(rows, written.jsonBytes);
  return {
    schema: table.schema,
    name: table.name,
    model: table.model,
    kind: table.kind,
    columns: table.columns
      .filter((column) => !column.generated)
      .map(({ name, type, encoding }) => ({ name, type, encoding })),
    rows,
    ...written,
  };
}
