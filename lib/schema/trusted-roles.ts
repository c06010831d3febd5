/**
 * Items for WITH RECURSIVE that end with `trusted (oid)`: the roles whose code may run with the rights of the current
 * role. These are superusers, the current role, and, if that is no superuser itself, the roles that it is a member of
 * and the database's owner. Not `pg_has_role`: a superuser would be a member of every role. Nor roles that it may only
 * administer: since PostgreSQL 16, that is each one that it has created.
 */
export const TRUSTED_ROLES = `
  me AS (SELECT oid, rolsuper FROM pg_roles WHERE rolname = current_user),
  groups (oid) AS (
    SELECT oid FROM me
    UNION SELECT m.roleid FROM groups JOIN pg_auth_members m ON m.member = groups.oid
      AND (coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) OR coalesce((to_jsonb(m) ->> 'set_option')::boolean, true))),
  trusted (oid) AS (
    SELECT r.oid FROM pg_roles r, me
    WHERE r.rolsuper OR r.oid = me.oid OR NOT me.rolsuper AND (r.oid IN (SELECT oid FROM groups)
      OR r.rolname = 'pg_database_owner' OR r.oid = (SELECT datdba FROM pg_database WHERE datname = current_database())))`;
