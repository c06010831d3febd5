import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import type { Archive } from "../archive/archive-reader.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import { freeOwn } from "../own-memory.ts";
import { dropRemedy, findDropStatement } from "../postgres/constraint-remedies.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import type { Load } from "../postgres/load.ts";
import {
  batchRows,
  chosenRows,
  deallocate,
  type LoadStatement,
  loadRows,
  loadStatement,
  type RowBatch,
} from "../postgres/load-rows.ts";
import { type OnProgress, reportTable } from "../shared/progress.ts";
import { tableLabel } from "../shared/table-name.ts";
import { keyInBatch } from "./diagnose/failing-key.ts";
import { findBrokenRuleInBatch } from "./diagnose/find-broken-rule.ts";
import { findFailingRow } from "./diagnose/find-failing-row.ts";
import { findOrphansInBatch } from "./diagnose/find-orphans.ts";
import { requireColumns } from "./require-columns.ts";

/** @returns the rows of the batch that are accounted for: inserted, unless an implementation says otherwise */
export type InsertBatch<L extends Load> = (
  load: L,
  statement: LoadStatement,
  batch: RowBatch,
) => Promise<number>;

/** Inserts a batch whole, or says which of its rows the table refuses. Ends the transaction then. */
export const insertWhole =
  (client: pg.ClientBase): InsertBatch<Load> =>
  (load, statement, batch) =>
    loadRows(client, statement, batch).catch(async (error: unknown) => {
      // The row helps a person. If it is not found, the error itself must still be told.
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

/** Statements that run one after the other, while the next batch is made ready. */
class Steps {
  #last = Promise.resolve();

  add(step: () => Promise<void> | void): void {
    this.#last = this.#last.then(step);
    // Whoever waits next gets its error. Until then it must not count as unhandled.
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
  /** The pause after each table but the last. */
  waitBetweenTablesMs: number;
}

/**
 * Loads tables from the archive, one after the other. While one batch is inserted, the next one, of the same table or of
 * the one after it, is read, decrypted, decompressed and converted to COPY's text.
 *
 * @throws BackupError of `Archive.readTable`, which proves each table's digest on the way, and of `insertBatch`.
 *   `insertWhole` throws LOAD_FAILED or CONSTRAINT_VIOLATED with the table, the row (or rows, if no single one is to
 *   blame) and the column or constraint. No statement runs any more then.
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
    // If the next batch could not be read, the one before it may still be on its way.
    await steps.done().catch(() => {});
  }
  await steps.done();
}

/** Resolves once all rows are read. All of them are in when the steps are done. */
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
    // Rows that were not chosen are read and proven as well.
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
    const copied = places ? undefined : statement.toCopy.convert(batch.json);
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
    `${tableLabel(archived)} took ${rows} rows, but the archive has ${archived.rows}. Nothing was changed.`,
    {
      hint: "Something in the database drops or adds rows on insert. Compare its rules with those of the time of the backup.",
      details: {
        table: { schema: archived.schema, name: archived.name },
        loaded: rows,
        expected: archived.rows,
      },
    },
  );
