import type pg from "pg";
import type { CatalogColumn, CatalogTable } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import type { SampleValue } from "../shared/rehearsal.ts";
import { MAX_BLAMED_ROWS } from "./blamed-rows.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import type { RowKey } from "./row-keys.ts";
import { relationsOf, rowsOf } from "./rows-of.ts";
import { columnsOfRow, readSample, sampleOf } from "./sample-values.ts";

/** A table, the copy that holds a backup's rows, and what tells the rows of both. */
export interface Merge {
  live: CatalogTable;
  copy: CatalogTable;
  key: RowKey;
  /** Those that the backup has; the others get their defaults. */
  columns: readonly CatalogColumn[];
}

export interface MergedRows {
  /** Rows of the backup whose key was there. */
  present: number;
  deleted: number;
  inserted: number;
}

/** Adds the copy's rows whose key is not there, and leaves these alone in the copy. */
export async function addMissingRows(client: pg.ClientBase, merge: Merge): Promise<MergedRows> {
  const present = await countPresent(client, merge);
  if (present > 0) await dropPresent(client, merge);
  const { rowCount } = await client.query(insertFromCopy(merge));
  return { present, deleted: 0, inserted: rowCount ?? 0 };
}

/** Puts the copy's rows in the place of those with the same key, and adds the others. */
export async function overwriteRows(client: pg.ClientBase, merge: Merge): Promise<MergedRows> {
  const present = await countPresent(client, merge);
  // PostgreSQL refuses to delete even no row of a table that publishes what is deleted and does not say by what key.
  const deleted = present > 0 ? await deletePresent(client, merge) : 0;
  const { rowCount } = await client.query(insertFromCopy(merge));
  return { present, deleted, inserted: rowCount ?? 0 };
}

async function deletePresent(client: pg.ClientBase, merge: Merge): Promise<number> {
  let deleted = 0;
  for (const relation of relationsOf(merge.live)) {
    const { rowCount } = await client.query(
      `DELETE FROM ${relation} l USING ${quoteTable(merge.copy)} c WHERE ${sameKey(merge.key, "l", "c")}`,
    );
    deleted += rowCount ?? 0;
  }
  return deleted;
}

/** A row of the copy that cannot be in the table. */
export interface CollidingRow {
  /** In the order of the key's columns. */
  key: SampleValue[];
  /** Of the row that has the same values; null where that is not known. */
  otherKey: SampleValue[] | null;
  /** Of all such rows. */
  total: number;
}

/**
 * Merges what does not collide with another row by a unique or exclusion constraint, and says what does. Only for a
 * transaction that is rolled back.
 *
 * @param values what two rows must not have in common, where that is what they collide by
 * @returns the first few
 */
export async function findCollisions(
  client: pg.ClientBase,
  merge: Merge,
  isOverwriting: boolean,
  values: RowKey | null,
): Promise<CollidingRow[]> {
  if (!isOverwriting) await dropPresent(client, merge);
  else if ((await countPresent(client, merge)) > 0) await deletePresent(client, merge);
  await client.query(`${insertFromCopy(merge)} ON CONFLICT DO NOTHING`);
  const live = rowsOf(merge.live);
  const keyOf = (row: string) => sampleOf(columnsOfRow(row, merge.key.columns));
  const other = values
    ? `(SELECT ${keyOf("l")} FROM ${live} l WHERE ${sameKey(values, "l", "c")} LIMIT 1)`
    : "NULL::text[]";
  const { rows } = await client.query<CollidingRow>(
    `SELECT ${keyOf("c")} AS key, ${other} AS "otherKey", (pg_catalog.count(*) OVER ())::float8 AS total
     FROM ${quoteTable(merge.copy)} c
     WHERE NOT EXISTS (SELECT FROM ${live} l WHERE ${sameKey(merge.key, "l", "c")}) ORDER BY c.ctid LIMIT ${MAX_BLAMED_ROWS}`,
  );
  return rows.map(({ key, otherKey, total }) => ({
    key: readSample(key),
    otherKey: otherKey && readSample(otherKey),
    total,
  }));
}

/** Leaves in the copy what `addMissingRows` would add. */
export async function dropPresent(client: pg.ClientBase, merge: Merge): Promise<void> {
  await client.query(
    `DELETE FROM ${quoteTable(merge.copy)} c USING ${rowsOf(merge.live)} l WHERE ${sameKey(merge.key, "l", "c")}`,
  );
}

/** Makes the copy what the table would be after `addMissingRows`. */
export async function keepInCopy(client: pg.ClientBase, merge: Merge): Promise<void> {
  await dropPresent(client, merge);
  await client.query(insertFromLive(merge));
}

/** Makes the copy what the table would be after `overwriteRows`. */
export async function overwriteInCopy(client: pg.ClientBase, merge: Merge): Promise<void> {
  await client.query(
    `${insertFromLive(merge)} WHERE NOT EXISTS (SELECT FROM ${quoteTable(merge.copy)} c WHERE ${sameKey(merge.key, "l", "c")})`,
  );
}

const keysOf = ({ schema, name }: TableName): TableName => ({ schema, name: `${name}_keys` });

/** Remembers which rows of a copy are the backup's, before it is completed. */
export async function keepKeys(client: pg.ClientBase, { copy, key }: Merge): Promise<void> {
  const kind = copy.schema === "pg_temp" ? "TEMPORARY" : "UNLOGGED";
  await client.query(
    `CREATE ${kind} TABLE ${quoteTable(keysOf(copy))} AS SELECT ${key.columns.map(quoteIdentifier).join(", ")} FROM ${quoteTable(copy)}`,
  );
}

/** Of a row `t` of the copy: whether it is one of those. */
export const keptKeys = (copy: TableName, key: RowKey): string =>
  `EXISTS (SELECT FROM ${quoteTable(keysOf(copy))} n WHERE ${sameKey(key, "n", "t")})`;

async function countPresent(client: pg.ClientBase, merge: Merge): Promise<number> {
  const { rows } = await client.query<{ rows: number }>(
    `SELECT pg_catalog.count(*)::float8 AS rows FROM ${quoteTable(merge.copy)} c
     WHERE EXISTS (SELECT FROM ${rowsOf(merge.live)} l WHERE ${sameKey(merge.key, "l", "c")})`,
  );
  return rows[0]?.rows ?? 0;
}

/** @param a and b the names of two rows */
export const sameKey = (key: RowKey, a: string, b: string): string =>
  key.columns
    .map(quoteIdentifier)
    .map((column, index) => `${a}.${column} ${key.equals[index]} ${b}.${column}`)
    .join(" AND ");

function insertFromCopy({ live, copy, columns }: Merge): string {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  return `INSERT INTO ${quoteTable(live)} (${names.join(", ")}) OVERRIDING SYSTEM VALUE
    SELECT ${names.map((name) => `c.${name}`).join(", ")} FROM ${quoteTable(copy)} c`;
}

/** All but what PostgreSQL computes. */
function insertFromLive({ live, copy }: Merge): string {
  const names = live.columns
    .filter(({ generated }) => !generated)
    .map(({ name }) => quoteIdentifier(name));
  return `INSERT INTO ${quoteTable(copy)} (${names.join(", ")}) SELECT ${names.map((name) => `l.${name}`).join(", ")} FROM ${rowsOf(live)} l`;
}
