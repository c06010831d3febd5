import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { type DropStatement, dropStatementOf } from "../schema/drop-statement.ts";

/** A planned load, or just a table. */
export interface OfTable {
  table: Pick<CatalogTable, "oid" | "partitions">;
}

/** Columns that identify a row. */
export interface RowKey {
  columns: string[];
  /** The equality operator of each column, schema-qualified: `OPERATOR(pg_catalog.=)`. */
  equals: string[];
}

/** The unique constraints and indexes of a table, and the key that identifies its rows. */
export interface RowKeys {
  unique: Array<{
    constraint: string;
    columns: string[];
    drop: DropStatement;
    /**
     * The columns that two rows must not have in common. Null if the constraint has expressions or does not cover all
     * rows.
     */
    values: RowKey | null;
  }>;
  /** Null if the table has neither a primary key nor a unique key whose columns are never NULL. */
  key: RowKey | null;
}

/** Each table and its local partitions, with the table that they belong to. */
export const RELATIONS = "unnest($1::oid[], $2::oid[]) AS rel (oid, root)";

/** The parameters of `RELATIONS`. */
export function relationsOf(loads: readonly OfTable[]): [number[], number[]] {
  const relations = loads.flatMap(({ table }) =>
    [table, ...table.partitions.filter(({ isForeign }) => !isForeign)].map(({ oid }) => ({
      oid,
      root: table.oid,
    })),
  );
  return [relations.map(({ oid }) => oid), relations.map(({ root }) => root)];
}

export const columnsOf = (relation: string, numbers: string) =>
  `(SELECT coalesce(json_agg(a.attname ORDER BY x.i), '[]') FROM unnest(${numbers}) WITH ORDINALITY AS x (n, i) JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = x.n)`;

/** Uses nothing that would wait for a table locked by another session. Strategy 3 of a B-tree is equality. */
export const UNIQUE_FACTS = `
    ${dropStatementOf("c.oid")} AS drop,
    rel.root, rel.oid, coalesce(k.conname, c.relname) AS constraint, ${columnsOf("i.indrelid", "i.indkey")} AS columns, i.indpred IS NOT NULL AS "isPartial",
    (SELECT json_agg(json_build_object('column', a.attname, 'notNull', a.attnotnull, 'equals', 'OPERATOR(' || quote_ident(n2.nspname) || '.' || o.oprname || ')') ORDER BY n)
      FROM generate_series(1, i.indnkeyatts) n
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1]
      JOIN pg_opclass p ON p.oid = i.indclass[n - 1]
      JOIN pg_amop m ON m.amopfamily = p.opcfamily AND m.amoplefttype = p.opcintype AND m.amoprighttype = p.opcintype AND m.amopstrategy = 3
      JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace n2 ON n2.oid = o.oprnamespace) AS "keyColumns",
    i.indnkeyatts AS "keyLength"`;

export const INDEXES = `
  FROM ${RELATIONS} JOIN pg_index i ON i.indrelid = rel.oid
  JOIN pg_class c ON c.oid = i.indexrelid
  LEFT JOIN pg_index w ON w.indexrelid = pg_partition_root(c.oid) AND w.indexrelid <> c.oid`;

/**
 * Selects from `INDEXES` those that PostgreSQL enforces. An index that is ready refuses rows, whether it is valid or
 * not. For a partitioned table, either its valid index counts, or each partition's own.
 */
export const ENFORCED_INDEX = `(w.indisvalid IS NOT TRUE OR rel.oid = rel.root)
    AND CASE c.relkind WHEN 'I' THEN i.indisvalid AND (w.indexrelid IS NULL OR rel.oid = rel.root) ELSE i.indislive AND i.indisready END`;

/** The unique indexes that PostgreSQL enforces. */
export const UNIQUE_INDEXES = `
  ${INDEXES}
  LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u') AND k.conrelid = i.indrelid
  WHERE i.indisunique AND NOT i.indisexclusion AND ${ENFORCED_INDEX}
  ORDER BY i.indisprimary DESC, i.indnkeyatts, c.relname COLLATE "C"`;

export interface Found {
  root: number;
  oid: number;
}

export interface FoundUnique extends Found {
  constraint: string;
  columns: string[];
  drop: DropStatement;
  isPartial: boolean;
  keyColumns: Array<{ column: string; notNull: boolean; equals: string }> | null;
  keyLength: number;
}

/** Adds to each load the keys of its table. Waits for no lock. */
export async function readRowKeys<L extends OfTable>(
  client: pg.ClientBase,
  loads: readonly L[],
): Promise<Array<L & RowKeys>> {
  const { rows } = await client.query<FoundUnique>(
    `SELECT ${UNIQUE_FACTS} ${UNIQUE_INDEXES}`,
    relationsOf(loads),
  );
  const found = Map.groupBy(rows, ({ root }) => root);
  return loads.map((load) => {
    const { oid } = load.table;
    const unique = found.get(oid) ?? [];
    return {
      ...load,
      unique: unique.map((it) => ({
        constraint: it.constraint,
        columns: it.columns,
        drop: it.drop,
        values: plainColumns(it),
      })),
      key: findKey(unique, oid),
    };
  });
}

function findKey(unique: readonly FoundUnique[], oid: number): RowKey | null {
  const found = unique.find(
    (it) =>
      it.oid === oid &&
      it.drop.isValid &&
      plainColumns(it) &&
      it.keyColumns?.every(({ notNull }) => notNull),
  );
  return found ? plainColumns(found) : null;
}

function plainColumns({ isPartial, keyColumns, keyLength }: FoundUnique): RowKey | null {
  if (isPartial || keyColumns?.length !== keyLength) return null;
  return {
    columns: keyColumns.map(({ column }) => column),
    equals: keyColumns.map(({ equals }) => equals),
  };
}
