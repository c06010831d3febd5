import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { quoteLiteral } from "./identifiers.ts";
import { type ReadTable, rowsOf } from "./rows-of.ts";

/** Tables are counted, smallest first, up to this size in all: about a second of reading. The rest is estimated. */
const COUNT_UP_TO_BYTES = 512 * 1024 * 1024;

/** What is known of a table whose rows are counted, perhaps of an extension's. */
export type CountedTable = ReadTable &
  Pick<CatalogTable, "sizeBytes" | "estimatedRows" | "canSelect" | "hidesRows" | "isLocked">;

export interface RowCount {
  rows: number;
  isExact: boolean;
}

/** Rows of each table, in the tables' order: counted where that is quick and waits for nobody, else the planner's estimate. */
export async function countRows(
  client: pg.ClientBase,
  tables: readonly CountedTable[],
): Promise<RowCount[]> {
  let budget = COUNT_UP_TO_BYTES;
  const counted = new Set<CountedTable>();
  for (const table of tables.toSorted((a, b) => a.sizeBytes - b.sizeBytes)) {
    budget -= table.sizeBytes;
    if (budget >= 0 && table.canSelect && !table.hidesRows && !table.isLocked) counted.add(table);
  }
  const exact = await countExactly(client, [...counted]);
  return tables.map((table) => {
    const rows = exact.get(table);
    return rows === undefined ? estimateRows(table) : { rows, isExact: true };
  });
}

export const estimateRows = ({ estimatedRows }: CountedTable): RowCount => ({
  rows: Math.max(0, estimatedRows),
  isExact: false,
});

/** Counts every table's rows, however long it takes. */
export async function countExactly<Table extends ReadTable>(
  client: pg.ClientBase,
  tables: readonly Table[],
): Promise<Map<Table, number>> {
  const counts = new Map<Table, number>();
  // A statement of thousands of subqueries would overflow PostgreSQL's stack.
  for (let from = 0; from < tables.length; from += 200) {
    const some = tables.slice(from, from + 200);
    const statement = some
      .map(
        (table, index) =>
          `SELECT ${quoteLiteral(String(index))}::int AS i, count(*)::float8 AS rows FROM ${rowsOf(table)} t`,
      )
      .join(" UNION ALL ");
    const { rows } = await client.query<{ i: number; rows: number }>(statement);
    for (const row of rows) {
      const table = some[row.i];
      if (table) counts.set(table, row.rows);
    }
  }
  return counts;
}
