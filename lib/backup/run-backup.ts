import type { Writable } from "node:stream";
import { createArchiveWriter } from "../archive/archive-writer.ts";
import type { ArchiveKey } from "../archive/encryption.ts";
import type { EntrySink } from "../archive/entry-sink.ts";
import { BackupError } from "../errors.ts";
import type { TableSelection } from "../plan/dump-plan.ts";
import { leaveOut } from "../plan/exclusion.ts";
import { abandon, cancelOnAbort, type Database, explainEnd } from "../postgres/connection.ts";
import { countRows, type RowCount } from "../postgres/count-rows.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import { DEFAULT_LOCK_TIMEOUT_MS } from "../postgres/locks.ts";
import { readMigrations } from "../postgres/migrations.ts";
import { CONFLICT_ATTEMPTS, isRecoveryConflict } from "../postgres/recovery-conflict.ts";
import { readSequenceStates } from "../postgres/sequences.ts";
import { reportWaits } from "../postgres/session-waits.ts";
import { openSnapshot, type Snapshot } from "../postgres/snapshot.ts";
import { enumsOf } from "../schema/enums.ts";
import { fingerprint } from "../schema/fingerprint.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { OperationResult, TableName, Warning } from "../shared/api.ts";
import { FORMAT_VERSION } from "../shared/archive-format.ts";
import { formatSome } from "../shared/format.ts";
import { type OnProgress, waitingTable } from "../shared/progress.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { summariseWarnings } from "../shared/warnings.ts";
import { toBackupError } from "../to-backup-error.ts";
import { TOOL } from "../version.ts";
import { dumpTables } from "./dump-tables.ts";
import { leftOutWarnings } from "./left-out-rows.ts";
import { sequencesBehind } from "./sequences-behind.ts";

export interface RunBackupOptions extends TableSelection {
  database: Database;
  models: PrismaModels;
  /** Determines the encryption. There is no default. */
  key: ArchiveKey;
  /**
   * Receives the backup while it is made. A stream receives a zip. It is ended when the backup is complete, and
   * destroyed if the backup fails.
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
  const { database, key, output, maxRowBytes, signal, onProgress = () => {} } = options;
  const startedAt = performance.now();
  const createdAt = new Date();
  // Create the writer first, so that a download begins at once.
  const writer = createArchiveWriter({ key, createdAt, output, signal });
  try {
    const begun = await begin(options);
    const { snapshot, counts, stopListening } = begun;
    const { client, catalog, plan } = snapshot;
    try {
      onProgress({
        type: "planned",
        tables: plan.tables.map((table, index) =>
          waitingTable(table, counts[index]?.rows ?? 0, counts[index]?.isExact),
        ),
      });

      onProgress({ type: "phase", phase: "dumping" });
      const tables = await dumpTables(snapshot, {
        writer,
        database,
        maxRowBytes,
        onProgress,
        signal,
      });

      onProgress({ type: "phase", phase: "finishing" });
      const owners = new Map(
        plan.sequences.map((sequence) => [tableKey(sequence), sequence.owner]),
      );
      const states = await readSequenceStates(client, plan.sequences);
      const warnings = summariseWarnings([
        ...begun.warnings,
        ...(await sequencesBehind(client, plan, states)),
      ]);
      signal?.throwIfAborted();
      const sequences = states.map((state) => {
        const owner = owners.get(tableKey(state));
        return { ...state, ownerTable: owner?.table ?? null, ownerColumn: owner?.column ?? null };
      });
      const migrations = await readMigrations(client, catalog);
      const enums = enumsOf(plan.tables);
      await client.query("COMMIT");
      stopListening();
      await client.end();

      const { archiveBytes } = await writer.finish({
        formatVersion: FORMAT_VERSION,
        createdAt: createdAt.toISOString(),
        tool: TOOL,
        database: {
          name: catalog.database.name,
          serverVersion: catalog.database.serverVersion,
          serverVersionNum: catalog.database.serverVersionNum,
          encoding: catalog.database.encoding,
        },
        schemaFingerprint: fingerprint(catalog, plan.tables),
        migrations,
        encryption: key.mode,
        insertionOrder: plan.insertionOrder,
        tables,
        tablesInDatabase: plan.tablesInDatabase,
        sequences,
        ...(enums.length > 0 && { enums }),
        warnings,
      });
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
        tablesInDatabase: plan.tablesInDatabase,
        rows: tables.reduce((sum, table) => sum + table.rows, 0),
        jsonBytes: tables.reduce((sum, table) => sum + table.jsonBytes, 0),
        sequences: sequences.length,
        warnings,
        archiveBytes,
      };
    } catch (error) {
      // A table's error is already translated and names the table.
      throw error instanceof BackupError ? error : explainEnd(client, error);
    } finally {
      stopListening();
      // The connection may be in any state, for example in the middle of a COPY. Closing it makes the server end the
      // transaction.
      abandon(client);
    }
  } catch (error) {
    const reason = signal?.aborted
      ? signal.reason
      : translateDatabaseError(error, { fallback: "DUMP_FAILED", outcome: "No backup was made." });
    writer.abort(reason);
    throw toBackupError(reason);
  }
}

interface Begun {
  snapshot: Snapshot;
  counts: RowCount[];
  warnings: Warning[];
  stopListening: () => void;
}

/** Does everything before the first row. On a standby, a new attempt may avoid a recovery conflict. */
async function begin(options: RunBackupOptions): Promise<Begun> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await beginOnce(options);
    } catch (error) {
      if (!isRecoveryConflict(error) || attempt === CONFLICT_ATTEMPTS) throw error;
    }
  }
}

async function beginOnce(options: RunBackupOptions): Promise<Begun> {
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
    requireCounted(plan.tables, counts);
    const warnings = await leftOutWarnings(client, catalog, plan);
    return { snapshot, counts, warnings, stopListening };
  } catch (error) {
    stopListening();
    abandon(client);
    throw explainEnd(client, error);
  }
}

/** A table that cannot be counted cannot be backed up. @throws DUMP_FAILED, which names all such tables */
function requireCounted(tables: readonly TableName[], counts: readonly RowCount[]): void {
  const failed = tables.filter((_, index) => counts[index]?.error);
  const [first, ...others] = failed;
  if (!first) return;
  const also = others.length > 0 ? `Nor can ${formatSome(others.map(tableLabel))} be read. ` : "";
  throw translateDatabaseError(counts[tables.indexOf(first)]?.error, {
    fallback: "DUMP_FAILED",
    outcome: `${also}No backup was made.`,
    table: { schema: first.schema, name: first.name },
    ...leaveOut(failed, tables),
  });
}
