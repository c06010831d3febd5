import { USER_NAMESPACE } from "./user-objects.ts";

/** For WITH. Extensions' relations, and whether pg_dump dumps their rows: all, or those of a condition. */
export const MEMBERS = `
  member (oid, extension, is_config, condition) AS MATERIALIZED (
    SELECT d.objid, x.extname, coalesce(d.objid = ANY (x.extconfig), false),
      nullif(x.extcondition[array_position(x.extconfig, d.objid)], '')
    FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  )`;

/** For WITH. Relations that another session has locked exclusively or is about to. Reading them would wait. */
export const LOCKED = `
  locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  )`;

/**
 * For WITH RECURSIVE. Tells which relation holds a table's rows. Reads only catalogs, and so waits for no lock.
 *
 * - `link`: partitions as a SELECT from their table sees them, without those whose detaching was interrupted.
 * - `covered`: partitions whose rows belong to a table of the user. Every other relation must be read itself.
 * - `tree`: every partition below such a table, at any depth.
 */
export const TABLE_TREE = `${MEMBERS}, link (parent, child) AS MATERIALIZED (
    SELECT i.inhparent, i.inhrelid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent
    WHERE c.relkind = 'p' AND NOT i.inhdetachpending
  ), partitioned (oid) AS MATERIALIZED (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN member m ON m.oid = c.oid
    WHERE c.relkind = 'p' AND m.oid IS NULL AND ${USER_NAMESPACE}
  ), covered (oid) AS (
    SELECT l.child FROM link l JOIN partitioned p ON p.oid = l.parent
    UNION
    SELECT l.child FROM link l JOIN covered v ON v.oid = l.parent
  ), tree (root, parent, oid) AS (
    SELECT p.oid, l.parent, l.child FROM partitioned p LEFT JOIN covered v ON v.oid = p.oid JOIN link l ON l.parent = p.oid
    WHERE v.oid IS NULL
    UNION ALL
    SELECT t.root, l.parent, l.child FROM tree t JOIN link l ON l.parent = t.oid
  )`;

/** For `member m`, relation `c`, namespace `n`: pg_dump dumps all rows, and the role can read and restore them. */
export const MEMBER_IS_BACKED_UP = `(
    m.is_config AND m.condition IS NULL AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid))`;
