/** The add-on's own tables. Never dumped, never touched by a restore. */
export const OWN_SCHEMA = "prisma_backup_admin";

/** A condition on `pg_namespace n`. */
export const USER_NAMESPACE = `
  n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> '${OWN_SCHEMA}'`;

/** What CREATE EXTENSION makes is the extension's. */
export const notOfExtension = (catalog: string, oid: string) => `
  NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
