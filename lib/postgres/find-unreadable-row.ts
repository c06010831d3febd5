import type pg from "pg";
import type { CatalogColumn, CatalogTable } from "../schema/catalog.ts";
import { dumped } from "./copy/copy-out.ts";
import { countExactly } from "./count-rows.ts";
import { CHARACTER_NOT_IN_REPERTOIRE, UNTRANSLATABLE_CHARACTER } from "./errors/sqlstate.ts";
import { isTextError } from "./errors/text-errors.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { readRowKeys } from "./row-keys.ts";
import { rowsOf } from "./rows-of.ts";
import { describeKey, sampleOf } from "./sample-values.ts";
import { tryStatement } from "./savepoint.ts";

/** Only the person waits for this search. */
const MAX_SEARCH_MS = 60_000;

export interface UnreadableRow {
  /** Row number, from 1, in the order in which the table is read. */
  row: number;
  /** The one column that is to blame. */
  column: string;
  /** For example `id = 17`; undefined if the row has no key, or the key itself is to blame. */
  key: string | undefined;
  /** The condition of an UPDATE for this row, without the values. */
  where: string;
}

/**
 * Finds the row and column that made a dump fail. The table may have changed since the dump read it, so a row counts
 * only if it fails in the same way.
 *
 * @param client used for nothing else; it is left in a transaction
 * @param failedRow where the dump failed; searched first
 * @param sqlState of the failure. For text that does not fit an encoding, either code counts
 * @returns null if the row is not found
 */
export async function findUnreadableRow(
  client: pg.ClientBase,
  table: CatalogTable,
  failedRow: number,
  sqlState: string,
): Promise<UnreadableRow | null> {
  const deadline = performance.now() + MAX_SEARCH_MS;
  const isText = [CHARACTER_NOT_IN_REPERTOIRE, UNTRANSLATABLE_CHARACTER].includes(sqlState);
  const columns = dumped(table);
  const probe = (column: CatalogColumn) => {
    const value = asText(column);
    // Checks that the bytes are valid in the database's encoding, and that UTF-8 has each character.
    return `count(${isText ? `pg_catalog.convert_to(${value}, 'UTF8')` : value})`;
  };

  async function fails(from: number, to: number, some = columns): Promise<boolean> {
    if (performance.now() > deadline) throw new Error("it takes too long");
    const select = `SELECT ${some.map(probe).join(", ")} FROM ${slice(table, from, to)}`;
    const error = await tryStatement(client, select);
    if (error && !(isText ? isTextError(error) : error.code === sqlState)) throw error;
    return error !== null;
  }

  async function firstFailing(from: number, to: number): Promise<number | null> {
    if (!(await fails(from, to))) return null;
    let good = from - 1;
    let bad = to;
    while (bad - good > 1) {
      const middle = Math.floor((good + bad) / 2);
      if (await fails(good + 1, middle)) bad = middle;
      else good = middle;
    }
    return bad;
  }

  await beginSearch(client);
  const row =
    (await firstFailing(failedRow, failedRow)) ??
    (await firstFailing(1, (await countExactly(client, [table])).get(table) ?? 0));
  if (row === null) return null;
  for (const column of columns) {
    if (await fails(row, row, [column]))
      return { row, ...(await identify(client, table, row, column)) };
  }
  return null;
}

/**
 * Finds the largest column of a row that is too large to be read.
 *
 * @param row where the dump failed
 * @param atLeastBytes size as text; a smaller row is not the one at which the dump failed
 * @returns null if the row is no longer in its place
 */
export async function findLargeRow(
  client: pg.ClientBase,
  table: CatalogTable,
  row: number,
  atLeastBytes: number,
): Promise<UnreadableRow | null> {
  await beginSearch(client);
  const columns = dumped(table);
  const { rows } = await client.query<number[]>({
    text: `SELECT ${columns.map(sizeAsText).join(", ")} FROM ${slice(table, row, row)}`,
    rowMode: "array",
  });
  const sizes = rows[0] ?? [];
  const largest = columns[sizes.indexOf(Math.max(...sizes))];
  const isLarge = sizes.reduce((sum, size) => sum + size, 0) >= atLeastBytes;
  return isLarge && largest ? { row, ...(await identify(client, table, row, largest)) } : null;
}

/** Text by the type's output function, as COPY writes it. */
const asText = ({ name }: Pick<CatalogColumn, "name">): string =>
  `pg_catalog.format('%s', t.${quoteIdentifier(name)})`;

/** Computes the size of bytea without making the text, which may be larger than PostgreSQL allows. */
const sizeAsText = (column: CatalogColumn): string =>
  column.valueType.name === "bytea" && !column.valueType.isArray
    ? `coalesce(2 * pg_catalog.octet_length(t.${quoteIdentifier(column.name)})::float8, 0)`
    : `pg_catalog.octet_length(${asText(column)})::float8`;

const slice = (table: CatalogTable, from: number, to: number): string =>
  `(SELECT * FROM ${rowsOf(table)} t OFFSET ${from - 1} LIMIT ${to - from + 1}) t`;

/** Opens a transaction that reads rows in the same order as a backup. */
async function beginSearch(client: pg.ClientBase): Promise<void> {
  await client.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off; SET LOCAL synchronize_seqscans = off;
     SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL statement_timeout = ${MAX_SEARCH_MS}`,
  );
}

async function identify(
  client: pg.ClientBase,
  table: CatalogTable,
  row: number,
  { name }: CatalogColumn,
): Promise<Omit<UnreadableRow, "row">> {
  const [keys] = await readRowKeys(client, [{ table }]);
  const columns = keys?.key?.columns ?? [];
  if (columns.length === 0 || columns.includes(name)) {
    return { column: name, key: undefined, where: await placeOf(client, table, row) };
  }
  // A cast may be the type's own, and would run with the rights of the role that backs up.
  const values = columns.map((column) => asText({ name: column }));
  const { rows } = await client.query<{ key: string[] }>(
    `SELECT ${sampleOf(values)} AS key FROM ${slice(table, row, row)}`,
  );
  return {
    column: name,
    key: describeKey(columns, rows[0]?.key ?? []),
    where: columns.map((column) => `${quoteIdentifier(column)} = …`).join(" AND "),
  };
}

/** The row's physical place, if it has no other identification. Valid until the row is written again. */
async function placeOf(client: pg.ClientBase, table: CatalogTable, row: number): Promise<string> {
  const { rows } = await client
    .query<{ ctid: string; oid: number }>(
      `SELECT t.ctid::text AS ctid, t.tableoid::int8::float8 AS oid FROM ${rowsOf(table)} t OFFSET ${row - 1} LIMIT 1`,
    )
    // There is no ctid if the rows are read from several partitions.
    .catch(() => ({ rows: [] }));
  const [found] = rows;
  if (!found) return "…";
  const isPart = found.oid !== table.oid;
  return `ctid = '${found.ctid}'${isPart ? ` AND tableoid = ${found.oid}` : ""}`;
}
