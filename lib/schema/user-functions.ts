import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import {
  FIRST_NORMAL_OID,
  notOfExtension,
  USER_NAMESPACE,
  userFunctionsOf,
} from "./user-objects.ts";

/** What calls a function: a constraint, generated column or index of a table, or a domain's constraint. */
export interface Caller {
  table: TableName;
  /** Name of the constraint, column or index. */
  name: string;
}

/** A user-defined function that belongs to no extension. */
export interface UserFunction extends TableName {
  oid: number;
  /** The role may replace its body. */
  isReplaceable: boolean;
  /** `CREATE OR REPLACE FUNCTION …`; empty if it is not a plain function or cannot be read. */
  definition: string;
  /** Operators that call it. */
  operators: string[];
  /** User-defined types: domains whose constraints call it, and types that it casts from or to. */
  types: string[];
  /** Callers among the given tables that call it directly. */
  callers: Caller[];
}

/** True if the text can be sent. In other encodings, some bytes may not be a valid character. */
const isText = (text: string) =>
  String.raw`(current_setting('server_encoding') IN ('UTF8', 'SQL_ASCII') OR ${text} !~ '[^\x01-\x7f]')`;

/** @param objects a query for (relation, object, name): objects of `catalog`, their tables and names */
const callsOf = (catalog: string, objects: string) => `
    SELECT p.oid, n.nspname, c.relname, x.name FROM (${objects}) x (relation, object, name)
    JOIN pg_class c ON c.oid = x.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (SELECT p.oid FROM ${userFunctionsOf(catalog, "x.object")}) p`;

/** The constraints of a domain are called for every column of the domain. */
const FUNCTIONS_SQL = `
  WITH call (oid, schema, "table", name) AS (
    ${callsOf("pg_constraint", "SELECT conrelid, oid, conname FROM pg_constraint WHERE contype = 'c' AND conrelid = ANY ($1::oid[])")}
    UNION ALL
    SELECT p.oid, n.nspname, t.typname, k.conname
    FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
    CROSS JOIN LATERAL (SELECT p.oid FROM ${userFunctionsOf("pg_constraint", "k.oid")}) p
    WHERE k.contype = 'c'
    UNION ALL
    ${callsOf("pg_attrdef", "SELECT ad.adrelid, ad.oid, a.attname FROM pg_attrdef ad JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum WHERE a.attgenerated <> '' AND ad.adrelid = ANY ($1::oid[])")}
    UNION ALL
    ${callsOf("pg_class", "SELECT i.indrelid, i.indexrelid, x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = ANY ($1::oid[])")}
    UNION ALL
    ${callsOf("pg_class", "SELECT k.partrelid, k.partrelid, t.relname FROM pg_partitioned_table k JOIN pg_class t ON t.oid = k.partrelid WHERE k.partrelid = ANY ($1::oid[])")}
  ), called AS (
    SELECT oid, json_agg(DISTINCT jsonb_build_object('table', jsonb_build_object('schema', schema, 'name', "table"), 'name', name)) AS callers
    FROM call GROUP BY oid
  )
  SELECT p.oid, n.nspname AS schema, p.proname AS name, 
    pg_has_role(p.proowner, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE') AND has_language_privilege(l.oid, 'USAGE') AS "isReplaceable",
    CASE WHEN ${isText("d.definition")} THEN d.definition ELSE '' END AS definition,
    (SELECT coalesce(json_agg(o.oprname), '[]') FROM pg_operator o WHERE o.oprcode = p.oid) AS operators,
    (SELECT coalesce(json_agg(t.typname), '[]') FROM pg_type t WHERE t.oid IN (
      SELECT unnest(ARRAY[k.castsource, k.casttarget]) FROM pg_cast k WHERE k.castfunc = p.oid
      UNION ALL
      SELECT k.contypid FROM pg_depend d JOIN pg_constraint k ON k.oid = d.objid
      WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid AND d.classid = 'pg_constraint'::regclass AND k.contypid <> 0
    ) AND t.oid >= ${FIRST_NORMAL_OID}) AS types,
    coalesce(called.callers, '[]') AS callers
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang
  CROSS JOIN LATERAL (
    SELECT CASE WHEN p.prokind = 'f' AND l.lanname NOT IN ('c', 'internal') THEN pg_get_functiondef(p.oid) ELSE '' END
  ) d (definition)
  LEFT JOIN called ON called.oid = p.oid
  WHERE EXISTS (SELECT FROM called) AND p.oid >= ${FIRST_NORMAL_OID} AND ${USER_NAMESPACE} AND ${notOfExtension("pg_proc", "p.oid")}
  ORDER BY n.nspname COLLATE "C", p.proname COLLATE "C", p.oid`;

/**
 * Reads the functions that constraints, generated columns and unique indexes of tables call. Also reads all others,
 * because those may call them in turn. Empty if nothing calls one.
 *
 * @param client with an empty search_path, so that every name comes out schema-qualified
 * @param oids of tables and partitions
 */
export async function readUserFunctions(
  client: pg.ClientBase,
  oids: readonly number[],
): Promise<UserFunction[]> {
  return (await client.query<UserFunction>(FUNCTIONS_SQL, [oids])).rows;
}

/** A user-defined view, as its SELECT. */
export interface UserView extends TableName {
  definition: string;
}

const VIEWS_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, pg_get_viewdef(c.oid) AS definition
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'v' AND ${isText("pg_get_viewdef(c.oid)")} AND ${USER_NAMESPACE} AND ${notOfExtension("pg_class", "c.oid")}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** @param client with an empty search_path, so that every name comes out schema-qualified */
export async function readUserViews(client: pg.ClientBase): Promise<UserView[]> {
  return (await client.query<UserView>(VIEWS_SQL)).rows;
}
