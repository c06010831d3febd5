/**
 * Items for WITH RECURSIVE that end with `trusted (oid)`: the roles whose code may run with the rights of the current
 * role. These are superusers and the current role. If that is no superuser, they include the roles that it is a member
 * of and the database's owner.
 *
 * `pg_has_role` would not do: a superuser would be a member of every role. Roles that the current role may only
 * administer do not count: since PostgreSQL 16, these include every role that it has created.
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
