import type { Writable } from "node:stream";
import { type ArchiveWriter, createArchiveWriter } from "../archive/archive-writer.ts";
import type { ArchiveKey } from "../archive/encryption.ts";
import type { EntrySink } from "../archive/entry-sink.ts";
import type { UnwrittenManifest } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import type { PlannedTable, TableSelection } from "../plan/dump-plan.ts";
import { whatToLeaveOut } from "../plan/exclusion.ts";
import {
  abandon,
  cancelOnAbort,
  type Database,
  explainEnd,
} from "../postgres/connection/connection.ts";
import { reportWaits } from "../postgres/connection/session-waits.ts";
import { countRows, type RowCount } from "../postgres/count-rows.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import { retryOnConflict } from "../postgres/errors/standby.ts";
import { DEFAULT_LOCK_TIMEOUT_MS } from "../postgres/locks.ts";
import { readMigrations } from "../postgres/migrations.ts";
import { readSequenceStates } from "../postgres/sequences.ts";
import { openSnapshot, type Snapshot } from "../postgres/snapshot.ts";
import { enumsOf } from "../schema/enums.ts";
import { fingerprint } from "../schema/fingerprint.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { OperationResult, Warning } from "../shared/api.ts";
import { FORMAT_VERSION } from "../shared/archive-format.ts";
import { formatSome } from "../shared/format.ts";
import { type OnProgress, waitingTable } from "../shared/progress.ts";
import { nameOf, tableLabel } from "../shared/table-name.ts";
import { summariseWarnings } from "../shared/warnings.ts";
import { toBackupError } from "../to-backup-error.ts";
import { TOOL } from "../version.ts";
import { dumpTables } from "./dump-tables.ts";
import { warningsWithCounts } from "./rows-not-in-backup.ts";
import { sequencesBehind } from "./sequences-behind.ts";

export interface RunBackupOptions extends TableSelection {
  database: Database;
  models: PrismaModels;
  key: ArchiveKey;
  /**
   * Receives the backup while it is made. A stream receives a zip, is ended with it, and destroyed if the backup fails.
   */
  output: Writable | EntrySink;
  /** How long to wait for tables that another session has locked, in milliseconds. */
  lockTimeoutMs?: number;
  /** Maximum size of a row's JSON, in bytes. A larger row fails the backup, because it could not be restored. */
  maxRowBytes?: number;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/**
 * Backs up the database at one moment as a stream, in bounded memory and without parsing rows.
 *
 * @returns once the output has accepted the archive's last byte
 * @throws BackupError. The output is then destroyed, so that the incomplete data is not taken for a backup.
 */
export async function runBackup(options: RunBackupOptions): Promise<OperationResult> {
  const { key, output, signal } = options;
  const startedAt = performance.now();
  const createdAt = new Date();
  // Create the writer first, so that a download begins at once.
  const writer = createArchiveWriter({ key, createdAt, output, signal });
  try {
    const manifest = await dump(options, writer, createdAt);
    const { archiveBytes } = await writer.finish(manifest);
    const { tables, tablesInDatabase, sequences, warnings } = manifest;
    return {
      elapsedMs: Math.round(performance.now() - startedAt),
      tables: tables.map(({ schema, name, model, rows, jsonBytes, jsonSha256 }) => ({
        schema,
        name,
        model,
        rows,
        jsonBytes,
        jsonSha256,
      })),
      ...(tablesInDatabase !== undefined && { tablesInDatabase }),
      rows: tables.reduce((sum, table) => sum + table.rows, 0),
      jsonBytes: tables.reduce((sum, table) => sum + table.jsonBytes, 0),
      sequences: sequences.length,
      warnings,
      archiveBytes,
    };
  } catch (error) {
    const reason = signal?.aborted
      ? signal.reason
      : translateDatabaseError(error, { fallback: "DUMP_FAILED", outcome: "No backup was made." });
    writer.abort(reason);
    throw toBackupError(reason);
  }
}

/** Writes the tables. @returns the manifest, when the database is not needed any more */
async function dump(
  options: RunBackupOptions,
  writer: ArchiveWriter,
  createdAt: Date,
): Promise<UnwrittenManifest> {
  const { onProgress = () => {} } = options;
  const { snapshot, counts, warnings, stopListening } = await retryOnConflict(() => begin(options));
  const { client, catalog, plan } = snapshot;
  try {
    onProgress({
      type: "planned",
      tables: [...counts].map(([table, { rows, isExact }]) => waitingTable(table, rows, isExact)),
    });

    onProgress({ type: "phase", phase: "dumping" });
    const tables = await dumpTables(snapshot, { ...options, writer, onProgress });

    onProgress({ type: "phase", phase: "finishing" });
    const states = await readSequenceStates(client, plan.sequences);
    const behind = await sequencesBehind(client, plan, states);
    options.signal?.throwIfAborted();
    const migrations = await readMigrations(client, catalog);
    const enums = enumsOf(plan.tables);
    await client.query("COMMIT");
    stopListening();
    await client.end();

    const { name, serverVersion, serverVersionNum, encoding } = catalog.database;
    return {
      formatVersion: FORMAT_VERSION,
      createdAt: createdAt.toISOString(),
      tool: TOOL,
      database: { name, serverVersion, serverVersionNum, encoding },
      schemaFingerprint: fingerprint(catalog, plan.tables),
      migrations,
      encryption: options.key.mode,
      insertionOrder: plan.insertionOrder,
      tables,
      tablesInDatabase: plan.tablesInDatabase,
      sequences: [...states].map(([{ owner }, state]) => ({
        ...state,
        ownerTable: owner?.table ?? null,
        ownerColumn: owner?.column ?? null,
      })),
      ...(enums.length > 0 && { enums }),
      warnings: summariseWarnings([...warnings, ...behind]),
    };
  } catch (error) {
    // A table's error is already translated and names the table.
    throw error instanceof BackupError ? error : explainEnd(client, error);
  } finally {
    stopListening();
    // The connection may be in the middle of a COPY. Closing it makes the server end the transaction.
    abandon(client);
  }
}

interface Begun {
  snapshot: Snapshot;
  counts: Map<PlannedTable, RowCount>;
  warnings: Warning[];
  stopListening: () => void;
}

/** Does everything before the first row. */
async function begin(options: RunBackupOptions): Promise<Begun> {
  const { database, models, signal, onProgress = () => {} } = options;
  const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
  const client = await database.connect("backup");
  // A COPY ends with its stream. Other statements, which may wait for a lock, must be cancelled.
  const stopListening = cancelOnAbort(client, database, signal);
  reportWaits(client, (waitsFor) => onProgress({ type: "waiting", waitsFor }));
  try {
    signal?.throwIfAborted();
    const snapshot = await openSnapshot(client, models, options, lockTimeoutMs);
    const { catalog, plan } = snapshot;
    const counts = await countRows(client, plan.tables);
    requireCounted(counts);
    const warnings = await warningsWithCounts(client, catalog, plan);
    return { snapshot, counts, warnings, stopListening };
  } catch (error) {
    stopListening();
    abandon(client);
    throw explainEnd(client, error);
  }
}

/** A table that cannot be counted cannot be backed up. @throws DUMP_FAILED, which names all such tables */
function requireCounted(counts: Begun["counts"]): void {
  const failed = [...counts].filter(([, { error }]) => error).map(([table]) => table);
  const [first, ...others] = failed;
  if (!first) return;
  const also = others.length > 0 ? `Nor can ${formatSome(others.map(tableLabel))} be read. ` : "";
  throw translateDatabaseError(counts.get(first)?.error, {
    fallback: "DUMP_FAILED",
    outcome: `${also}No backup was made.`,
    table: nameOf(first),
    ...whatToLeaveOut(failed, [...counts.keys()]),
  });
}
