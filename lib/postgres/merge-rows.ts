import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import type { SampleValue } from "../shared/rehearsal.ts";
import { dumped } from "./copy/copy-out.ts";
import { MAX_BLAMED_ROWS } from "./errors/blamed-rows.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import type { KeyedLoad } from "./load.ts";
import type { RowKey } from "./row-keys.ts";
import { relationsOf, rowsOf } from "./rows-of.ts";
import { columnsOfRow, readSample, sampleOf } from "./sample-values.ts";

export interface MergedRows {
  /** How many of the backup's rows have a key that was already in the table. */
  present: number;
  deleted: number;
  inserted: number;
}

/** Moves the copy's rows into the table. Of two rows with a key, the table's is replaced, or the copy's dropped. */
export async function mergeRows(
  client: pg.ClientBase,
  load: KeyedLoad,
  isOverwriting: boolean,
): Promise<MergedRows> {
  const present = await countPresent(client, load);
  let deleted = 0;
  // If a table publishes deletes but has no replica identity, PostgreSQL refuses a DELETE even of no row.
  if (present > 0 && isOverwriting) deleted = await deletePresent(client, load);
  else if (present > 0) await dropPresent(client, load);
  const { rowCount } = await client.query(insertFromCopy(load));
  return { present, deleted, inserted: rowCount ?? 0 };
}

async function deletePresent(client: pg.ClientBase, load: KeyedLoad): Promise<number> {
  let deleted = 0;
  for (const relation of relationsOf(load.table)) {
    const { rowCount } = await client.query(
      `DELETE FROM ${relation} l USING ${quoteTable(load.into)} c WHERE ${sameKey(load.key, "l", "c")}`,
    );
    deleted += rowCount ?? 0;
  }
  return deleted;
}

/** A row of the copy that collides with another row of the table. */
export interface CollidingRow {
  /** In the order of the key's columns. */
  key: SampleValue[];
  /** Key of the row with the same values; null if unknown. */
  otherKey: SampleValue[] | null;
  /** Number of all such rows. */
  total: number;
}

/**
 * Merges the rows that do not collide with another row by a unique or exclusion constraint, and returns those that do.
 * Use it only in a transaction that is rolled back.
 *
 * @param values the columns that two rows must not have in common, if the collision is about columns
 * @returns the first few
 */
export async function findCollisions(
  client: pg.ClientBase,
  load: KeyedLoad,
  isOverwriting: boolean,
  values: RowKey | null,
): Promise<CollidingRow[]> {
  if (!isOverwriting) await dropPresent(client, load);
  else if ((await countPresent(client, load)) > 0) await deletePresent(client, load);
  await client.query(`${insertFromCopy(load)} ON CONFLICT DO NOTHING`);
  const live = rowsOf(load.table);
  const keyOf = (row: string) => sampleOf(columnsOfRow(row, load.key.columns));
  const other = values
    ? `(SELECT ${keyOf("l")} FROM ${live} l WHERE ${sameKey(values, "l", "c")} LIMIT 1)`
    : "NULL::text[]";
  const { rows } = await client.query<CollidingRow>(
    `SELECT ${keyOf("c")} AS key, ${other} AS "otherKey", (pg_catalog.count(*) OVER ())::float8 AS total
     FROM ${quoteTable(load.into)} c
     WHERE NOT EXISTS (SELECT FROM ${live} l WHERE ${sameKey(load.key, "l", "c")}) ORDER BY c.ctid LIMIT ${MAX_BLAMED_ROWS}`,
  );
  return rows.map(({ key, otherKey, total }) => ({
    key: readSample(key),
    otherKey: otherKey && readSample(otherKey),
    total,
  }));
}

/** Leaves in the copy only the rows whose keys the table lacks. */
export async function dropPresent(client: pg.ClientBase, load: KeyedLoad): Promise<void> {
  await client.query(
    `DELETE FROM ${quoteTable(load.into)} c USING ${rowsOf(load.table)} l WHERE ${sameKey(load.key, "l", "c")}`,
  );
}

/** Turns the copy into what the table would be if its own rows stayed. */
export async function keepInCopy(client: pg.ClientBase, load: KeyedLoad): Promise<void> {
  await dropPresent(client, load);
  await client.query(insertFromLive(load));
}

/** Turns the copy into what the table would be if its rows were overwritten. */
export async function overwriteInCopy(client: pg.ClientBase, load: KeyedLoad): Promise<void> {
  await client.query(
    `${insertFromLive(load)} WHERE NOT EXISTS (SELECT FROM ${quoteTable(load.into)} c WHERE ${sameKey(load.key, "l", "c")})`,
  );
}

const keysOf = ({ schema, name }: TableName): TableName => ({ schema, name: `${name}_keys` });

/** Records which of the copy's rows come from the backup, before the table's rows are added to it. */
export async function keepKeys(client: pg.ClientBase, { into, key }: KeyedLoad): Promise<void> {
  const kind = into.schema === "pg_temp" ? "TEMPORARY" : "UNLOGGED";
  await client.query(
    `CREATE ${kind} TABLE ${quoteTable(keysOf(into))} AS SELECT ${key.columns.map(quoteIdentifier).join(", ")} FROM ${quoteTable(into)}`,
  );
}

/** A condition on a row `t` of the copy: true if `keepKeys` recorded it. */
export const keptKeys = ({ into, key }: KeyedLoad): string =>
  `EXISTS (SELECT FROM ${quoteTable(keysOf(into))} n WHERE ${sameKey(key, "n", "t")})`;

async function countPresent(client: pg.ClientBase, load: KeyedLoad): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    `SELECT pg_catalog.count(*)::float8 AS rows FROM ${quoteTable(load.into)} c
     WHERE EXISTS (SELECT FROM ${rowsOf(load.table)} l WHERE ${sameKey(load.key, "l", "c")})`,
  );
  return rows[0]?.rows ?? 0;
}

/** @param a and b aliases of the two rows */
export const sameKey = (key: RowKey, a: string, b: string): string =>
  key.columns
    .map(quoteIdentifier)
    .map((column, index) => `${a}.${column} ${key.equals[index]} ${b}.${column}`)
    .join(" AND ");

function insertFromCopy({ table, into, columns }: KeyedLoad): string {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  return `INSERT INTO ${quoteTable(table)} (${names.join(", ")}) OVERRIDING SYSTEM VALUE
    SELECT ${names.map((name) => `c.${name}`).join(", ")} FROM ${quoteTable(into)} c`;
}

/** Copies the table's rows, without generated columns. */
function insertFromLive({ table, into }: KeyedLoad): string {
  const names = dumped(table).map(({ name }) => quoteIdentifier(name));
  return `INSERT INTO ${quoteTable(into)} (${names.join(", ")}) SELECT ${names.map((name) => `l.${name}`).join(", ")} FROM ${rowsOf(table)} l`;
}
