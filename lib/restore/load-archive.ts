import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import type { Archive } from "../archive/archive.ts";
import { invalidArchive } from "../archive/archive-error.ts";
import { batchRows, chosenRows, partOf, type RowBatch } from "../archive/batch-rows.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import { freeOwn } from "../own-memory.ts";
import type { RestoreSelection } from "../plan/restore-scope.ts";
import { ownSettings } from "../postgres/connection/own-settings.ts";
import { deallocate, type LoadBatch, loadStatement } from "../postgres/copy/load-rows.ts";
import type { Load } from "../postgres/load.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import { reportTable, waitingTable } from "../shared/progress.ts";
import { nameOf, tableLabel } from "../shared/table-name.ts";
import type { TransactionOptions } from "./in-transaction.ts";
import type { InsertBatch } from "./insert-batch.ts";

export interface LoadOptions extends RestoreSelection, TransactionOptions {
  /** Already unlocked. Every checksum is compared again while it is read. */
  archive: Archive;
  models: PrismaModels;
  /** How long to wait for tables that another session has locked, in milliseconds. */
  lockTimeoutMs?: number;
  /** The pause after each table except the last, in milliseconds. */
  waitBetweenTablesMs?: number;
}

type CancellableOptions = LoadOptions & { signal: AbortSignal };

export function reportPlanned({ onProgress }: LoadOptions, loads: readonly Load[]): void {
  onProgress?.({
    type: "planned",
    tables: loads.map(({ archived }) => waitingTable(archived, archived.rows)),
  });
}

/** Runs statements one after the other, while the next batch is prepared. */
class Steps {
  #last = Promise.resolve();

  add(step: () => Promise<void> | void): void {
    this.#last = this.#last.then(step);
    // The next `done()` throws the error. Until then it must not count as an unhandled rejection.
    this.#last.catch(() => {});
  }

  /** Throws the error of the first step that failed. The steps after it did not run. */
  done(): Promise<void> {
    return this.#last;
  }
}

/**
 * Loads every table's rows into its target `into`, one table after the other. While one batch is inserted, the next one
 * is read, decrypted, decompressed and converted to COPY's text. From here on the session has the role's own settings,
 * which functions in constraints, indexes and generated columns may need.
 *
 * @throws BackupError from `Archive.readTable`, which compares each table's checksum meanwhile, and from `insertBatch`.
 *   When it throws, no statement is running.
 */
export async function loadArchive(
  client: pg.ClientBase,
  loads: readonly Load[],
  insertBatch: InsertBatch,
  options: CancellableOptions,
): Promise<void> {
  const { signal, waitBetweenTablesMs = 0, onProgress = () => {} } = options;
  onProgress({ type: "phase", phase: "loading" });
  await client.query(ownSettings(client));
  const steps = new Steps();
  try {
    for (const [index, load] of loads.entries()) {
      signal.throwIfAborted();
      if (index > 0 && waitBetweenTablesMs > 0)
        steps.add(() => setTimeout(waitBetweenTablesMs, undefined, { signal }));
      const begin = () => reportTable(onProgress, index);
      await loadTable(client, load, steps, { ...options, insertBatch, begin });
    }
  } finally {
    // If the next batch could not be read, the previous one may still be running.
    await steps.done().catch(() => {});
  }
  await steps.done();
}

interface TableOptions extends CancellableOptions {
  insertBatch: InsertBatch;
  begin(): ReturnType<typeof reportTable>;
}

/** Resolves when all rows are read. All of them are inserted when the steps are done. */
async function loadTable(
  client: pg.ClientBase,
  load: Load,
  steps: Steps,
  { archive, insertBatch, signal, begin }: TableOptions,
): Promise<void> {
  const { archived, into, columns, places } = load;
  const statement = loadStatement(into, columns);
  let report: ReturnType<typeof begin> | undefined;
  let rows = 0;
  let bytes = 0;

  async function insert(batch: LoadBatch): Promise<void> {
    const chosen = places ? chosenRows(batch, places) : [batch];
    // Rows that were not chosen are read and checked too.
    rows += batch.rows;
    for (const some of chosen) rows += (await insertBatch(load, statement, some)) - some.rows;
    bytes += batch.json.length;
    report?.running(rows, bytes);
    freeOwn(batch.json);
  }

  steps.add(() => {
    report = begin();
  });
  for await (const batch of batchRows(archive.readTable(archived, signal))) {
    if (batch.firstRow === 1) requireColumns(batch, archived);
    const copied = places ? undefined : statement.toCopy?.convert(batch.json);
    await steps.done();
    steps.add(() => insert({ ...batch, copied }));
  }
  steps.add(async () => {
    if (rows !== archived.rows) throw wrongCount(load, rows);
    await deallocate(client, statement);
    report?.done(rows, archived.jsonBytes);
  });
}

const wrongCount = ({ archived }: Load, loaded: number): BackupError =>
  new BackupError(
    "LOAD_FAILED",
    `${tableLabel(archived)} took ${loaded} rows, but the backup has ${archived.rows}. Nothing was changed.`,
    {
      hint: "Something in the database drops or adds rows on insert. Compare its rules with those of the time of the backup.",
      details: { table: nameOf(archived), loaded, expected: archived.rows },
    },
  );

/** In bytes. A larger row is not parsed only to see its columns. */
const MAX_PARSED_BYTES = 16 * 1024 * 1024;

/**
 * PostgreSQL would ignore columns that the statement does not name. All rows of a table have the same columns in the
 * same order, so the first one reveals an edited manifest. @throws BackupError ARCHIVE_INVALID
 */
function requireColumns(batch: RowBatch, table: ManifestTable): void {
  const first = partOf(batch, 0, 1).json;
  if (first.length > MAX_PARSED_BYTES) return;
  const found = keysOf(first);
  const expected = table.columns.map(({ name }) => name);
  if (found?.length === expected.length && expected.every((name) => found.includes(name))) return;
  const what = `The rows of ${tableLabel(table)} have other columns than the manifest says.`;
  throw invalidArchive(what, {
    hint: "The backup was tampered with. Use another copy.",
    details: { table: nameOf(table) },
  });
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
