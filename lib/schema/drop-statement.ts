/** How to drop a constraint or index. */
export interface DropStatement {
  /** DROP INDEX if it belongs to no constraint. A partition's index is dropped with the table's. */
  sql: string;
  /** False if it applies to inserted rows, but existing rows may violate it. */
  isValid: boolean;
}

/** @param index an SQL expression for the index's OID */
export const dropStatementOf = (index: string) => `(
    SELECT json_build_object('isValid', di.indisvalid, 'sql', CASE WHEN dk.oid IS NULL
        THEN format('DROP INDEX %I.%I', dn.nspname, dc.relname)
        ELSE format('ALTER TABLE %I.%I DROP CONSTRAINT %I', dn.nspname, dt.relname, dk.conname) END)
    FROM pg_class dc JOIN pg_index di ON di.indexrelid = dc.oid
    JOIN pg_class dt ON dt.oid = di.indrelid JOIN pg_namespace dn ON dn.oid = dt.relnamespace
    LEFT JOIN pg_constraint dk ON dk.conindid = dc.oid AND dk.contype IN ('p', 'u', 'x') AND dk.conrelid = dt.oid
    WHERE dc.oid = coalesce(pg_partition_root(${index}), ${index}))`;
