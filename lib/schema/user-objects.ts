/** The schema of this library's own tables. They are never dumped, and a restore never changes them. */
export const OWN_SCHEMA = "prisma_backup_admin";

/** A condition on `pg_namespace n`: true for schemas of the user. */
export const USER_NAMESPACE = `
  n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> '${OWN_SCHEMA}'`;

/** True if the object does not belong to an extension. Everything that CREATE EXTENSION creates does. */
export const notOfExtension = (catalog: string, oid: string) => `
  NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

/** The first OID that PostgreSQL does not use for its own objects. */
export const FIRST_NORMAL_OID = 16384;

/** A FROM item `pg_proc p`: the user-defined functions that an object's expression calls, also as operators. */
export const userFunctionsOf = (catalog: string, oid: string) => `
  pg_depend d
  LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
  JOIN pg_proc p ON p.oid = CASE d.refclassid WHEN 'pg_proc'::regclass THEN d.refobjid ELSE o.oprcode END
  WHERE d.classid = '${catalog}'::regclass AND d.objid = ${oid} AND p.oid >= ${FIRST_NORMAL_OID} AND ${notOfExtension("pg_proc", "p.oid")}`;

export const callsUserFunction = (catalog: string, oid: string) =>
  `EXISTS (SELECT FROM ${userFunctionsOf(catalog, oid)})`;

/** Whether `pg_proc p` may read tables itself, judging by its text. */
export const SEEMS_TO_READ = String.raw`(p.prosqlbody IS NOT NULL OR p.prosrc ~* '\m(from|join|execute|perform)\M')`;
