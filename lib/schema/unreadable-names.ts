import { isUtf8 } from "node:buffer";
import pg from "pg";
import type { TableName } from "../shared/api.ts";
import type { UnreadableName } from "./catalog.ts";
import { type FoundName, remedyOf, whatOf } from "./describe-unreadable.ts";
import { USER_NAMESPACE } from "./user-objects.ts";

/** A name's bytes, even if they are invalid. Other functions check the bytes and fail. */
const bytesOf = (name: string) =>
  String.raw`pg_catalog.decode(pg_catalog.replace(${name}::text, '\', '\\'), 'escape')`;
const shown = (name: string) => `pg_catalog.encode(${bytesOf(name)}, 'escape')`;

/** Names of user relations, and of their schemas, columns, constraints and column types. */
const NAMES_SQL = `
  WITH relation AS (
    SELECT c.oid, c.relkind, ${shown("n.nspname")} || '.' || ${shown("c.relname")} AS label, c.relname, c.relnamespace
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'm', 'S', 'i', 'I') AND ${USER_NAMESPACE}
      -- It has its constraint's name.
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.conname = c.relname AND k.contype <> 'f')
  ), typed AS (
    SELECT r.oid, r.label, t.oid AS type, t.typname, t.typnamespace, ${shown("a.attname")} AS "column"
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type d ON d.oid = a.atttypid JOIN pg_type t ON t.oid = CASE d.typcategory WHEN 'A' THEN d.typelem ELSE d.oid END AND t.oid >= 16384
  )
  SELECT x.relation, x.kind, x.object, x.part, x.label, pg_catalog.encode(${bytesOf("x.name")}, 'hex') AS hex, ${shown("x.name")} AS shown
  FROM (
    SELECT r.oid, CASE r.relkind WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' ELSE 'table' END, r.oid, 0, r.label, r.relname::text FROM relation r
    UNION ALL SELECT r.oid, 'schema', n.oid, 0, r.label, n.nspname::text FROM relation r JOIN pg_namespace n ON n.oid = r.relnamespace
    UNION ALL SELECT r.oid, 'column', r.oid, a.attnum, r.label, a.attname::text
      FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE r.relkind NOT IN ('i', 'I')
    UNION ALL SELECT r.oid, 'constraint', k.oid, 0, r.label, k.conname::text FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
    UNION ALL SELECT t.oid, 'type', t.type, 0, t.label, t.typname::text FROM typed t
    UNION ALL SELECT t.oid, 'schema', n.oid, 0, t.label, n.nspname::text FROM typed t JOIN pg_namespace n ON n.oid = t.typnamespace
    UNION ALL SELECT t.oid, 'label', t.type, 0, t.label || '.' || t."column", e.enumlabel::text FROM typed t JOIN pg_enum e ON e.enumtypid = t.type
  ) x (relation, kind, object, part, label, name)
  WHERE ${shown("x.name")} LIKE '%\\\\%'
  ORDER BY 1, 2, 4`;

/** Everything that cannot exist without a relation: a partition's table and its partitions, a sequence's table. */
const HIDDEN_SQL = `
  WITH RECURSIVE hidden (source, oid) AS (
    SELECT x, x FROM pg_catalog.unnest($1::oid[]) x
    UNION
    SELECT h.source, next.oid FROM hidden h CROSS JOIN LATERAL (
      SELECT i.inhparent FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhrelid = h.oid AND c.relispartition
      UNION ALL
      SELECT i.inhrelid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = h.oid AND c.relispartition
      UNION ALL
      SELECT d.refobjid FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
      WHERE d.classid = 'pg_class'::regclass AND d.objid = h.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      UNION ALL
      SELECT ad.adrelid FROM pg_depend d JOIN pg_attrdef ad ON ad.oid = d.objid JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
      WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = h.oid
    ) next (oid)
  )
  SELECT h.source, h.oid, c.relkind IN ('r', 'p') AND NOT c.relispartition AS "isTable", c.relkind = 'S' AS "isSequence",
    ${shown("n.nspname")} AS schema, ${shown("c.relname")} AS name
  FROM hidden h JOIN pg_class c ON c.oid = h.oid JOIN pg_namespace n ON n.oid = c.relnamespace`;

/** Slow: for a catalog that cannot be read. @param client not in a transaction, because a test may fail */
export async function findUnreadableNames(
  client: pg.ClientBase,
  encoding: string,
): Promise<UnreadableName[]> {
  const { rows } = await client.query<FoundName>(NAMES_SQL);
  const isSame = encoding === "UTF8" || encoding === "SQL_ASCII";
  const unreadable = isSame
    ? rows.filter(({ hex }) => !isUtf8(Buffer.from(hex, "hex")))
    : await unconvertible(client, rows);
  if (unreadable.length === 0) return [];
  const { rows: hidden } = await client.query<
    TableName & { source: number; oid: number; isTable: boolean; isSequence: boolean }
  >(HIDDEN_SQL, [[...new Set(unreadable.map(({ relation }) => relation))]]);
  const bySource = Map.groupBy(hidden, ({ source }) => source);
  return unreadable.map((name) => {
    const found = bySource.get(name.relation) ?? [];
    const tables = found.filter(({ isTable }) => isTable);
    return {
      what: whatOf(name),
      remedy: remedyOf(name),
      tables: tables.map(({ schema, name }) => ({ schema, name })),
      hidden: found.map(({ oid }) => oid),
      isFreeSequence: tables.length === 0 && found.some(({ isSequence }) => isSequence),
    };
  });
}

const CONVERT_SQL = `
  SELECT count(pg_catalog.convert_to(pg_catalog.convert_from(pg_catalog.decode(hex, 'hex'), pg_catalog.current_setting('server_encoding')), 'UTF8'))
  FROM pg_catalog.unnest($1::text[]) hex`;

/** The names that the server cannot convert, found by halving the list. */
async function unconvertible(client: pg.ClientBase, names: FoundName[]): Promise<FoundName[]> {
  try {
    await client.query(CONVERT_SQL, [names.map(({ hex }) => hex)]);
    return [];
  } catch {
    if (names.length <= 1) return names;
  }
  const middle = Math.floor(names.length / 2);
  return [
    ...(await unconvertible(client, names.slice(0, middle))),
    ...(await unconvertible(client, names.slice(middle))),
  ];
}

/** The same connection, but the catalog hides some relations and the foreign keys that involve them. */
export function withoutRelations(
  client: pg.ClientBase,
  names: readonly UnreadableName[],
): pg.ClientBase {
  const oids = [...new Set(names.flatMap(({ hidden }) => hidden))].map(Number);
  if (oids.length === 0) return client;
  const list = `'{${oids.join(",")}}'::oid[]`;
  const query = (sql: string, values?: unknown[]) =>
    client.query(
      sql
        .replaceAll(
          /\b(FROM|JOIN) pg_class (\w+)/g,
          `$1 (SELECT * FROM pg_class WHERE oid <> ALL (${list})) $2`,
        )
        .replaceAll(
          /\b(FROM|JOIN) pg_constraint\b/g,
          `$1 (SELECT * FROM pg_constraint WHERE conrelid <> ALL (${list}) AND confrelid <> ALL (${list})) AS pg_constraint`,
        )
        .replaceAll(/\) AS pg_constraint (?!WHERE|JOIN|LEFT)(\w+)/g, ") $1"),
      values,
    );
  return { query } as pg.ClientBase;
}

/** Whether the error may come from a name that cannot be read. */
export const isOfName = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^22(021|P05)$/.test(error.code ?? "");
