import type { ArchiveWriter } from "../archive/archive-writer.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import type { PlannedTable } from "../plan/dump-plan.ts";
import { type Database, explainEnd } from "../postgres/connection/connection.ts";
import { copyOut } from "../postgres/copy/copy-out.ts";
import type { Snapshot } from "../postgres/snapshot.ts";
import { MAX_PARENTS } from "../shared/archive-format.ts";
import { type OnProgress, reportTable } from "../shared/progress.ts";
import { nameOf } from "../shared/table-name.ts";
import { describeDumpError } from "./describe-dump-error.ts";

interface DumpOptions {
  writer: ArchiveWriter;
  /** For a second connection, to search for a failing row. */
  database: Database;
  maxRowBytes?: number | undefined;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
}

interface TableDump {
  /** Resolves when the table is read and the connection is free. Never settles if reading fails. */
  read: Promise<void>;
  /** The table's entry for the manifest, after the archive has accepted all its bytes. Rejects if the dump fails. */
  written: Promise<ManifestTable>;
}

/** Dumps the planned tables, each as the archive's next entry. @returns their entries for the manifest */
export async function dumpTables(
  snapshot: Snapshot,
  options: DumpOptions,
): Promise<ManifestTable[]> {
  const tables: ManifestTable[] = [];
  let writing: Promise<ManifestTable> | undefined;
  for (const [index, table] of snapshot.plan.tables.entries()) {
    options.signal?.throwIfAborted();
    const dump = dumpTable(snapshot, table, reportTable(options.onProgress, index), options);
    // The error is thrown below. Until then it must not count as an unhandled rejection.
    dump.written.catch(() => {});
    // A table is compressed, encrypted and written while the next one is read.
    if (writing) tables.push(await writing);
    await Promise.race([dump.read, dump.written]);
    writing = dump.written;
  }
  if (writing) tables.push(await writing);
  return tables;
}

function dumpTable(
  { client, catalog, plan }: Snapshot,
  table: PlannedTable,
  report: ReturnType<typeof reportTable>,
  { writer, database, maxRowBytes, signal }: DumpOptions,
): TableDump {
  let rows = 0;
  const onRows = (rowsSoFar: number, bytes: number) => {
    rows = rowsSoFar;
    report.running(rowsSoFar, bytes);
  };
  const { encoding } = catalog.database;
  const options = {
    isUtf8: encoding !== "SQL_ASCII",
    maxRowBytes,
    describeError: (error: Error, failedRow: number) =>
      describeDumpError(explainEnd(client, error) as Error, failedRow, {
        database,
        table,
        tables: plan.tables,
        encoding,
        maxRowBytes,
        signal,
      }),
  };
  const source = copyOut(client, table, onRows, options);

  async function write(): Promise<ManifestTable> {
    const written = await writer.writeTable(table, source);
    report.done(rows, written.jsonBytes);
    return {
      ...nameOf(table),
      model: table.model,
      kind: table.kind,
      columns: table.columns
        .filter((column) => !column.generated)
        .map(({ name, type, encoding }) => ({ name, type, encoding })),
      ...(table.inherits.length > 0 && { inherits: table.inherits.slice(0, MAX_PARENTS) }),
      rows,
      ...written,
    };
  }

  return {
    read: new Promise((resolve) => source.once("end", resolve)),
    written: write(),
  };
}
