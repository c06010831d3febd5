import type pg from "pg";
import { notOfExtension } from "../../schema/user-objects.ts";
import { sqlIdentifier } from "../../shared/sql-name.ts";
import type { Report } from "./finding.ts";

interface Owners {
  role: string;
  database: string;
  isSuperuser: boolean;
  owners: Array<{ name: string; isSuperuser: boolean }>;
  /** Everything that superusers own, in the form `TABLE public.users`. */
  objects: string[];
}

/** Includes the add-on's own schema. */
const NAMESPACE = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/** Without a column's sequences and the types of tables and arrays: their owner changes along with the table. */
const SQL = `
  WITH super AS (SELECT oid FROM pg_roles WHERE rolsuper),
  relation AS (
    SELECT c.oid, c.relkind, c.relowner, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${NAMESPACE} AND ${notOfExtension("pg_class", "c.oid")}
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i'))),
  object (rank, name) AS (
    SELECT 1, format('SCHEMA %I', n.nspname) FROM pg_namespace n
    WHERE ${NAMESPACE} AND n.nspowner IN (SELECT oid FROM super) AND ${notOfExtension("pg_namespace", "n.oid")}
    UNION ALL
    SELECT 2, format('%s %I.%I', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, nspname, relname)
    FROM relation WHERE relowner IN (SELECT oid FROM super)
    UNION ALL
    SELECT 3, format('TYPE %I.%I', n.nspname, t.typname) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE ${NAMESPACE} AND t.typowner IN (SELECT oid FROM super) AND ${notOfExtension("pg_type", "t.oid")}
      AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
    UNION ALL
    SELECT 4, format('ROUTINE %s', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${NAMESPACE} AND p.proowner IN (SELECT oid FROM super) AND ${notOfExtension("pg_proc", "p.oid")})
  SELECT current_user::text AS role, current_database()::text AS database,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser",
    (SELECT coalesce(json_agg(json_build_object('name', r.rolname, 'isSuperuser', r.rolsuper) ORDER BY r.rolname), '[]')
      FROM pg_roles r WHERE r.oid IN (SELECT relowner FROM relation WHERE relkind IN ('r', 'p'))) AS owners,
    (SELECT coalesce(json_agg(name ORDER BY rank, name), '[]') FROM object) AS objects`;

export async function readOwners(client: pg.ClientBase): Promise<Owners> {
  const { rows } = await client.query<Owners>(SQL);
  if (!rows[0]) throw new Error("SELECT returned no row");
  return rows[0];
}

/** If the role is a superuser, says how the app can work with an ordinary role. */
export async function checkSuperuser({ warning }: Report, client: pg.ClientBase): Promise<void> {
  const it = await readOwners(client);
  if (!it.isSuperuser) return;
  const what = `The role ${it.role} is a superuser. Anyone who gets its connection string has the whole server. A restore of another role's tables is refused if it would run that role's code.`;
  const plain = it.owners
    .filter((owner) => !owner.isSuperuser)
    .map(({ name }) => sqlIdentifier(name));
  const [only = ""] = plain;
  const isSupers = it.owners.some(({ isSuperuser }) => isSuperuser);
  if (plain.length === 1 && !isSupers) {
    warning(
      "SUPERUSER",
      what,
      `Connect as ${only}, which owns the tables. If it has no password yet: ALTER ROLE ${only} LOGIN PASSWORD '…';`,
    );
    return;
  }
  warning(
    "SUPERUSER",
    what,
    [
      "Connect as a role that owns the tables, and is no superuser. As a superuser, run once: CREATE ROLE app LOGIN PASSWORD '…';",
      `ALTER DATABASE ${sqlIdentifier(it.database)} OWNER TO app;`,
      ...(plain.length > 0 ? [`GRANT ${plain.join(", ")} TO app;`] : []),
      ...(isSupers ? ["and the statements above (all of them with --json)."] : []),
    ].join(" "),
    isSupers ? it.objects.map((object) => `ALTER ${object} OWNER TO app;`) : [],
  );
}
