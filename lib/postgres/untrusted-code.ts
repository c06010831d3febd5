/**
 * Code of other roles that a restore or a trial run would run with the rights of its own role. PostgreSQL evaluates
 * constraints, domains, generated columns, defaults and indexes with the rights of the role that inserts. `SET ROLE`
 * does not help, because the code can reset it. So such code is reported before anything runs.
 */
import type pg from "pg";
import type { PlannedLoad } from "../plan/load-plan.ts";
import { TRUSTED_ROLES } from "../schema/trusted-roles.ts";
import { FIRST_NORMAL_OID, notOfExtension } from "../schema/user-objects.ts";
import type { TableName } from "../shared/api.ts";
import { ownSearchPathText } from "./connection/own-settings.ts";
import { oidsOf } from "./load.ts";

export interface UntrustedCode {
  /** The table whose rows call the code; null if any load calls it. */
  table: TableName | null;
  /** The constraint, column, index or event trigger; null for the table itself, or a type. */
  caller: string | null;
  /** Null if the caller belongs to the other role, but what it calls does not. */
  kind: "FUNCTION" | "OPERATOR" | "VIEW" | "TABLE" | "DOMAIN" | null;
  /** The code's name as in SQL. */
  code: string;
  /** The owner of the code, or of the caller. */
  owner: string;
}

export interface UntrustedCodes {
  role: string;
  isSuperuser: boolean;
  found: UntrustedCode[];
}

/** Built-in VOLATILE functions that only return a value. Those of extensions that make a UUID are allowed, too. */
const VALUES = [
  ...["nextval", "currval", "lastval", "random", "random_normal", "clock_timestamp", "timeofday"],
  ...["gen_random_uuid", "uuidv4", "uuidv7"],
];

/** Any other function can make the role run SQL or act. The `_to_xml` functions run the SQL in their argument. */
export const IS_HARMLESS = `
  (p.provolatile = 'i'
    OR p.oid < ${FIRST_NORMAL_OID} AND (p.provolatile = 's' AND p.proname !~ '_to_xml' OR p.proname = ANY ('{${VALUES.join(",")}}'))
    OR p.proname ~ '^uuid_generate_v' AND NOT ${notOfExtension("pg_proc", "p.oid")})`;

/** The built-in functions that an expression calls. No catalog lists them; only the expression itself names them. */
export const callsFunction = (tree: string, condition: string) => String.raw`
  FROM regexp_matches(${tree}, ':(?:op)?funcid (\d+)', 'g') AS m JOIN pg_proc p ON p.oid = m[1]::oid WHERE ${condition}`;

const isUntrusted = (owner: string) => `${owner} NOT IN (SELECT oid FROM trusted)`;

/** Objects of another role that the search_path would find instead of a trusted role's or PostgreSQL's own. */
const SQUATTERS = `
  SELECT 'FUNCTION', p.oid::regprocedure::text, p.proowner FROM pg_proc p JOIN path ON path.oid = p.pronamespace
  WHERE ${isUntrusted("p.proowner")} AND ${notOfExtension("pg_proc", "p.oid")}
    AND EXISTS (SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.proowner IN (SELECT oid FROM trusted))
  UNION ALL
  SELECT 'OPERATOR', p.oid::regoperator::text, p.oprowner FROM pg_operator p JOIN path ON path.oid = p.oprnamespace
  WHERE ${isUntrusted("p.oprowner")} AND ${notOfExtension("pg_operator", "p.oid")}
    AND EXISTS (SELECT FROM pg_operator o WHERE o.oprname = p.oprname AND o.oprowner IN (SELECT oid FROM trusted))
  UNION ALL
  SELECT CASE p.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, p.oid::regclass::text, p.relowner FROM pg_class p JOIN path ON path.oid = p.relnamespace
  -- A table is only read, unless its triggers fire.
  WHERE (p.relkind = 'v' OR p.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = p.oid AND NOT g.tgisinternal))
    AND ${isUntrusted("p.relowner")} AND ${notOfExtension("pg_class", "p.oid")}
    AND EXISTS (SELECT FROM pg_class o WHERE o.relname = p.relname AND o.relowner IN (SELECT oid FROM trusted))
  UNION ALL
  SELECT 'DOMAIN', format_type(p.oid, NULL), p.typowner FROM pg_type p JOIN path ON path.oid = p.typnamespace
  WHERE p.typtype = 'd' AND ${isUntrusted("p.typowner")} AND ${notOfExtension("pg_type", "p.oid")}
    AND EXISTS (SELECT FROM pg_type o WHERE o.typname = p.typname AND o.typowner IN (SELECT oid FROM trusted))`;

/**
 * Walks from each table to its constraints, generated columns, used defaults and indexes. From these it follows
 * `pg_depend` to functions, operators and types, and on from there. Walks nothing if every function, type and relation
 * belongs to a trusted role.
 */
const SQL = `
  WITH RECURSIVE ${TRUSTED_ROLES},
  path (oid) AS (
    SELECT n.oid FROM pg_namespace n, me
    WHERE n.nspname <> 'pg_catalog' AND n.nspname IN (
      SELECT CASE WHEN m[1] = '$user' THEN current_user::text ELSE coalesce(replace(m[1], '""', '"'), lower(m[2])) END
      FROM regexp_matches(coalesce($4, (SELECT reset_val FROM pg_settings WHERE name = 'search_path')), '"((?:[^"]|"")+)"|([^\\s,"]+)', 'g') AS m)),
  reached (root, part, class, oid) AS (
    SELECT t.oid, NULL::name, 'pg_class'::regclass::oid, t.oid FROM unnest($1::oid[]) AS t (oid)
    WHERE (SELECT EXISTS (SELECT FROM pg_proc p WHERE p.oid >= ${FIRST_NORMAL_OID} AND ${isUntrusted("p.proowner")})
      OR EXISTS (SELECT FROM pg_class c WHERE c.oid >= ${FIRST_NORMAL_OID} AND ${isUntrusted("c.relowner")})
      OR EXISTS (SELECT FROM pg_type y WHERE y.oid >= ${FIRST_NORMAL_OID} AND ${isUntrusted("y.typowner")}))
    UNION
    SELECT r.root, coalesce(r.part, next.part), next.class, next.oid
    FROM reached r CROSS JOIN LATERAL (
      SELECT 'pg_constraint'::regclass::oid, k.oid, k.conname FROM pg_constraint k
      WHERE r.class = 'pg_class'::regclass AND r.oid = r.root AND k.conrelid = r.oid AND k.contype = 'c'
      UNION ALL
      SELECT 'pg_attrdef'::regclass, d.oid, a.attname FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      WHERE r.class = 'pg_class'::regclass AND r.oid = r.root AND d.adrelid = r.oid
        AND (a.attgenerated <> '' OR EXISTS (SELECT FROM unnest($2::oid[], $3::text[]) AS u (oid, name) WHERE u.oid = r.oid AND u.name = a.attname))
      UNION ALL
      SELECT 'pg_class'::regclass, i.indexrelid, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE r.class = 'pg_class'::regclass AND r.oid = r.root AND i.indrelid = r.oid
      UNION ALL
      SELECT 'pg_constraint'::regclass, k.oid, k.conname FROM pg_constraint k WHERE r.class = 'pg_type'::regclass AND k.contypid = r.oid
      UNION ALL
      -- A composite type's columns.
      SELECT 'pg_class'::regclass, t.typrelid, NULL FROM pg_type t WHERE r.class = 'pg_type'::regclass AND t.oid = r.oid AND t.typrelid <> 0
      UNION ALL
      SELECT 'pg_proc'::regclass, k.castfunc, NULL FROM pg_cast k
      WHERE r.class = 'pg_type'::regclass AND r.oid IN (k.castsource, k.casttarget) AND k.castfunc >= ${FIRST_NORMAL_OID}
      UNION ALL
      SELECT d.refclassid, d.refobjid, NULL FROM pg_depend d
      WHERE d.classid = r.class AND d.objid = r.oid AND d.refobjid >= ${FIRST_NORMAL_OID}
        AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
    ) next (class, oid, part)
  ),
  expressions (root, part, tree, author) AS (
    SELECT r.root, r.part, k.conbin::text, coalesce(c.relowner, t.typowner) FROM reached r
    JOIN pg_constraint k ON r.class = 'pg_constraint'::regclass AND k.oid = r.oid
    LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
    UNION ALL
    SELECT r.root, r.part, d.adbin::text, c.relowner FROM reached r
    JOIN pg_attrdef d ON r.class = 'pg_attrdef'::regclass AND d.oid = r.oid JOIN pg_class c ON c.oid = d.adrelid
  ),
  found (root, part, kind, code, owner) AS (
    SELECT r.root, r.part, 'FUNCTION', p.oid::regprocedure::text, p.proowner FROM reached r
    JOIN pg_proc p ON r.class = 'pg_proc'::regclass AND p.oid = r.oid
    WHERE ${isUntrusted("p.proowner")} AND ${notOfExtension("pg_proc", "p.oid")}
    UNION
    SELECT e.root, e.part, NULL, f.code, e.author FROM expressions e
    CROSS JOIN LATERAL (SELECT p.oid::regprocedure::text ${callsFunction("e.tree", `NOT ${IS_HARMLESS}`)}) f (code)
    WHERE ${isUntrusted("e.author")}
    UNION
    SELECT NULL, NULL, s.kind, s.code, s.owner FROM (${SQUATTERS}) s (kind, code, owner)
    UNION
    SELECT NULL, e.evtname, 'FUNCTION', p.oid::regprocedure::text, p.proowner FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid, me
    WHERE NOT me.rolsuper AND e.evtenabled <> 'D' AND e.evtevent <> 'login' AND ${isUntrusted("p.proowner")}
  )
  SELECT current_user::text AS role, (SELECT rolsuper FROM me) AS "isSuperuser", coalesce((
    SELECT json_agg(json_build_object('table', CASE WHEN f.root IS NOT NULL THEN json_build_object('schema', n.nspname, 'name', c.relname) END,
      'caller', f.part, 'kind', f.kind, 'code', f.code, 'owner', pg_get_userbyid(f.owner)) ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", f.part COLLATE "C", f.code COLLATE "C")
    FROM found f LEFT JOIN pg_class c ON c.oid = f.root LEFT JOIN pg_namespace n ON n.oid = c.relnamespace), '[]') AS found`;

/** Reads the catalog alone, and runs no code. @param client with an empty search_path */
export async function readUntrustedCode(
  client: pg.ClientBase,
  loads: readonly Pick<PlannedLoad, "table" | "columns">[],
): Promise<UntrustedCodes> {
  const defaults = loads.flatMap(({ table, columns }) =>
    table.columns
      .filter(({ hasDefault, name }) => hasDefault && !columns.some((it) => it.name === name))
      .map(({ name }) => ({ oid: table.oid, name })),
  );
  const { rows } = await client.query<UntrustedCodes>(SQL, [
    oidsOf(loads.map(({ table }) => table)),
    defaults.map(({ oid }) => oid),
    defaults.map(({ name }) => name),
    ownSearchPathText(client) ?? null,
  ]);
  if (!rows[0]) throw new Error("SELECT returned no row");
  return rows[0];
}
