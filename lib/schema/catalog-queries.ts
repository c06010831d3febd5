/** The SQL statements that read the catalog. */
import { LOCKED, MEMBER_IS_BACKED_UP, MEMBERS, TABLE_TREE } from "./table-tree.ts";
import {
  callsUserFunction,
  FIRST_NORMAL_OID,
  SEEMS_TO_READ,
  USER_NAMESPACE,
  userFunctionsOf,
} from "./user-objects.ts";

const isLocked = (table: string) => `${table}.oid IN (SELECT relation FROM locked)`;
const sizeOf = (table: string) =>
  `CASE WHEN ${isLocked(table)} THEN ${table}.relpages::int8 * current_setting('block_size')::int8 ELSE pg_total_relation_size(${table}.oid) END`;

/** A relation's schema and name, as JSON. */
const nameOf = (oid: string) =>
  `(SELECT json_build_object('schema', n.nspname, 'name', c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ${oid})`;

/** A JSON array of the rights that the role lacks. */
const missingRights = (kind: "table" | "sequence", schema: string, relation: string) => `(
    SELECT coalesce(json_agg(r.name), '[]')
    FROM unnest(ARRAY['USAGE', 'SELECT', 'UPDATE'${kind === "table" ? ", 'INSERT', 'DELETE', 'TRUNCATE', 'REFERENCES'" : ""}]) AS r (name)
    WHERE NOT CASE r.name WHEN 'USAGE' THEN has_schema_privilege(${schema}, 'USAGE') ELSE has_${kind}_privilege(${relation}, r.name) END)`;

export const DATABASE_SQL = `
  SELECT current_database() AS name, current_setting('server_version') AS "serverVersion",
    current_setting('server_version_num')::int AS "serverVersionNum",
    pg_encoding_to_char(encoding) AS encoding, pg_database_size(oid)::float8 AS "sizeBytes",
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "isSuperuser", pg_is_in_recovery() AS "isStandby"
  FROM pg_database WHERE datname = current_database()`;

/** @param objects a query for (relation, object): objects of `catalog` and the relations that they belong to */
const rankOf = (catalog: string, objects: string) => `
      SELECT x.relation, CASE WHEN ${SEEMS_TO_READ} THEN 2 ELSE 1 END FROM (${objects}) x (relation, object)
      CROSS JOIN LATERAL (SELECT p.prosrc, p.prosqlbody FROM ${userFunctionsOf(catalog, "x.object")}) p`;

/**
 * Waits for no lock, so that the catalog can be read while a restore or a migration has tables locked. Therefore it
 * uses pg_inherits instead of pg_partition_tree(), and calls no pg_total_relation_size() for locked tables.
 */
export const TABLES_SQL = `
  WITH RECURSIVE ${LOCKED}, ${TABLE_TREE}, parts AS (
    SELECT t.root, json_agg(json_build_object('oid', pc.oid::int8, 'schema', pn.nspname, 'name', pc.relname,
          'isPartitioned', pc.relkind = 'p', 'isForeign', pc.relkind = 'f', 'isOwned', pg_has_role(pc.relowner, 'USAGE'),
          'missingRights', ${missingRights("table", "pn.oid", "pc.oid")}, 'isUnlogged', pc.relpersistence = 'u',
          'parent', ${nameOf("t.parent")})
        ORDER BY pn.nspname, pc.relname) AS partitions,
      coalesce(sum(${sizeOf("pc")}), 0) AS "sizeBytes",
      bool_or(${isLocked("pc")}) AS "isLocked",
      bool_or(pc.relpersistence = 'u' AND pc.relkind = 'r') AS "isUnlogged",
      -- Then each partition is read itself, and not with the rights that the table gives.
      bool_or(pc.relkind = 'f') AS "hasForeign",
      coalesce(bool_and(has_schema_privilege(pn.oid, 'USAGE') AND has_table_privilege(pc.oid, 'SELECT')) FILTER (WHERE pc.relkind = 'r'), true) AS "canSelect",
      bool_or(row_security_active(pc.oid)) FILTER (WHERE pc.relkind = 'r') AS "hidesRows",
      coalesce(sum(pc.reltuples) FILTER (WHERE pc.relkind <> 'p' AND pc.reltuples > 0), 0) AS "estimatedRows"
    FROM tree t
    JOIN pg_class pc ON pc.oid = t.oid
    JOIN pg_namespace pn ON pn.oid = pc.relnamespace
    GROUP BY t.root
  ), calling (oid, rank) AS MATERIALIZED (
    SELECT coalesce(t.root, x.relation), max(x.rank) FROM (
      ${rankOf("pg_constraint", "SELECT conrelid, oid FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0")}
      UNION ALL
      ${rankOf("pg_class", "SELECT indrelid, indexrelid FROM pg_index WHERE indexprs IS NOT NULL OR indpred IS NOT NULL")}
      UNION ALL
      ${rankOf("pg_class", "SELECT partrelid, partrelid FROM pg_partitioned_table WHERE partexprs IS NOT NULL")}
      UNION ALL
      ${rankOf("pg_attrdef", "SELECT ad.adrelid, ad.oid FROM pg_attrdef ad JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum WHERE a.attgenerated <> ''")}
    ) x (relation, rank) LEFT JOIN tree t ON t.oid = x.relation
    GROUP BY 1
  )
  SELECT c.oid, n.nspname AS schema, c.relname AS name,
    CASE c.relkind WHEN 'p' THEN 'partitioned table' ELSE 'table' END AS kind,
    m.extension,
    c.relpersistence = 'u' AS unlogged,
    (SELECT count(*)::int FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS "columnCount",
    coalesce(f.rank, 0) AS "functionRank",
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND (p."canSelect" IS NOT FALSE OR p."hasForeign" IS NOT TRUE) AS "canSelect",
    row_security_active(c.oid) OR coalesce(p."hasForeign" AND p."hidesRows", false) AS "hidesRows",
    pg_has_role(c.relowner, 'USAGE') AS "isOwned",
    ${missingRights("table", "n.oid", "c.oid")} AS "missingRights",
    CASE c.relkind WHEN 'p' THEN coalesce(p."estimatedRows", 0) ELSE c.reltuples END::float8 AS "estimatedRows",
    CASE c.relkind WHEN 'p' THEN coalesce(p."sizeBytes", 0) ELSE ${sizeOf("c")} END::float8 AS "sizeBytes",
    ${isLocked("c")} OR coalesce(p."isLocked", false) AS "isLocked",
    pg_is_in_recovery() AND CASE c.relkind WHEN 'p' THEN coalesce(p."isUnlogged", false) ELSE c.relpersistence = 'u' END AS "isOnPrimaryOnly",
    coalesce(p.partitions, '[]') AS partitions,
    CASE WHEN c.relispartition THEN (
      WITH RECURSIVE above (oid) AS (
        SELECT l.parent FROM link l WHERE l.child = c.oid
        UNION
        SELECT l.parent FROM link l JOIN above ON above.oid = l.child
      )
      SELECT coalesce(json_agg(${nameOf("above.oid")}), '[]') FROM above
    ) ELSE '[]' END AS "partOf",
    (SELECT coalesce(json_agg(${nameOf("i.inhparent")} ORDER BY i.inhseqno), '[]')
      FROM pg_inherits i JOIN pg_class h ON h.oid = i.inhparent AND h.relkind <> 'p' WHERE i.inhrelid = c.oid) AS inherits,
    CASE WHEN c.relkind = 'r' AND c.relhassubclass THEN (
      WITH RECURSIVE heir (oid) AS (
        SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = c.oid
        UNION
        SELECT i.inhrelid FROM pg_inherits i JOIN heir ON heir.oid = i.inhparent
      )
      SELECT coalesce(json_agg(json_build_object('schema', hn.nspname, 'name', h.relname) ORDER BY hn.nspname COLLATE "C", h.relname COLLATE "C"), '[]')
      FROM heir JOIN pg_class h ON h.oid = heir.oid JOIN pg_namespace hn ON hn.oid = h.relnamespace
    ) ELSE '[]' END AS heirs
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN member m ON m.oid = c.oid
  LEFT JOIN covered v ON v.oid = c.oid
  LEFT JOIN parts p ON p.root = c.oid
  LEFT JOIN calling f ON f.oid = c.oid
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND v.oid IS NULL
    AND ${USER_NAMESPACE} AND (m.oid IS NULL OR ${MEMBER_IS_BACKED_UP})
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/**
 * Follows domains down to their base type, which decides the encoding. The numbers are the OIDs of bool, int2, int4,
 * float4, float8, text, varchar, char(n), name, uuid, and of time, timestamp, timestamptz, timetz. They are the same in
 * every PostgreSQL.
 */
export const COLUMNS_SQL = `
  WITH RECURSIVE domain (oid, base_oid, modifier, refuses_null) AS (
    SELECT oid, typbasetype, nullif(typtypmod, -1), typnotnull FROM pg_type WHERE typtype = 'd'
    UNION ALL
    SELECT d.oid, t.typbasetype, coalesce(d.modifier, nullif(t.typtypmod, -1)), d.refuses_null OR t.typnotnull
    FROM domain d JOIN pg_type t ON t.oid = d.base_oid WHERE t.typtype = 'd'
  ), base AS (
    SELECT d.* FROM domain d JOIN pg_type t ON t.oid = d.base_oid WHERE t.typtype <> 'd'
  ), holds (type, inner_type) AS (
    SELECT DISTINCT atttypid, atttypid FROM pg_attribute WHERE attrelid = ANY ($1::oid[]) AND atttypid >= ${FIRST_NORMAL_OID}
    UNION
    SELECT h.type, next.oid FROM holds h JOIN pg_type t ON t.oid = h.inner_type CROSS JOIN LATERAL (
      SELECT t.typbasetype WHERE t.typtype = 'd'
      UNION ALL
      SELECT t.typelem WHERE t.typelem <> 0
      UNION ALL
      SELECT f.atttypid FROM pg_attribute f WHERE t.typtype = 'c' AND f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped
      UNION ALL
      SELECT g.rngsubtype FROM pg_range g WHERE t.typtype IN ('r', 'm') AND t.oid IN (g.rngtypid, g.rngmultitypid)
    ) next (oid) WHERE next.oid >= ${FIRST_NORMAL_OID}
  ), checked (type) AS (
    SELECT DISTINCT h.type FROM holds h JOIN pg_constraint k ON k.contypid = h.inner_type WHERE ${callsUserFunction("pg_constraint", "k.oid")}
  )
  SELECT a.attrelid AS "tableOid", a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    json_build_object(
      'name', CASE WHEN e.typnamespace = 'pg_catalog'::regnamespace THEN e.typname END,
      'isArray', element.oid IS NOT NULL,
      'secondDigits', CASE WHEN e.oid IN (1083, 1114, 1184, 1266)
        THEN coalesce(nullif(a.atttypmod, -1), base.modifier, element_base.modifier, 6) END,
      'refusesNull', coalesce(base.refuses_null, false)) AS "valueType",
    CASE
      WHEN b.oid IN (16, 21, 23, 700, 701, 25, 1043, 1042, 19, 2950) OR b.typtype = 'e' OR b.typname = 'citext' THEN 'json'
      WHEN b.oid = 'jsonb'::regtype THEN 'jsonb'
      ELSE 'text'
    END AS encoding,
    b.oid IN ('inet'::regtype, 'cidr'::regtype) OR b.typnamespace <> 'pg_catalog'::regnamespace AS "needsOutputFunction",
    -- PostgreSQL looks for a binary form where JSON is read into a domain, and needs it for nothing.
    b.typtype = 'c' OR b.oid = 'json'::regtype OR dt.typtype = 'd' AND b.typreceive = 0 AS "needsCast",
    a.attnotnull AS "notNull",
    a.atthasdef OR a.attidentity <> '' OR dt.typdefault IS NOT NULL AS "hasDefault",
    a.attgenerated <> '' AS generated,
    a.attgenerated <> '' AND EXISTS (
      SELECT FROM pg_attrdef ad WHERE ad.adrelid = a.attrelid AND ad.adnum = a.attnum AND ${callsUserFunction("pg_attrdef", "ad.oid")})
      OR a.atttypid IN (SELECT c.type FROM checked c) AS "callsFunctions",
    CASE e.typtype WHEN 'e' THEN e.oid END AS "enumOid"
  FROM pg_attribute a
  JOIN pg_type dt ON dt.oid = a.atttypid
  LEFT JOIN base ON base.oid = a.atttypid
  JOIN pg_type b ON b.oid = coalesce(base.base_oid, a.atttypid)
  LEFT JOIN pg_type element ON b.typinput = 'array_in'::regproc AND element.oid = b.typelem
  LEFT JOIN base element_base ON element_base.oid = element.oid
  JOIN pg_type e ON e.oid = coalesce(element_base.base_oid, element.oid, b.oid)
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attrelid, a.attnum`;

/** Every declared foreign key (`root`), with those that PostgreSQL derives from it for partitions on either side. */
export const FOREIGN_KEY_FAMILY_SQL = `
  family (root, oid) AS (
    SELECT oid, oid FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
    UNION ALL
    SELECT f.root, k.oid FROM pg_constraint k JOIN family f ON f.oid = k.conparentid
  )`;

/** 1644 is RI_FKey_check_ins in every PostgreSQL. A trigger in state D or R does not fire in an ordinary session. */
export const FOREIGN_KEYS_SQL = `
  WITH RECURSIVE ${TABLE_TREE}, ${FOREIGN_KEY_FAMILY_SQL}, trigger AS (
    SELECT f.root, bool_and(g.tgenabled IN ('D', 'R')) FILTER (WHERE g.tgfoid = 1644) AS unchecked, bool_or(g.tgenabled <> 'O') AS altered
    FROM family f JOIN pg_trigger g ON g.tgconstraint = f.oid GROUP BY f.root
  )
  SELECT k.conname AS constraint, ${nameOf("k.conrelid")} AS "table", x."from", ${nameOf("coalesce(tt.root, k.confrelid)")} AS "to",
    (SELECT json_agg(a.attname ORDER BY i) FROM unnest(k.conkey) WITH ORDINALITY AS x (n, i)
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.n) AS columns,
    (SELECT json_agg(a.attname ORDER BY i) FROM unnest(k.confkey) WITH ORDINALITY AS x (n, i)
      JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.n) AS "referencedColumns",
    CASE k.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'
      WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS "onDelete",
    pg_get_constraintdef(k.oid) AS definition,
    obj_description(k.oid, 'pg_constraint') AS comment,
    CASE WHEN k.convalidated THEN '[]' ELSE (
      SELECT coalesce(json_agg(json_build_object('table', ${nameOf("v.conrelid")}, 'constraint', v.conname)), '[]')
      FROM family y JOIN pg_constraint v ON v.oid = y.oid
      WHERE y.root = k.oid AND v.convalidated AND v.conrelid <> k.conrelid) END AS "validatedBelow",
    coalesce(g.unchecked, false) AS "insertsUnchecked", coalesce(g.altered, false) AS "hasAlteredTriggers"
  FROM pg_constraint k
  LEFT JOIN trigger g ON g.root = k.oid
  LEFT JOIN tree tf ON tf.oid = k.conrelid
  LEFT JOIN tree tt ON tt.oid = k.confrelid
  CROSS JOIN LATERAL (SELECT ${nameOf("coalesce(tf.root, k.conrelid)")} AS "from" OFFSET 0) x
  WHERE k.contype = 'f' AND k.conparentid = 0 AND ($1::oid[] IS NULL OR k.conrelid = ANY ($1) OR k.confrelid = ANY ($1))
  ORDER BY x."from" ->> 'schema' COLLATE "C", x."from" ->> 'name' COLLATE "C", k.conname COLLATE "C"`;

/** A column owns a sequence by deptype a (serial, OWNED BY) or i (identity). */
export const SEQUENCES_SQL = `
  WITH ${MEMBERS}
  SELECT m.extension, coalesce(m.is_config, false) AS "isConfig", c.oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted, s.seqstart::text AS start, s.seqincrement::text AS increment,
    s.seqmin::text AS minimum, s.seqmax::text AS maximum, s.seqcycle AS cycles,
    c.relpersistence = 'u' AND pg_is_in_recovery() AS "isOnPrimaryOnly",
    has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT') AS "canSelect",
    pg_has_role(c.relowner, 'USAGE') AS "isOwned",
    ${missingRights("sequence", "n.oid", "c.oid")} AS "missingRights",
    (SELECT json_build_object('table', ${nameOf("d.refobjid")}, 'column', a.attname, 'isIdentity', d.deptype = 'i')
      FROM pg_depend d
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
        AND d.deptype IN ('a', 'i') LIMIT 1) AS owner
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_sequence s ON s.seqrelid = c.oid
  LEFT JOIN member m ON m.oid = c.oid
  WHERE c.relpersistence <> 't' AND ${USER_NAMESPACE}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;
