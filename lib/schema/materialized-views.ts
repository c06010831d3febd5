import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import { notOfExtension, USER_NAMESPACE } from "./user-objects.ts";

export interface MaterializedView extends TableName {
  oid: number;
  owner: string;
  isOwned: boolean;
  /** Has rows. A view that was never refreshed has none and cannot be read. */
  isPopulated: boolean;
  /** The role is the owner or, since PostgreSQL 17, was granted MAINTAIN. */
  canRefresh: boolean;
  /** OIDs of the tables and materialised views that it reads: directly, or through views, functions and each other. */
  drawsFrom: number[];
  /** Calls a function whose body PostgreSQL does not analyse, so it may read any table. */
  isOpaque: boolean;
}

/** Walks `pg_depend` through the rules of views and what functions' bodies name. The walk ends at tables. */
const MATERIALIZED_VIEWS_SQL = `
  WITH RECURSIVE walk (view, class, object) AS (
    SELECT c.oid, 'pg_class'::regclass::oid, c.oid FROM pg_class c WHERE c.relkind = 'm'
    UNION
    SELECT w.view, next.class, next.object
    FROM walk w CROSS JOIN LATERAL (
      SELECT 'pg_rewrite'::regclass::oid, r.oid FROM pg_rewrite r
      WHERE w.class = 'pg_class'::regclass AND r.ev_class = w.object AND r.ev_type = '1'
      UNION ALL
      SELECT d.refclassid, d.refobjid FROM pg_depend d
      WHERE d.classid = w.class AND d.objid = w.object AND w.class <> 'pg_class'::regclass
        AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
    ) next (class, object)
  ), drawn AS (
    SELECT w.view, json_agg(c.oid::int8) FILTER (WHERE c.oid <> w.view) AS relations, bool_or(p."isOpaque") AS "isOpaque"
    FROM walk w
    -- One by one: a database has thousands of functions.
    LEFT JOIN LATERAL (
      SELECT c.oid FROM pg_class c
      WHERE w.class = 'pg_class'::regclass AND c.oid = w.object AND c.relkind IN ('r', 'p', 'f', 'm') OFFSET 0
    ) c ON true
    LEFT JOIN LATERAL (
      SELECT p.prosqlbody IS NULL AND p.prokind <> 'a'
        AND (SELECT l.lanname NOT IN ('internal', 'c') FROM pg_language l WHERE l.oid = p.prolang) AS "isOpaque"
      FROM pg_proc p WHERE w.class = 'pg_proc'::regclass AND p.oid = w.object OFFSET 0
    ) p ON true
    GROUP BY w.view
  )
  SELECT c.oid, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
    c.relispopulated AS "isPopulated", pg_has_role(c.relowner, 'USAGE') AS "isOwned",
    pg_has_role(c.relowner, 'USAGE') OR CASE WHEN current_setting('server_version_num')::int >= 170000
      THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS "canRefresh",
    coalesce(d.relations, '[]') AS "drawsFrom", coalesce(d."isOpaque", false) AS "isOpaque"
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN drawn d ON d.view = c.oid
  WHERE c.relkind = 'm' AND ${USER_NAMESPACE} AND ${notOfExtension("pg_class", "c.oid")}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

export async function readMaterializedViews(client: pg.ClientBase): Promise<MaterializedView[]> {
  return (await client.query<MaterializedView>(MATERIALIZED_VIEWS_SQL)).rows;
}

/** The populated views that may show rows of `changed` tables, by OID; each after the views that it reads. */
export function staleViews(
  views: readonly MaterializedView[],
  changed: ReadonlySet<number>,
): MaterializedView[] {
  const isView = new Set(views.map(({ oid }) => oid));
  // If a view reads another view, it also reads everything that one reads, and is opaque if that one is.
  const depth = ({ drawsFrom, isOpaque }: MaterializedView) =>
    drawsFrom.filter((oid) => isView.has(oid)).length + (isOpaque ? views.length : 0);
  return views
    .filter(
      ({ isPopulated, isOpaque, drawsFrom }) =>
        isPopulated && (isOpaque || drawsFrom.some((oid) => changed.has(oid))),
    )
    .toSorted((a, b) => depth(a) - depth(b));
}
