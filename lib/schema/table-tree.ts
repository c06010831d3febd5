import { USER_NAMESPACE } from "./user-objects.ts";

/** Relations of extensions, and whether pg_dump would dump their rows: all, or those that a condition tells. For WITH. */
export const MEMBERS = `
  member (oid, extension, is_config, condition) AS MATERIALIZED (
    SELECT d.objid, x.extname, coalesce(d.objid = ANY (x.extconfig), false),
      nullif(x.extcondition[array_position(x.extconfig, d.objid)], '')
    FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  )`;

/** Relations that other sessions hold or await an exclusive lock of: whoever reads them waits. For WITH. */
export const LOCKED = `
  locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  )`;

/**
 * Which relation holds a table's rows. For WITH RECURSIVE. Reads nothing but catalogs, and so waits for nobody.
 *
 * `link`: partitions as a SELECT from their table sees them, without those whose detaching was interrupted.
 * `covered`: partitions whose rows are those of a table of the user's. Every other relation has to be read itself.
 * `tree`: every partition below such a table, at any depth.
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

/**
 * Of an extension's `member m`, relation `c` in namespace `n`: pg_dump dumps all of its rows, and the role can both
 * read and restore them.
 */
export const MEMBER_IS_BACKED_UP = `(
    m.is_config AND m.condition IS NULL AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid))`;
