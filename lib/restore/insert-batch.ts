import type pg from "pg";
import { type LoadBatch, type LoadStatement, loadRows } from "../postgres/copy/load-rows.ts";
import { dropRemedy, findDropStatement } from "../postgres/errors/constraint-remedies.ts";
import type { Load } from "../postgres/load.ts";
import { nameOf } from "../shared/table-name.ts";
import { findBrokenRuleInBatch } from "./diagnose/find-broken-rule.ts";
import { findFailingRow } from "./diagnose/find-failing-row.ts";
import { findOrphansInBatch } from "./diagnose/find-orphans.ts";
import { keyInBatch } from "./diagnose/row-values.ts";
import { translateLoadError } from "./load-error.ts";

/** @returns the number of rows that are accounted for: inserted, unless an implementation documents otherwise */
export type InsertBatch = (
  load: Load,
  statement: LoadStatement,
  batch: LoadBatch,
) => Promise<number>;

/** Inserts a whole batch, or throws an error that names the row that the table rejects. It ends the transaction. */
export const insertWhole =
  (client: pg.ClientBase): InsertBatch =>
  (load, statement, batch) =>
    loadRows(client, statement, batch).catch(async (error: unknown) => {
      // Finding the row is optional. If the search fails, report the error without it.
      const failing = await findFailingRow(client, load, batch, error).catch(() => null);
      const failingKey = failing ? keyInBatch(batch, failing, load.key) : undefined;
      const drop = await findDropStatement(client, load.table, error).catch(() => undefined);
      const broken = await findBrokenRuleInBatch(client, load, batch, error).catch(() => undefined);
      const orphans = await findOrphansInBatch(client, load, batch, error).catch(() => undefined);
      const lastRow = batch.firstRow + batch.rows - 1;
      throw translateLoadError(error, {
        table: nameOf(load.table),
        rows: failing ? [failing.row, failing.row] : [batch.firstRow, lastRow],
        blamed: failingKey === undefined ? (broken?.blamed ?? orphans) : { key: failingKey },
        column: failing?.column,
        remedy: drop ? dropRemedy(drop) : broken?.remedy,
      });
    });
