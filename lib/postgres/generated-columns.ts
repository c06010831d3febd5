import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { callsUserFunction } from "../schema/user-objects.ts";
import type { TableName } from "../shared/api.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { isKeyed, type KeyedLoad, type Load, oidsOf } from "./load.ts";
import { sameKey } from "./merge-rows.ts";

/** A table's stored generated columns that call user-defined functions, which may read rows loaded later. */
export interface ComputedColumns extends TableName {
  oid: number;
  computed: Array<{ column: string; expression: string }>;
  /** Columns that are not generated. */
  plain: string[];
}

const COMPUTED_SQL = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name,
    json_agg(json_build_object('column', a.attname, 'expression', pg_get_expr(ad.adbin, ad.adrelid)) ORDER BY a.attnum) AS computed,
    (SELECT coalesce(json_agg(p.attname ORDER BY p.attnum), '[]') FROM pg_attribute p
      WHERE p.attrelid = c.oid AND p.attnum > 0 AND NOT p.attisdropped AND p.attgenerated = '') AS plain
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attgenerated = 's' AND NOT a.attisdropped
  JOIN pg_attrdef ad ON ad.adrelid = c.oid AND ad.adnum = a.attnum
  WHERE c.relkind = 'r' AND c.oid = ANY ($1::regclass[]) AND ${callsUserFunction("pg_attrdef", "ad.oid")}
  GROUP BY c.oid, n.nspname, c.relname
  ORDER BY n.nspname, c.relname`;

/** @param client with an empty search_path, so that every name comes out schema-qualified */
export async function readComputedColumns(
  client: pg.ClientBase,
  tables: readonly CatalogTable[],
): Promise<ComputedColumns[]> {
  const relations = tables.flatMap((table) => [table, ...table.partitions]).map(quoteTable);
  return (await client.query<ComputedColumns>(COMPUTED_SQL, [relations])).rows;
}

/** Called before rows of a relation are deleted and inserted again. */
type OnStale = (relation: ComputedColumns) => void;

/** A function that returns another value each time would never finish. */
const MAX_ROUNDS = 5;

/**
 * Has PostgreSQL recompute the columns of rows whose values would be different now. Call it when all rows are loaded.
 *
 * @param client with the role's own settings, on which functions may rely
 * @param loads of a table into which a copy was merged, only the merged rows are recomputed
 * @returns the relations with recomputed rows
 */
export async function recompute(
  client: pg.ClientBase,
  relations: readonly ComputedColumns[],
  { loads = [], onStale }: { loads?: readonly Load[]; onStale?: OnStale } = {},
): Promise<ComputedColumns[]> {
  const merged = loads.filter(({ table, into }) => into !== table).filter(isKeyed);
  const changed = new Set<ComputedColumns>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let isChanged = false;
    for (const relation of relations) {
      const load = merged.find(({ table }) => oidsOf([table]).includes(relation.oid));
      if (!(await recomputeOnce(client, relation, load, onStale))) continue;
      isChanged = true;
      changed.add(relation);
    }
    // One computed column may depend on another, so repeat until nothing changes.
    if (!isChanged) break;
  }
  return [...changed];
}

async function recomputeOnce(
  client: pg.ClientBase,
  relation: ComputedColumns,
  merged: KeyedLoad | undefined,
  onStale?: OnStale,
): Promise<boolean> {
  const table = quoteTable(relation);
  const plain = relation.plain.map(quoteIdentifier).join(", ");
  const now = relation.computed.map(({ column }) => `t.${quoteIdentifier(column)}`).join(", ");
  const anew = relation.computed.map(({ expression }) => `(${expression})`).join(", ");
  const isStale = [
    `ROW(${now})::record OPERATOR(pg_catalog.*<>) ROW(${anew})::record`,
    ...(merged
      ? [`EXISTS (SELECT FROM ${quoteTable(merged.into)} c WHERE ${sameKey(merged.key, "t", "c")})`]
      : []),
  ].join(" AND ");
  // Some tables refuse a DELETE even of no row.
  const { rowCount } = await client.query(`SELECT FROM ONLY ${table} t WHERE ${isStale} LIMIT 1`);
  if (rowCount === 0) return false;
  onStale?.(relation);
  // Not by UPDATE: it refuses identity columns, and recomputes nothing that depends on no column.
  await client.query(
    `WITH stale AS (DELETE FROM ONLY ${table} t WHERE ${isStale} RETURNING ${plain === "" ? "1" : plain})
     INSERT INTO ${table} ${plain === "" ? "SELECT FROM stale" : `(${plain}) OVERRIDING SYSTEM VALUE SELECT ${plain} FROM stale`}`,
  );
  return true;
}
