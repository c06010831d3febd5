import type pg from "pg";
import type { CatalogColumn, CatalogTable } from "../schema/catalog.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import type { RowKey } from "./row-keys.ts";
import { relationsOf, rowsOf } from "./rows-of.ts";

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

/** Adds the copy's rows whose key is not there. */
export async function addMissingRows(client: pg.ClientBase, merge: Merge): Promise<MergedRows> {
  const present = await countPresent(client, merge);
  const { rowCount } = await client.query(
    `${insertFromCopy(merge)} WHERE NOT EXISTS (SELECT FROM ${rowsOf(merge.live)} l WHERE ${sameKey(merge.key, "l", "c")})`,
  );
  return { present, deleted: 0, inserted: rowCount ?? 0 };
}

/** Puts the copy's rows in the place of those with the same key, and adds the others. */
export async function overwriteRows(client: pg.ClientBase, merge: Merge): Promise<MergedRows> {
  const present = await countPresent(client, merge);
  let deleted = 0;
  for (const relation of relationsOf(merge.live)) {
    const { rowCount } = await client.query(
      `DELETE FROM ${relation} l USING ${quoteTable(merge.copy)} c WHERE ${sameKey(merge.key, "l", "c")}`,
    );
    deleted += rowCount ?? 0;
  }
  const { rowCount } = await client.query(insertFromCopy(merge));
  return { present, deleted, inserted: rowCount ?? 0 };
}

/** Makes the copy what the table would be after `addMissingRows`. */
export async function keepInCopy(client: pg.ClientBase, merge: Merge): Promise<void> {
  await client.query(
    `DELETE FROM ${quoteTable(merge.copy)} c USING ${rowsOf(merge.live)} l WHERE ${sameKey(merge.key, "l", "c")}`,
  );
  await client.query(insertFromLive(merge));
}

/** Makes the copy what the table would be after `overwriteRows`. */
export async function overwriteInCopy(client: pg.ClientBase, merge: Merge): Promise<void> {
  await client.query(
    `${insertFromLive(merge)} WHERE NOT EXISTS (SELECT FROM ${quoteTable(merge.copy)} c WHERE ${sameKey(merge.key, "l", "c")})`,
  );
}

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
