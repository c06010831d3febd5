import type { Archive } from "../archive/archive-reader.ts";
import type { RestoreSelection } from "../plan/restore-scope.ts";
import type { Load } from "../postgres/load.ts";
import { ownSettings } from "../postgres/own-settings.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import { waitingTable } from "../shared/progress.ts";
import type { TransactionOptions } from "./in-transaction.ts";
import { type InsertBatch, loadTables } from "./load-table.ts";
import type { RestoreSession } from "./restore-session.ts";

/** What a restore and its trial run have in common. */
export interface LoadOptions extends RestoreSelection, TransactionOptions {
  /** Unlocked. Every digest is proven again while it is read. */
  archive: Archive;
  models: PrismaModels;
  /** How long to wait for tables that somebody else has locked. */
  lockTimeoutMs?: number;
  /** The pause after each table but the last. */
  waitBetweenTablesMs?: number;
}

export function reportPlanned({ onProgress }: LoadOptions, loads: readonly Load[]): void {
  onProgress?.({
    type: "planned",
    tables: loads.map(({ archived }) => waitingTable(archived, archived.rows)),
  });
}

/**
 * Loads every table's rows, each `into` its own. From here on the session has the role's own settings, on which functions
 * in constraints, indexes and generated columns may rely.
 */
export async function loadArchive<L extends Load>(
  { client }: RestoreSession,
  loads: readonly L[],
  insertBatch: InsertBatch<L>,
  { archive, waitBetweenTablesMs = 0, onProgress = () => {}, signal }: LoadOptions & Signalled,
): Promise<void> {
  onProgress({ type: "phase", phase: "loading" });
  await client.query(ownSettings(client));
  await loadTables(client, loads, {
    archive,
    insertBatch,
    onProgress,
    signal,
    waitBetweenTablesMs,
  });
}

interface Signalled {
  signal: AbortSignal;
}
