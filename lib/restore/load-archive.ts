import type { Archive } from "../archive/archive.ts";
import type { RestoreSelection } from "../plan/restore-scope.ts";
import { ownSettings } from "../postgres/connection/own-settings.ts";
import type { Load } from "../postgres/load.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import { waitingTable } from "../shared/progress.ts";
import type { TransactionOptions } from "./in-transaction.ts";
import { type InsertBatch, loadTables } from "./load-table.ts";
import type { RestoreSession } from "./restore-session.ts";

/** The options that a restore and its trial run share. */
export interface LoadOptions extends RestoreSelection, TransactionOptions {
  /** Already unlocked. Every digest is checked again while it is read. */
  archive: Archive;
  models: PrismaModels;
  /** How long to wait for tables that another session has locked, in milliseconds. */
  lockTimeoutMs?: number;
  /** The pause after each table except the last, in milliseconds. */
  waitBetweenTablesMs?: number;
}

export function reportPlanned({ onProgress }: LoadOptions, loads: readonly Load[]): void {
  onProgress?.({
    type: "planned",
    tables: loads.map(({ archived }) => waitingTable(archived, archived.rows)),
  });
}

/**
 * Loads every table's rows into its target `into`. From here on the session has the role's own settings, which
 * functions in constraints, indexes and generated columns may need.
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
