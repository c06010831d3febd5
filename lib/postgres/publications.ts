import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import { type OfTable, RELATIONS, relationsOf } from "./row-keys.ts";

/** A relation for which PostgreSQL refuses UPDATE or DELETE because of a publication, even of no row. */
export interface RefusedChange {
  /** OID of the loaded table. */
  root: number;
  /** That table, or one of its partitions. */
  relation: TableName;
  publication: string;
  /**
   * Why PostgreSQL refuses.
   * - identity: the table has no replica identity, so a subscriber cannot tell which row is meant.
   * - columns, filter: the publication's column list or WHERE does not fit the replica identity.
   * - generated: the replica identity includes a generated column that is not published.
   */
  reason: "identity" | "columns" | "filter" | "generated";
  /** SQL, or a sentence that begins with a verb. */
  remedy: string;
}

/**
 * Decides as `CheckCmdReplicaIdentity` and `RelationBuildPublicationDesc` of PostgreSQL do. A partition is published as
 * an ancestor if the publication says so. Columns are then matched by name.
 */
const REFUSED_SQL = `
  WITH rel AS (
    SELECT rel.root, c.oid, c.relname, n.nspname, c.relreplident, c.relispartition, k.columns AS identity
    FROM ${RELATIONS} JOIN pg_class c ON c.oid = rel.oid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL (
      SELECT ARRAY(SELECT a.attname FROM generate_series(1, i.indnkeyatts) x (n) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[x.n - 1]) AS columns
      FROM pg_index i
      WHERE i.indrelid = c.oid AND i.indislive AND i.indisvalid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL
        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END
      LIMIT 1) k ON true
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
  ), lineage AS (
    SELECT rel.oid, rel.oid AS member, 1 AS level FROM rel
    UNION
    SELECT rel.oid, a.relid::oid, a.level::int FROM rel, pg_partition_ancestors(rel.oid) WITH ORDINALITY AS a (relid, level)
  ), membership AS (
    SELECT l.*, p.prpubid AS publication FROM lineage l JOIN pg_publication_rel p ON p.prrelid = l.member
    UNION
    SELECT l.*, p.pnpubid FROM lineage l JOIN pg_class c ON c.oid = l.member JOIN pg_publication_namespace p ON p.pnnspid = c.relnamespace
  ), published AS (
    SELECT rel.*, p.oid AS publication, p.pubname, p.puballtables, to_jsonb(p) ->> 'pubgencols' AS gencols,
      coalesce((SELECT m.member FROM membership m
        WHERE p.pubviaroot AND rel.relispartition AND m.oid = rel.oid AND m.publication = p.oid AND m.member <> rel.oid
        ORDER BY m.level DESC LIMIT 1), rel.oid) AS member
    FROM rel JOIN pg_publication p ON CASE $3 WHEN 'UPDATE' THEN p.pubupdate ELSE p.pubdelete END
      AND (p.puballtables OR EXISTS (SELECT FROM membership m WHERE m.oid = rel.oid AND m.publication = p.oid))
  ), judged AS (
    SELECT p.*, CASE
      WHEN p.relreplident <> 'f' AND EXISTS (
        SELECT FROM regexp_matches(r.prqual::text, ':varattno (-?[0-9]+)', 'g') AS v (attnum)
        LEFT JOIN pg_attribute a ON a.attrelid = p.member AND a.attnum = v.attnum[1]::int
        WHERE (a.attname = ANY (p.identity)) IS NOT TRUE) THEN 'filter'
      WHEN r.prattrs IS NOT NULL AND (p.relreplident = 'f' OR EXISTS (
        SELECT FROM unnest(p.identity) AS i (name) WHERE NOT EXISTS (
          SELECT FROM unnest(r.prattrs) AS l (attnum) JOIN pg_attribute a ON a.attrelid = p.member AND a.attnum = l.attnum
          WHERE a.attname = i.name))) THEN 'columns'
      -- Since PostgreSQL 18.
      WHEN p.gencols IS NOT NULL AND r.prattrs IS NULL AND EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = p.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND (a.attgenerated = 's' AND p.gencols <> 's' OR a.attgenerated = 'v')
          AND (p.relreplident = 'f' OR a.attname = ANY (p.identity))) THEN 'generated'
      WHEN p.identity IS NULL AND p.relreplident <> 'f' THEN 'identity'
    END AS reason
    FROM published p
    LEFT JOIN pg_publication_rel r ON r.prpubid = p.publication AND r.prrelid = p.member AND NOT p.puballtables
  )
  SELECT j.root, json_build_object('schema', j.nspname, 'name', j.relname) AS relation, j.pubname AS publication, j.reason,
    format('%I.%I', j.nspname, j.relname) AS "table", quote_ident(j.pubname) AS "quotedPublication", coalesce(j.identity::text[], '{}') AS identity,
    j.gencols <> 's' AND EXISTS (
      SELECT FROM pg_attribute a WHERE a.attrelid = j.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = 's') AS "leavesOut",
    -- A suitable one: of columns that are never NULL, and the shortest.
    (SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
      WHERE i.indrelid = j.oid AND i.indislive AND i.indisvalid AND i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
        AND NOT EXISTS (SELECT FROM generate_series(1, i.indnkeyatts) s (n) JOIN pg_attribute a ON a.attrelid = j.oid AND a.attnum = i.indkey[s.n - 1]
          WHERE NOT a.attnotnull OR a.attgenerated <> '')
      ORDER BY i.indisprimary DESC, i.indnkeyatts, x.relname COLLATE "C" LIMIT 1) AS index
  FROM judged j WHERE j.reason IS NOT NULL
  ORDER BY j.nspname COLLATE "C", j.relname COLLATE "C", j.pubname COLLATE "C"`;

interface Found extends Omit<RefusedChange, "remedy"> {
  table: string;
  quotedPublication: string;
  identity: string[];
  /** Since PostgreSQL 18: the publication leaves out generated columns, which FULL does not allow. */
  leavesOut: boolean | null;
  index: string | null;
}

/** Finds the tables for which PostgreSQL refuses the command. Reads only the catalog, and waits for no lock. */
export async function readRefusedChanges(
  client: pg.ClientBase,
  loads: readonly OfTable[],
  command: "UPDATE" | "DELETE",
): Promise<RefusedChange[]> {
  const { rows } = await client.query<Found>(REFUSED_SQL, [...relationsOf(loads), command]);
  return rows.map((found) => {
    const { root, relation, publication, reason } = found;
    return { root, relation, publication, reason, remedy: remedyOf(found) };
  });
}

function remedyOf({ reason, table, quotedPublication, identity, index, leavesOut }: Found): string {
  const publish = `ALTER PUBLICATION ${quotedPublication} SET (publish_generated_columns = stored)`;
  const full = `ALTER TABLE ${table} REPLICA IDENTITY FULL${leavesOut ? `; ${publish}` : ""}`;
  switch (reason) {
    case "identity":
      return index === null ? full : `ALTER TABLE ${table} REPLICA IDENTITY USING INDEX ${index}`;
    case "filter":
      return `${full}, or change the WHERE of the publication ${quotedPublication}`;
    case "columns":
      return `change the column list of the publication ${quotedPublication} for ${table}, so that it ${identity.length > 0 ? `has ${identity.join(", ")}` : "is gone"}`;
    case "generated":
      return `${publish}, or give ${table} a replica identity without generated columns`;
    default:
      throw reason satisfies never;
  }
}
