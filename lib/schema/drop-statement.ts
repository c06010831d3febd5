/** How a constraint or index is got rid of. */
export interface DropStatement {
  /** An index that is no constraint is dropped as what it is; one of a partition with the table's, which it belongs to. */
  sql: string;
  /** False: it holds for the rows that are inserted, and perhaps not for others. */
  isValid: boolean;
}

/** @param index an oid */
export const dropStatementOf = (index: string) => `(
    SELECT json_build_object('isValid', di.indisvalid, 'sql', CASE WHEN dk.oid IS NULL
        THEN format('DROP INDEX %I.%I', dn.nspname, dc.relname)
        ELSE format('ALTER TABLE %I.%I DROP CONSTRAINT %I', dn.nspname, dt.relname, dk.conname) END)
    FROM pg_class dc JOIN pg_index di ON di.indexrelid = dc.oid
    JOIN pg_class dt ON dt.oid = di.indrelid JOIN pg_namespace dn ON dn.oid = dt.relnamespace
    LEFT JOIN pg_constraint dk ON dk.conindid = dc.oid AND dk.contype IN ('p', 'u', 'x') AND dk.conrelid = dt.oid
    WHERE dc.oid = coalesce(pg_partition_root(${index}), ${index}))`;
