import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import type { Archive } from "../archive/archive.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import { freeOwn } from "../own-memory.ts";
import {
  batchRows,
  chosenRows,
  deallocate,
  type LoadStatement,
  loadRows,
  loadStatement,
  type RowBatch,
} from "../postgres/copy/load-rows.ts";
import { dropRemedy, findDropStatement } from "../postgres/errors/constraint-remedies.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import type { Load } from "../postgres/load.ts";
import { type OnProgress, reportTable } from "../shared/progress.ts";
import { tableLabel } from "../shared/table-name.ts";
import { keyInBatch } from "./diagnose/failing-key.ts";
import { findBrokenRuleInBatch } from "./diagnose/find-broken-rule.ts";
import { findFailingRow } from "./diagnose/find-failing-row.ts";
import { findOrphansInBatch } from "./diagnose/find-orphans.ts";
import { requireColumns } from "./require-columns.ts";

/**
 * @returns the number of the batch's rows that are accounted for: inserted, unless an implementation documents
 *   otherwise
 */
export type InsertBatch<L extends Load> = (
  load: L,
  statement: LoadStatement,
  batch: RowBatch,
) => Promise<number>;

/**
 * Inserts a whole batch, or throws an error that names the row that the table rejects. The error ends the transaction.
 */
export const insertWhole =
  (client: pg.ClientBase): InsertBatch<Load> =>
  (load, statement, batch) =>
    loadRows(client, statement, batch).catch(async (error: unknown) => {
      // Finding the row is optional. If the search fails, report the error without it.
      const failing = await findFailingRow(client, load, batch, error).catch(() => null);
      const failingKey = failing ? keyInBatch(batch, failing, load.key) : undefined;
      const drop = await findDropStatement(client, load.table, error).catch(() => undefined);
      const broken = await findBrokenRuleInBatch(client, load, batch, error).catch(() => undefined);
      const orphans = await findOrphansInBatch(client, load, batch, error).catch(() => undefined);
      const lastRow = batch.firstRow + batch.rows - 1;
      throw translateDatabaseError(error, {
        fallback: "LOAD_FAILED",
        outcome: "Nothing was changed.",
        table: { schema: load.table.schema, name: load.table.name },
        rows: failing ? [failing.row, failing.row] : [batch.firstRow, lastRow],
        blamed: failingKey === undefined ? (broken?.blamed ?? orphans) : { key: failingKey },
        column: failing?.column,
        remedy: drop ? dropRemedy(drop) : broken?.remedy,
      });
    });

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

export interface LoadTablesOptions<L extends Load> {
  archive: Archive;
  insertBatch: InsertBatch<L>;
  onProgress: OnProgress;
  signal: AbortSignal;
  /** The pause after each table except the last, in milliseconds. */
  waitBetweenTablesMs: number;
}

/**
 * Loads tables from the archive, one after the other. While one batch is inserted, the next one is read, decrypted,
 * decompressed and converted to COPY's text, even if it belongs to the next table.
 *
 * @throws BackupError from `Archive.readTable`, which checks each table's digest meanwhile, and from `insertBatch`.
 *   `insertWhole` throws LOAD_FAILED or CONSTRAINT_VIOLATED with the table, the row (or rows, if no single one is the
 *   cause) and the column or constraint. When it throws, no statement is running.
 */
export async function loadTables<L extends Load>(
  client: pg.ClientBase,
  loads: readonly L[],
  options: LoadTablesOptions<L>,
): Promise<void> {
  const { onProgress, signal, waitBetweenTablesMs } = options;
  const steps = new Steps();
  try {
    for (const [index, load] of loads.entries()) {
      signal.throwIfAborted();
      if (index > 0 && waitBetweenTablesMs > 0)
        steps.add(() => setTimeout(waitBetweenTablesMs, undefined, { signal }));
      const begin = () => reportTable(onProgress, index);
      await loadTable(client, load, steps, { ...options, begin });
    }
  } finally {
    // If the next batch could not be read, the previous one may still be running.
    await steps.done().catch(() => {});
  }
  await steps.done();
}

/** Resolves when all rows are read. All of them are inserted when the steps are done. */
async function loadTable<L extends Load>(
  client: pg.ClientBase,
  load: L,
  steps: Steps,
  { archive, insertBatch, signal, begin }: LoadTablesOptions<L> & { begin: BeginReport },
): Promise<void> {
  const { archived, into, columns, places } = load;
  const statement = loadStatement(into, columns);
  let report: ReturnType<BeginReport> | undefined;
  let rows = 0;
  let bytes = 0;

  async function insert(batch: RowBatch): Promise<void> {
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
    if (rows !== archived.rows) throw wrongCount(archived, rows);
    await deallocate(client, statement);
    report?.done(rows, archived.jsonBytes);
  });
}

type BeginReport = () => ReturnType<typeof reportTable>;

const wrongCount = (archived: ManifestTable, rows: number): BackupError =>
  new BackupError(
    "LOAD_FAILED",
    `${tableLabel(archived)} took ${rows} rows, but the backup has ${archived.rows}. Nothing was changed.`,
    {
      hint: "Something in the database drops or adds rows on insert. Compare its rules with those of the time of the backup.",
      details: {
        table: { schema: archived.schema, name: archived.name },
        loaded: rows,
        expected: archived.rows,
      },
    },
  );
