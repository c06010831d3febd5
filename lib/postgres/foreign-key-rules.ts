import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import { IS_ENFORCED } from "./constraints.ts";
import { columnsOf } from "./row-keys.ts";

/** A foreign key that must hold after a restore, with what its check needs. */
export interface ForeignKeyRule {
  constraint: string;
  fromOid: number;
  toOid: number;
  from: TableName;
  to: TableName;
  /** If false, the rows of tables that inherit from the relation do not count. */
  toIsPartitioned: boolean;
  fromIsPartitioned: boolean;
  columns: string[];
  referencedColumns: string[];
  /** The operators, with the referenced column on the left. */
  equals: string[];
  matchesFull: boolean;
  /** The last column is a period that must be covered. */
  isTemporal: boolean;
  isValidated: boolean;
  /** OIDs of partitions that have validated the foreign key themselves. */
  validatedBelow: number[];
}

const FOREIGN_KEY_RULES_SQL = `
  SELECT k.conname AS constraint, k.conrelid AS "fromOid", k.confrelid AS "toOid",
    json_build_object('schema', fn.nspname, 'name', f.relname) AS "from", json_build_object('schema', tn.nspname, 'name', t.relname) AS "to",
    t.relkind = 'p' AS "toIsPartitioned", f.relkind = 'p' AS "fromIsPartitioned",
    ${columnsOf("k.conrelid", "k.conkey")} AS columns, ${columnsOf("k.confrelid", "k.confkey")} AS "referencedColumns",
    (SELECT json_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY x.i)
      FROM unnest(k.conpfeqop) WITH ORDINALITY AS x (oid, i) JOIN pg_operator o ON o.oid = x.oid JOIN pg_namespace n ON n.oid = o.oprnamespace) AS equals,
    k.confmatchtype = 'f' AS "matchesFull", coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) AS "isTemporal", k.convalidated AS "isValidated",
    (WITH RECURSIVE below (oid) AS (
        SELECT b.oid FROM pg_constraint b WHERE b.conparentid = k.oid UNION ALL SELECT b.oid FROM pg_constraint b JOIN below ON b.conparentid = below.oid)
      SELECT coalesce(json_agg(b.conrelid::int8), '[]') FROM below JOIN pg_constraint b USING (oid) WHERE b.convalidated AND b.conrelid <> k.conrelid) AS "validatedBelow"
  FROM pg_constraint k
  JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
  JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE k.contype = 'f' AND k.conparentid = 0 AND ${IS_ENFORCED} AND (k.conrelid = ANY ($1::oid[]) OR k.confrelid = ANY ($1::oid[]))
  ORDER BY fn.nspname COLLATE "C", f.relname COLLATE "C", k.conname COLLATE "C"`;

/** @param oids of tables and partitions. A foreign key comes from one of them, or leads to one */
export const readForeignKeyRules = async (
  client: pg.ClientBase | pg.Pool,
  oids: readonly number[],
): Promise<ForeignKeyRule[]> =>
  (await client.query<ForeignKeyRule>(FOREIGN_KEY_RULES_SQL, [oids])).rows;
