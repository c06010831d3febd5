import pg from "pg";
import type { PlannedLoad } from "../plan/load-plan.ts";
import { quoteTable } from "../postgres/identifiers.ts";
import { loadStatement, type RowBatch, readStatement, splitBatch } from "../postgres/load-rows.ts";

export interface FailingRow {
  /** From 1, in the order of the archive. */
  row: number;
  column?: string;
}

const COPY = { schema: "pg_temp", name: "prisma_backup_admin_probe" };

/**
 * Finds the first row of a batch that its table refuses, for the message of a load that has failed: the batch's
 * rows are tried on an empty temporary table of the same shape. Ends the transaction of the load, whose
 * locks nobody needs any more.
 *
 * @param error of the load; only an equal one counts
 * @returns null where no row is to blame alone, such as one that repeats a key of an earlier batch
 */
export async function findFailingRow(
  client: pg.ClientBase,
  { table, columns }: PlannedLoad,
  batch: RowBatch,
  error: unknown,
): Promise<FailingRow | null> {
  if (!(error instanceof pg.DatabaseError) || !/^2[23]/.test(error.code ?? "")) return null;
  const { code } = error;
  const insert = loadStatement({ ...table, ...COPY }, columns).text;

  async function fails(statement: string, json: Buffer): Promise<boolean> {
    await client.query("SAVEPOINT probe");
    try {
      await client.query(statement, [json]);
      return false;
    } catch (found) {
      if (!(found instanceof pg.DatabaseError) || found.code !== code) throw found;
      return true;
    } finally {
      await client.query("ROLLBACK TO SAVEPOINT probe");
    }
  }

  await client.query("ROLLBACK");
  try {
    // Without defaults: a sequence would go on.
    await client.query(
      `BEGIN; SET CONSTRAINTS ALL IMMEDIATE; CREATE TEMPORARY TABLE ${COPY.name} (LIKE ${quoteTable(table)} INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING INDEXES)`,
    );
    // The least number of rows, from the first, that are refused.
    let good = 0;
    let bad = batch.rows;
    if (!(await fails(insert, batch.json))) return null;
    while (bad - good > 1) {
      const middle = Math.floor((good + bad) / 2);
      if (await fails(insert, splitBatch(batch, 0, middle))) bad = middle;
      else good = middle;
    }
    const row = batch.firstRow + bad - 1;
    const json = splitBatch(batch, bad - 1, bad);
    for (const column of columns) {
      if (await fails(readStatement(column), json)) return { row, column: column.name };
    }
    return { row };
  } finally {
    await client.query("ROLLBACK");
  }
}
