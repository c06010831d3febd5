import pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { apart } from "./apart.ts";
import { quoteLiteral } from "./identifiers.ts";
import { isRecoveryConflict } from "./recovery-conflict.ts";
import { type ReadTable, rowsOf } from "./rows-of.ts";

/** Tables are counted, smallest first, up to this size in all: about a second of reading. The rest is estimated. */
const COUNT_UP_TO_BYTES = 512 * 1024 * 1024;

/** What is known of a table whose rows are counted, perhaps of an extension's. */
export type CountedTable = ReadTable &
  Pick<CatalogTable, "sizeBytes" | "estimatedRows" | "canSelect" | "hidesRows" | "isLocked"> &
  Partial<Pick<CatalogTable, "isOnPrimaryOnly">>;

export interface RowCount {
  rows: number;
  isExact: boolean;
  /** What PostgreSQL says of a table whose rows it cannot read. */
  error?: pg.DatabaseError;
}

/**
 * Rows of each table, in the tables' order: counted where that is quick and waits for nobody, else the planner's
 * estimate. A table that cannot be read leaves the others' counts as they are.
 */
export async function countRows(
  client: pg.ClientBase,
  tables: readonly CountedTable[],
): Promise<RowCount[]> {
  let budget = COUNT_UP_TO_BYTES;
  const counted = new Set<CountedTable>();
  for (const table of tables.toSorted((a, b) => a.sizeBytes - b.sizeBytes)) {
    budget -= table.sizeBytes;
    const isReadable = table.canSelect && !table.hidesRows && !table.isOnPrimaryOnly;
    if (budget >= 0 && isReadable && !table.isLocked) counted.add(table);
  }
  const counts = await countApart(client, [...counted]);
  return tables.map((table) => counts.get(table) ?? estimateRows(table));
}

/** Of a table, and not of the server, the connection, a lock, or a conflict with replication. */
const isOfTable = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && !/^(?:08|40|53|55P03|57)/.test(error.code ?? "");

const LOCK_NOT_AVAILABLE = "55P03";

/** Another time it may be counted. */
const isPassing = (error: unknown): boolean =>
  hasCode(error, LOCK_NOT_AVAILABLE) || isRecoveryConflict(error);

/** By one statement; and one by one where that fails, so that it is known of which table. */
export async function countApart<Table extends CountedTable>(
  client: pg.ClientBase,
  tables: readonly Table[],
): Promise<Map<Table, RowCount>> {
  const counts = new Map<Table, RowCount>();
  const count = async (some: readonly Table[]) => {
    for (const [table, rows] of await countExactly(client, some))
      counts.set(table, { rows, isExact: true });
  };
  try {
    await apart(client, () => count(tables));
    return counts;
  } catch (error) {
    if (!isOfTable(error) && !isPassing(error)) throw error;
  }
  for (const table of tables) {
    try {
      await apart(client, async () => {
        // What is damaged may be an index, which a backup does not read.
        await client.query(
          "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off",
        );
        await count([table]);
      });
    } catch (error) {
      if (isOfTable(error)) counts.set(table, { ...estimateRows(table), error });
      else if (!isPassing(error)) throw error;
    }
  }
  return counts;
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof pg.DatabaseError && error.code === code;

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
