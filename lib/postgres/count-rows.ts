import pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { hasSqlState, LOCK_NOT_AVAILABLE } from "./errors/sqlstate.ts";
import { isRecoveryConflict } from "./errors/standby.ts";
import { quoteLiteral } from "./identifiers.ts";
import { type ReadTable, rowsOf } from "./rows-of.ts";
import { apart } from "./savepoint.ts";

/** Tables are counted, smallest first, up to this total size: about a second of reading. The rest is estimated. */
const COUNT_UP_TO_BYTES = 512 * 1024 * 1024;

/** What must be known about a table to count its rows. The table may belong to an extension. */
export type CountedTable = ReadTable &
  Pick<CatalogTable, "sizeBytes" | "estimatedRows" | "canSelect" | "hidesRows" | "isLocked"> &
  Partial<Pick<CatalogTable, "isOnPrimaryOnly">>;

export interface RowCount {
  rows: number;
  isExact: boolean;
  /** PostgreSQL's error, if the table's rows cannot be read. */
  error?: pg.DatabaseError;
}

/**
 * Counts the rows of each table, in the given order. Counts exactly if that is quick and waits for no lock; otherwise
 * returns the planner's estimate. A table that cannot be read does not affect the other counts.
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

/** True if the error concerns the table, not the server, the connection, a lock or a conflict with replication. */
const isOfTable = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && !/^(?:08|40|53|55P03|57)/.test(error.code ?? "");

/** Whether counting may work at another time. */
const isPassing = (error: unknown): boolean =>
  hasSqlState(error, LOCK_NOT_AVAILABLE) || isRecoveryConflict(error);

/** Counts all tables with one statement. If it fails, counts them one by one to find what cannot be read. */
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
        // The damage may be in an index, which a backup does not read.
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

export const estimateRows = ({ estimatedRows }: CountedTable): RowCount => ({
  rows: Math.max(0, estimatedRows),
  isExact: false,
});

/** Counts the rows of every table, however long it takes. */
export async function countExactly<Table extends ReadTable>(
  client: pg.ClientBase,
  tables: readonly Table[],
): Promise<Map<Table, number>> {
  const counts = new Map<Table, number>();
  // A statement with thousands of subqueries would overflow PostgreSQL's stack.
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
