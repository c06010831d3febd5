import pg from "pg";
import {
  loadStatement,
  type RowBatch,
  readStatement,
  splitBatch,
} from "../../postgres/copy/load-rows.ts";
import { isTextError } from "../../postgres/errors/text-errors.ts";
import type { Load } from "../../postgres/load.ts";
import { columnAlone } from "./column-alone.ts";
import { isForeignKeyViolation } from "./find-orphans.ts";
import { withProbeTable } from "./probe-table.ts";

export interface FailingRow {
  /** Starts at 1, in the order of the archive. */
  row: number;
  column?: string;
}

/**
 * Finds the first row of a batch that its table rejects, for the error message of a failed load. A binary search
 * inserts the batch's rows into an empty temporary table of the same structure. Ends the load's transaction.
 *
 * @param error of the load. Only errors with the same code count.
 * @returns null if no single row is the cause, for example if a row repeats a key from an earlier batch
 */
export async function findFailingRow(
  client: pg.ClientBase,
  { table, columns }: Load,
  batch: RowBatch,
  error: unknown,
): Promise<FailingRow | null> {
  if (!(error instanceof pg.DatabaseError) || !/^2[23]/.test(error.code ?? "")) return null;
  // The temporary table has no foreign keys, so it would not reject these rows.
  if (isForeignKeyViolation(error)) return null;
  const { code } = error;

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

  return await withProbeTable(
    client,
    table,
    ["CONSTRAINTS", "GENERATED", "INDEXES"],
    async (probe) => {
      const insert = loadStatement(probe, columns).text;
      // Find the smallest number of rows, from the first, that fails.
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
        // Text that is invalid in the encoding fails before any column is read, regardless of its column. So try each
        // value alone.
        const read = isTextError(error) ? columnAlone(json, column.name) : json;
        if (read && (await fails(readStatement([column]), read)))
          return { row, column: column.name };
      }
      return { row };
    },
  );
}
