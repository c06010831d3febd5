import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import type { CatalogSequence } from "./catalog.ts";
import { FIRST_NORMAL_OID, notOfExtension, USER_NAMESPACE } from "./user-objects.ts";

/** A column that takes its values from a sequence. */
export interface SequenceUser {
  table: TableName;
  column: string;
  /** The values are the sequence's own numbers, and not computed from them by an expression or function. */
  isPlain: boolean;
}

/** The columns that take their values from a sequence. A serial column both owns the sequence and draws from it. */
export const usersOf = ({
  owner,
  usedBy,
}: Pick<CatalogSequence, "owner" | "usedBy">): SequenceUser[] => [
  ...(owner ? [owner] : []),
  ...usedBy.filter(
    ({ table, column }) =>
      !owner || column !== owner.column || tableKey(table) !== tableKey(owner.table),
  ),
];

type Bound = "start" | "increment" | "minimum" | "maximum";

/** A sequence of the user or of an extension, with its numbers as text. */
export type FoundSequence = Omit<CatalogSequence, Bound> &
  Record<Bound, string> & {
    /** The extension marks its value as the user's. */
    isConfig: boolean;
  };

/** A sequence before the columns and code that draw from it are known. */
export type ReadSequence = Omit<
  FoundSequence,
  "owner" | "usedBy" | "isDrawnByCode" | "mayBeDrawnByCode"
> & {
  owner: (Omit<SequenceUser, "isPlain"> & { isIdentity: boolean }) | null;
};

type NamedSequence = Pick<ReadSequence, "oid" | "schema" | "name">;

/**
 * Finds the names in `nextval('name')`. In a default this may read `nextval(('name'::text)::regclass)`. Only the names
 * leave the server, because the rest of a function's body may not be valid text.
 */
const literalsIn = (code: string) =>
  String.raw`(regexp_matches(${code}, 'nextval\s*\(+\s*''((?:[^'']|'''')+)''', 'gi'))[1]`;

const CAST = String.raw`::(?:smallint|integer|bigint|numeric(?:\(\d+,\d+\))?|real|double precision|text|character varying|regclass)`;

/** True if a default is just the sequence's number. The server prints parentheses in pairs. */
const isPlain = (code: string) =>
  String.raw`${code} ~ '^\(*nextval\(\(*''(?:[^'']|'''')+''(?:${CAST}|\))+$'`;

/** True if code draws from a sequence that it does not name, for example one passed to a function. */
const drawsUnnamed = (code: string) =>
  String.raw`regexp_replace(${code}, 'nextval\s*\(+\s*''(?:[^'']|'''')+''(?:\s*::\s*[a-z ]+|\s*\))*\s*\)', '', 'gi') ~* 'nextval"?\s*\('`;

/** The same for a parsed expression: a call of nextval whose argument is not a constant. */
const callsUnnamed = (tree: string) => String.raw`${tree} ~ ':funcid 1574 [^(]*\(\{(?!CONST )'`;

/**
 * Searches the text of each default and of the functions that it calls, as far as `pg_depend` knows them. A domain's
 * default counts for its columns. `pg_get_expr` gets 0 instead of the table, because it would wait for a locked table,
 * and a default does not need it.
 */
const COLUMNS_SQL = `
  WITH RECURSIVE start AS MATERIALIZED (
    SELECT a.attrelid, a.attname, 'pg_attrdef'::regclass::oid AS classid, ad.oid AS objid, pg_get_expr(ad.adbin, 0) AS code
    FROM pg_attrdef ad JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
    WHERE a.attgenerated = ''
    UNION ALL
    SELECT a.attrelid, a.attname, 'pg_type'::regclass, t.oid, pg_get_expr(t.typdefaultbin, 0)
    FROM pg_type t JOIN pg_attribute a ON a.atttypid = t.oid
    WHERE t.typtype = 'd' AND t.typdefaultbin IS NOT NULL AND NOT a.atthasdef AND a.attidentity = '' AND a.attnum > 0
  ), source AS (
    SELECT s.* FROM start s
    JOIN pg_class c ON c.oid = s.attrelid AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    JOIN pg_namespace n ON n.oid = c.relnamespace AND ${USER_NAMESPACE}
  ), reached (attrelid, attname, classid, objid) AS (
    SELECT attrelid, attname, classid, objid FROM source
    UNION
    SELECT r.attrelid, r.attname, d.refclassid, d.refobjid FROM reached r
    JOIN pg_depend d ON d.classid = r.classid AND d.objid = r.objid AND d.refclassid = 'pg_proc'::regclass
  ), code AS (
    SELECT attrelid, attname, code FROM source
    UNION ALL
    SELECT r.attrelid, r.attname, p.prosrc FROM reached r JOIN pg_proc p ON r.classid = 'pg_proc'::regclass AND p.oid = r.objid
  ), found AS (
    SELECT r.attrelid, r.attname, s.seqrelid, NULL AS literal FROM reached r
    JOIN pg_depend d ON d.classid = r.classid AND d.objid = r.objid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_sequence s ON s.seqrelid = d.refobjid
    UNION ALL
    SELECT attrelid, attname, NULL, ${literalsIn("code")} FROM code WHERE code ~* 'nextval'
  )
  SELECT n.nspname AS schema, c.relname AS name, f.attname AS column,
    EXISTS (SELECT FROM source s WHERE s.attrelid = f.attrelid AND s.attname = f.attname AND ${isPlain("s.code")}) AS "isPlain",
    coalesce(json_agg(DISTINCT f.seqrelid::int8) FILTER (WHERE f.seqrelid IS NOT NULL), '[]') AS sequences,
    coalesce(json_agg(f.literal) FILTER (WHERE f.literal IS NOT NULL), '[]') AS literals
  FROM found f
  JOIN pg_class c ON c.oid = f.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  GROUP BY n.nspname, c.relname, f.attrelid, f.attname
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", f.attname COLLATE "C"`;

/** Functions, views and rules that draw from a sequence. It is unknown for which columns. */
const CODE_SQL = `
  SELECT s.seqrelid AS sequence, NULL AS schema, NULL AS literal FROM pg_sequence s
  WHERE EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = s.seqrelid
    AND d.classid IN ('pg_proc'::regclass, 'pg_rewrite'::regclass))
  UNION ALL
  SELECT NULL, n.nspname, ${literalsIn("p.prosrc")} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid >= ${FIRST_NORMAL_OID} AND p.prosrc ~* 'nextval' AND ${USER_NAMESPACE}`;

/**
 * Whether a user-defined function, view, rule or default may draw from any sequence. The OID comes first: otherwise the
 * server would search the text of its own 3,000 functions, which takes a tenth of a second.
 */
const UNNAMED_SQL = `
  SELECT EXISTS (
    SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= ${FIRST_NORMAL_OID} AND ${USER_NAMESPACE} AND ${notOfExtension("pg_proc", "p.oid")}
      AND (${drawsUnnamed("p.prosrc")} OR ${callsUnnamed("(to_jsonb(p) ->> 'prosqlbody')")})
  ) OR EXISTS (
    SELECT FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE w.oid >= ${FIRST_NORMAL_OID} AND ${USER_NAMESPACE} AND ${callsUnnamed("w.ev_action::text")}
  ) OR EXISTS (
    SELECT FROM pg_attrdef ad JOIN pg_attribute a ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
    JOIN pg_class c ON c.oid = ad.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${USER_NAMESPACE} AND CASE WHEN a.attgenerated = '' THEN ${drawsUnnamed("pg_get_expr(ad.adbin, 0)")} END
  ) OR EXISTS (
    SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE ${USER_NAMESPACE} AND t.typtype = 'd' AND ${drawsUnnamed("pg_get_expr(t.typdefaultbin, 0)")}
  ) AS "isUnnamed"`;

/**
 * Adds to each sequence the columns that draw from it, besides the identity columns that own one. A partition's column
 * counts as that of its table.
 *
 * @param sequences all sequences that a name in code may mean
 */
export async function withUsers(
  client: pg.ClientBase,
  sequences: readonly ReadSequence[],
  tables: ReadonlyArray<TableName & { partitions: readonly TableName[] }>,
): Promise<FoundSequence[]> {
  const byName = Map.groupBy(sequences, ({ name }) => name);
  const roots = new Map(
    tables.flatMap(({ schema, name, partitions }) =>
      partitions.map((partition) => [tableKey(partition), { schema, name }]),
    ),
  );
  const rootOf = (table: TableName): TableName => roots.get(tableKey(table)) ?? table;
  const keyOf = (table: TableName, column: string) => JSON.stringify([tableKey(table), column]);
  const columns = await readColumns(client, byName);
  const drawnByCode = await readDrawnByCode(client, byName);
  const [unnamed] = (await client.query<{ isUnnamed: boolean }>(UNNAMED_SQL)).rows;
  return sequences.map(({ owner, ...sequence }) => {
    const users = new Map<string, SequenceUser>();
    for (const { table, column, isPlain } of columns.get(sequence.oid) ?? []) {
      const root = rootOf(table);
      const key = keyOf(root, column);
      // A partition's default may differ from its table's.
      const isPlainInAll = isPlain && (users.get(key)?.isPlain ?? true);
      users.set(key, { table: root, column, isPlain: isPlainInAll });
    }
    const isDrawnByCode = drawnByCode.has(sequence.oid);
    const ownersDefault = owner && users.get(keyOf(rootOf(owner.table), owner.column));
    return {
      ...sequence,
      owner: owner && {
        table: rootOf(owner.table),
        column: owner.column,
        // For a column without a default, it is unknown what code draws.
        isPlain: owner.isIdentity || (ownersDefault?.isPlain ?? !isDrawnByCode),
      },
      usedBy: [...users.values()],
      isDrawnByCode,
      mayBeDrawnByCode: isDrawnByCode || unnamed?.isUnnamed === true,
    };
  });
}

/** Columns by the sequence's OID. */
async function readColumns(
  client: pg.ClientBase,
  byName: ReadonlyMap<string, NamedSequence[]>,
): Promise<Map<number, Array<SequenceUser & { oid: number }>>> {
  const { rows } = await client.query<
    TableName & Omit<SequenceUser, "table"> & { sequences: number[]; literals: string[] }
  >(COLUMNS_SQL);
  const users = rows.flatMap(({ schema, name, column, isPlain, sequences, literals }) => {
    const named = literals.flatMap((literal) => sequencesCalled(literal, schema, byName));
    const oids = [...new Set([...sequences, ...named])];
    return oids.map((oid) => ({ oid, table: { schema, name }, column, isPlain }));
  });
  return Map.groupBy(users, ({ oid }) => oid);
}

async function readDrawnByCode(
  client: pg.ClientBase,
  byName: ReadonlyMap<string, NamedSequence[]>,
): Promise<Set<number>> {
  const { rows } = await client.query<{ sequence: number | null; schema: string; literal: string }>(
    CODE_SQL,
  );
  const oids = rows.flatMap(
    ({ sequence, schema, literal }) => sequence ?? sequencesCalled(literal, schema, byName),
  );
  return new Set(oids);
}

/** A name, quoted or not, with or without its schema. */
const NAME = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/;

/**
 * The sequences that a literal in code may mean. A bare name depends on an unknown search_path. It means the only
 * sequence of that name, or the one in the schema of the object with the code.
 */
function sequencesCalled(
  literal: string,
  home: string,
  sequences: ReadonlyMap<string, NamedSequence[]>,
): number[] {
  const [, schema, name] = NAME.exec(literal.replaceAll("''", "'").trim()) ?? [];
  if (name === undefined) return [];
  const named = (sequences.get(unquoted(name)) ?? []).filter(
    (it) => schema === undefined || it.schema === unquoted(schema),
  );
  const meant = named.length > 1 ? named.filter((it) => it.schema === home) : named;
  return meant.map(({ oid }) => oid);
}

const unquoted = (identifier: string): string =>
  identifier.startsWith('"')
    ? identifier.slice(1, -1).replaceAll('""', '"')
    : identifier.trim().toLowerCase();
