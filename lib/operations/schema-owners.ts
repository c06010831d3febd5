/**
 * Checks whose code the operations' schema runs. Any role with CREATE on the database could have made a schema of this
 * name, with triggers, rules or functions that would run with the rights of the app's role.
 */
import type pg from "pg";
import { BackupError } from "../errors.ts";
import { callsFunction, IS_HARMLESS } from "../postgres/untrusted-code.ts";
import { TRUSTED_ROLES } from "../schema/trusted-roles.ts";
import { FIRST_NORMAL_OID, notOfExtension, OWN_SCHEMA } from "../schema/user-objects.ts";
import { sqlIdentifier } from "../shared/sql-name.ts";

export const OWN_TABLES = ["operations", "unlock_attempts", "rehearsal_requests"] as const;

/**
 * An object of a role that could act through ours. An `expression` is reported whoever owns it: it calls a function of
 * PostgreSQL or an extension that does more than compute a value, for example one that runs SQL.
 */
export interface ForeignObject {
  kind: "schema" | "table" | "function" | "type" | "expression";
  /** The name as written in SQL. */
  name: string;
  owner: string;
}

export interface OwnSchema {
  /** 0 if there is no schema, or an empty one. */
  version: number;
  role: string;
  foreign: ForeignObject[];
}

/** Functions of other roles are found by their owner. */
const CALLS_MORE = `NOT ${IS_HARMLESS} AND (p.oid < ${FIRST_NORMAL_OID} OR NOT ${notOfExtension("pg_proc", "p.oid")})`;

const SQL = `
  WITH RECURSIVE ${TRUSTED_ROLES},
  own AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = $1),
  tables AS (SELECT c.oid, c.relowner FROM pg_class c JOIN own ON c.relnamespace = own.oid WHERE c.relname = ANY ($2)),
  parts (class, oid) AS (
    SELECT 'pg_class'::regclass, oid FROM tables
    UNION ALL SELECT 'pg_class'::regclass, x.indexrelid FROM pg_index x JOIN tables ON tables.oid = x.indrelid
    UNION ALL SELECT 'pg_attrdef'::regclass, x.oid FROM pg_attrdef x JOIN tables ON tables.oid = x.adrelid
    UNION ALL SELECT 'pg_constraint'::regclass, x.oid FROM pg_constraint x JOIN tables ON tables.oid = x.conrelid
    UNION ALL SELECT 'pg_rewrite'::regclass, x.oid FROM pg_rewrite x JOIN tables ON tables.oid = x.ev_class
    UNION ALL SELECT 'pg_policy'::regclass, x.oid FROM pg_policy x JOIN tables ON tables.oid = x.polrelid
    UNION ALL SELECT 'pg_trigger'::regclass, x.oid FROM pg_trigger x JOIN tables ON tables.oid = x.tgrelid),
  used AS (
    SELECT d.refclassid AS class, d.refobjid AS oid FROM parts
    JOIN pg_depend d ON d.classid = parts.class AND d.objid = parts.oid WHERE d.refobjid >= ${FIRST_NORMAL_OID}),
  functions AS (
    SELECT oid FROM used WHERE class = 'pg_proc'::regclass
    UNION SELECT o.oprcode FROM used JOIN pg_operator o ON used.class = 'pg_operator'::regclass AND o.oid = used.oid),
  relations AS (
    SELECT oid FROM tables
    UNION SELECT oid FROM used WHERE class = 'pg_class'::regclass
    -- A foreign key to ours: what it cascades to has triggers of its own.
    UNION SELECT x.tgconstrrelid FROM pg_trigger x JOIN tables ON tables.oid = x.tgrelid),
  -- A trigger may be anybody's who has had that right, and all of a table its earlier owner's.
  trees (class, oid, tree) AS (
    SELECT 'pg_constraint'::regclass, x.oid, x.conbin::text FROM pg_constraint x JOIN tables ON tables.oid = x.conrelid
    UNION ALL SELECT 'pg_attrdef'::regclass, x.oid, x.adbin::text FROM pg_attrdef x JOIN tables ON tables.oid = x.adrelid
    UNION ALL SELECT 'pg_trigger'::regclass, x.oid, x.tgqual::text FROM pg_trigger x JOIN tables ON tables.oid = x.tgrelid
    UNION ALL SELECT 'pg_policy'::regclass, x.oid, concat(x.polqual, x.polwithcheck) FROM pg_policy x JOIN tables ON tables.oid = x.polrelid
    UNION ALL SELECT 'pg_rewrite'::regclass, x.oid, concat(x.ev_qual, x.ev_action) FROM pg_rewrite x JOIN tables ON tables.oid = x.ev_class
    UNION ALL SELECT 'pg_class'::regclass, x.indexrelid, concat(x.indexprs, x.indpred) FROM pg_index x JOIN tables ON tables.oid = x.indrelid),
  calls (name) AS (
    SELECT pg_describe_object(t.class, t.oid, 0) || ': ' || f.name FROM trees t
    CROSS JOIN LATERAL (SELECT p.oid::regprocedure::text ${callsFunction("t.tree", CALLS_MORE)}) f (name)),
  objects (rank, kind, name, owner) AS (
    SELECT 1, 'schema', quote_ident($1), nspowner FROM own
    UNION ALL SELECT 2, 'table', c.oid::regclass::text, c.relowner FROM relations JOIN pg_class c USING (oid)
    UNION ALL SELECT 3, 'function', p.oid::regprocedure::text, p.proowner FROM functions JOIN pg_proc p USING (oid)
    UNION ALL SELECT 4, 'type', format_type(t.oid, NULL), t.typowner FROM used JOIN pg_type t
      ON used.class = 'pg_type'::regclass AND t.oid = used.oid
    UNION ALL SELECT 5, 'expression', name, 0 FROM calls)
  SELECT current_user::text AS role, (SELECT obj_description(oid, 'pg_namespace') FROM own) AS comment,
    (SELECT coalesce(json_agg(json_build_object('kind', kind, 'name', name, 'owner', pg_get_userbyid(owner)) ORDER BY rank, name), '[]')
     FROM objects WHERE owner NOT IN (SELECT oid FROM trusted))::text AS foreign`;

/** Only reads the catalog, so nothing of the schema runs. */
export async function inspectOwnSchema(client: Pick<pg.ClientBase, "query">): Promise<OwnSchema> {
  const { rows } = await client.query<{ role: string; comment: string | null; foreign: string }>(
    SQL,
    [OWN_SCHEMA, OWN_TABLES],
  );
  const [row] = rows;
  if (!row) throw new Error("SELECT returned no row");
  return {
    version: Number(/, version (\d+)$/.exec(row.comment ?? "")?.[1] ?? 0),
    role: row.role,
    foreign: JSON.parse(row.foreign) as ForeignObject[],
  };
}

/** @throws CONFIG_INVALID if the schema contains an object of a role that could act through ours */
export function requireTrusted({ foreign, role }: OwnSchema): void {
  const [first] = foreign;
  if (!first) return;
  throw new BackupError(
    "CONFIG_INVALID",
    `${describeForeign(first)} It was not used. Nothing was changed.`,
    { hint: foreignRemedy(first, role) },
  );
}

export function describeForeign({ kind, name, owner }: ForeignObject): string {
  if (kind === "expression")
    return `The record of operations calls a function that may run SQL with the rights of this app (${name}).`;
  return kind === "schema" || name.startsWith(`${OWN_SCHEMA}.`)
    ? `The ${kind} ${name}, for the record of operations, belongs to the role ${owner}, whose code could run there with the rights of this app.`
    : `The schema ${OWN_SCHEMA}, for the record of operations, uses the ${kind} ${name} of the role ${owner}, whose code would run with the rights of this app.`;
}

export function foreignRemedy({ kind, name, owner }: ForeignObject, role: string): string {
  const again = `DROP SCHEMA ${OWN_SCHEMA} CASCADE; It is made again, without the record of earlier operations.`;
  if (kind === "expression")
    return `If no one made it on purpose, drop it as a superuser, or all of it: ${again}`;
  const drop = kind === "function" ? `DROP FUNCTION ${name} CASCADE;` : again;
  return `If no one made it on purpose, ask who has used the role ${owner}, and drop it as a superuser: ${drop} Otherwise make it this app's: ALTER ${kind.toUpperCase()} ${name} OWNER TO ${sqlIdentifier(role)};`;
}
