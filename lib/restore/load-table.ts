import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import type { Archive } from "../archive/archive-reader.ts";
import type { ManifestTable } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import { freeOwn } from "../own-memory.ts";
import type { PlannedLoad } from "../plan/load-plan.ts";
import { dropRemedy, findDropStatement } from "../postgres/constraint-remedies.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import {
  batchRows,
  chosenRows,
  deallocate,
  type LoadStatement,
  loadRows,
  loadStatement,
  type RowBatch,
} from "../postgres/load-rows.ts";
import type { RowKey } from "../postgres/row-keys.ts";
import { type OnProgress, reportTable } from "../shared/progress.ts";
import { tableLabel } from "../shared/table-name.ts";
import { keyInBatch } from "./diagnose/failing-key.ts";
import { findBrokenRuleInBatch } from "./diagnose/find-broken-rule.ts";
import { findFailingRow } from "./diagnose/find-failing-row.ts";
import { findOrphansInBatch } from "./diagnose/find-orphans.ts";
import { requireColumns } from "./require-columns.ts";

/** @returns the rows of the batch that are accounted for: inserted, unless an implementation says otherwise */
export type InsertBatch = (
  load: PlannedLoad,
  statement: LoadStatement,
  batch: RowBatch,
) => Promise<number>;

/** What a person knows a load as, where a copy takes the rows, and what tells its rows. */
export type Meant = (load: PlannedLoad) => { load: PlannedLoad; key: RowKey | null };

/** Inserts a batch whole, or says which of its rows the table refuses. Ends the transaction then. */
export const insertWhole =
  (client: pg.ClientBase, meant: Meant): InsertBatch =>
  (taken, statement, batch) =>
    loadRows(client, statement, batch).catch(async (error: unknown) => {
      const { load, key } = meant(taken);
      // To know it is a help; not to find it must not hide the error itself.
      const failing = await findFailingRow(client, load, batch, error).catch(() => null);
      const failingKey = failing ? keyInBatch(batch, failing, key) : undefined;
      const drop = await findDropStatement(client, load.table, error).catch(() => undefined);
      const broken = await findBrokenRuleInBatch(client, load, batch, error).catch(() => undefined);
      const orphans = await findOrphansInBatch(client, load, batch, error).catch(() => undefined);
      const lastRow = batch.firstRow + batch.rows - 1;
      throw translateDatabaseError(error, {
        fallback: "LOAD_FAILED",
        outcome: "Nothing has changed.",
        table: { schema: load.table.schema, name: load.table.name },
        rows: failing ? [failing.row, failing.row] : [batch.firstRow, lastRow],
        blamed: failingKey === undefined ? (broken?.blamed ?? orphans) : { key: failingKey },
        column: failing?.column,
        remedy: drop ? dropRemedy(drop) : broken?.remedy,
      });
    });

/** What is asked of a connection, one after the other, while what comes next is made ready. */
class Steps {
  #last = Promise.resolve();

  add(step: () => Promise<void> | void): void {
    this.#last = this.#last.then(step);
    // Its error is thrown by who waits next; until then it is not unhandled.
    this.#last.catch(() => {});
  }

  /** Throws what the first to fail threw; those after it were left out. */
  done(): Promise<void> {
    return this.#last;
  }
}

export interface LoadTablesOptions {
  archive: Archive;
  insertBatch: InsertBatch;
  onProgress: OnProgress;
  signal: AbortSignal;
  /** The pause after each table but the last. */
  waitBetweenTablesMs: number;
}

/**
 * Loads tables from the archive, one after the other. One batch is inserted while the next, of the same table or of the
 * one after it, is read, decrypted, decompressed and made COPY's text.
 *
 * @throws BackupError of `Archive.readTable`, which proves each table's digest on the way, and of `insertBatch`: of the
 *   usual one LOAD_FAILED or CONSTRAINT_VIOLATED with table, row (or rows, where no one is to blame alone) and column or
 *   constraint. Nothing is asked of the connection any more then.
 */
export async function loadTables(
  client: pg.ClientBase,
  loads: readonly PlannedLoad[],
  options: LoadTablesOptions,
): Promise<void> {
  const { onProgress, signal, waitBetweenTablesMs } = options;
  const steps = new Steps();
  try {
    for (const [index, load] of loads.entries()) {
      signal.throwIfAborted();
      if (index > 0 && waitBetweenTablesMs > 0)
        steps.add(() => setTimeout(waitBetweenTablesMs, undefined, { signal }));
      await loadTable(client, load, () => reportTable(onProgress, index), steps, options);
    }
  } finally {
    // Where what comes next failed, what came before may still be on its way.
    await steps.done().catch(() => {});
  }
  await steps.done();
}

/** Resolves once all rows are read; those that are not in yet are so when the steps are done. */
async function loadTable(
  client: pg.ClientBase,
  load: PlannedLoad,
  begin: () => ReturnType<typeof reportTable>,
  steps: Steps,
  { archive, insertBatch, signal }: LoadTablesOptions,
): Promise<void> {
  const { archived, table, columns, places } = load;
  const statement = loadStatement(table, columns);
  let report: ReturnType<typeof reportTable> | undefined;
  let rows = 0;
  let bytes = 0;

  async function insert(batch: RowBatch): Promise<void> {
    const chosen = places ? chosenRows(batch, places) : [batch];
    // Rows that were not chosen are read and proven like the others.
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

const wrongCount = (archived: ManifestTable, rows: number): BackupError =>
  new BackupError(
    "LOAD_FAILED",
    `${tableLabel(archived)} took ${rows} rows, but the archive has ${archived.rows}. Nothing has changed.`,
    {
      hint: "Something in the database drops or adds rows on insert. Compare its rules with those of the time of the backup.",
      details: {
        table: { schema: archived.schema, name: archived.name },
        loaded: rows,
        expected: archived.rows,
      },
    },
  );
