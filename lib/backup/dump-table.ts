import type { ArchiveWriter } from "../archive/archive-writer.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import type { PlannedTable } from "../plan/dump-plan.ts";
import { copyOut, pagesOut } from "../postgres/copy-out.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import type { reportTable } from "../shared/progress.ts";
import { tableLabel } from "../shared/table-name.ts";

export interface TableDump {
  /** Resolves when all of it is read, and the connection is free; never where it fails. */
  read: Promise<void>;
  /** What the manifest says of it, once the archive has taken all of it. Rejects where it fails. */
  written: Promise<ManifestTable>;
}

/** Dumps one table as the archive's next entry. */
export function dumpTable(
  { client }: Snapshot,
  table: PlannedTable,
  writer: ArchiveWriter,
  report: ReturnType<typeof reportTable>,
  pageRows?: number,
): TableDump {
  let rows = 0;
  const onRows = (rowsSoFar: number, bytes: number) => {
    rows = rowsSoFar;
    report.running(rowsSoFar, bytes);
  };
  const describeError = (error: unknown) =>
    translateDatabaseError(error, {
      fallback: "DUMP_FAILED",
      outcome: `No backup was made; it stopped at ${tableLabel(table)}.`,
      table: { schema: table.schema, name: table.name },
    }) as Error;
  const source =
    pageRows === undefined
      ? copyOut(client, table, onRows, describeError)
      : pagesOut(client, table, pageRows, onRows, describeError);

  async function write(): Promise<ManifestTable> {
    const written = await writer.writeTable(table, source);
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

  return {
    read: new Promise((resolve) => source.once("end", resolve)),
    written: write(),
  };
}
