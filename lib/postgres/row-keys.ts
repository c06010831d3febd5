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

export interface Found {
  root: number;
  oid: number;
}

/** A unique constraint or index. */
interface FoundUnique extends Found {
  constraint: string;
  columns: string[];
  drop: DropStatement;
  /** What two rows must not have in common. Null for expressions, or if not all rows are covered. */
  values: RowKey | null;
  isNeverNull: boolean | null;
}

/** The unique constraints and indexes of a table, and the key that identifies its rows. */
export interface RowKeys {
  unique: FoundUnique[];
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

/** Uses nothing that would wait for a table locked by another session. */
export const UNIQUE_FACTS = `
    rel.root, rel.oid, coalesce(k.conname, c.relname) AS constraint, ${columnsOf("i.indrelid", "i.indkey")} AS columns,
    ${dropStatementOf("c.oid")} AS drop, v.values, v.never_null AS "isNeverNull"`;

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

/** The unique indexes that PostgreSQL enforces. Strategy 3 of a B-tree is equality. */
export const UNIQUE_INDEXES = `
  ${INDEXES}
  LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u') AND k.conrelid = i.indrelid
  LEFT JOIN LATERAL (
    SELECT json_build_object('columns', json_agg(a.attname ORDER BY n), 'equals', json_agg(format('OPERATOR(%I.%s)', s.nspname, o.oprname) ORDER BY n)),
      bool_and(a.attnotnull)
    FROM generate_series(1, i.indnkeyatts) n
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1]
    JOIN pg_opclass p ON p.oid = i.indclass[n - 1]
    JOIN pg_amop m ON m.amopfamily = p.opcfamily AND m.amoplefttype = p.opcintype AND m.amoprighttype = p.opcintype AND m.amopstrategy = 3
    JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace s ON s.oid = o.oprnamespace
    HAVING count(*) = i.indnkeyatts
  ) v (values, never_null) ON i.indpred IS NULL
  WHERE i.indisunique AND NOT i.indisexclusion AND ${ENFORCED_INDEX}
  ORDER BY i.indisprimary DESC, i.indnkeyatts, c.relname COLLATE "C"`;

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
    const unique = found.get(load.table.oid) ?? [];
    const key = unique.find(
      ({ oid, root, drop, isNeverNull }) => oid === root && drop.isValid && isNeverNull,
    );
    return { ...load, unique, key: key?.values ?? null };
  });
}
