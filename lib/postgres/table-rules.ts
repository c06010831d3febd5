import type pg from "pg";
import type { PlannedLoad } from "../plan/load-plan.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { type DropStatement, dropStatementOf } from "../schema/drop-statement.ts";
import type { TableName } from "../shared/api.ts";
import type { AsideConstraint } from "./constraints.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import {
  columnsOf,
  type Found,
  type FoundUnique,
  RELATIONS,
  relationsOf,
  UNIQUE_FACTS,
  UNIQUE_INDEXES,
} from "./row-keys.ts";

/** A rule for the rows of a loaded table, as SQL over the table's own column names. */
export interface RowRule {
  kind: "not-null" | "check" | "partition" | "value";
  constraint: string | null;
  columns: string[];
  /**
   * True for rows that violate the rule. For an index, it evaluates the index's expressions and is never true: a row
   * violates the rule only if the evaluation fails.
   */
  violated: string;
  /** Set for an index. */
  drop?: DropStatement;
  /** The constraint is NOT VALID, or the index INVALID: only inserted rows must satisfy it. */
  isForNewRows?: boolean;
}

export const checkRule = (constraint: string, columns: string[], expression: string): RowRule => ({
  kind: "check",
  constraint,
  columns,
  violated: `(NOT (${expression}))`,
});

/** @param expression the domain's condition on VALUE. Outside a domain, VALUE is a name like any other */
export const domainRule = (constraint: string, expression: string, column: string): RowRule => ({
  kind: "check",
  constraint,
  columns: [column],
  violated: `EXISTS (SELECT FROM (SELECT ${quoteIdentifier(column)}) AS domain_value (value) WHERE NOT (${expression}))`,
});

export interface UniqueRule {
  constraint: string;
  columns: string[];
  drop: DropStatement;
  /** Expressions to group by. */
  keys: string[];
  nullsAreEqual: boolean;
  /** The rows that it covers; null means all. */
  filter: string | null;
}

export interface ExclusionRule {
  constraint: string;
  columns: string[];
  drop: DropStatement;
  definition: string;
  filter: string | null;
}

export interface TableRules {
  rows: RowRule[];
  unique: UniqueRule[];
  exclusions: ExclusionRule[];
  /** For each of its partitions, by OID: a condition that is true for the rows that belong there. */
  partitions: Map<number, string>;
}

/** A loaded table may itself be a partition of a table that belongs to an extension. */
const PARTITIONS_SQL = `
  SELECT rel.root, c.oid, coalesce(pg_get_partition_constraintdef(c.oid), 'true') AS filter, c.relkind <> 'p' AS "isLeaf"
  FROM ${RELATIONS} JOIN pg_class c ON c.oid = rel.oid WHERE rel.oid <> rel.root OR c.relispartition`;

/** Columns that decide a row's partition, at any depth. PostgreSQL records them as parts of their table. */
const PARTITION_KEYS_SQL = `
  SELECT rel.root, min(rel.oid::int8) AS oid, a.attname AS column FROM ${RELATIONS}
  JOIN pg_class c ON c.oid = rel.oid AND c.relkind = 'p'
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid > 0
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = 0 AND d.deptype = 'i'
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
  GROUP BY rel.root, a.attname ORDER BY a.attname COLLATE "C"`;

const isEnforced = (constraint: string) =>
  `coalesce((to_jsonb(${constraint}) ->> 'conenforced')::boolean, true)`;

/**
 * True for a NOT VALID constraint that is not dropped for the load. It can only be dropped in the table from which it
 * is inherited, and that table is not loaded.
 */
const STAYS_NOT_VALID = `(k.coninhcount > 0 AND NOT EXISTS (
    WITH RECURSIVE above (oid) AS (
      SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = k.conrelid UNION SELECT i.inhparent FROM pg_inherits i JOIN above ON above.oid = i.inhrelid)
    SELECT FROM above JOIN pg_constraint o ON o.conrelid = above.oid AND o.conname = k.conname AND o.contype = k.contype AND o.coninhcount = 0
    WHERE above.oid = ANY ($1::oid[])))`;

/** A constraint that a partition has from its table is checked together with the table's. */
const CHECKS_SQL = `
  SELECT rel.root, rel.oid, k.conname AS constraint, ${columnsOf("k.conrelid", "k.conkey")} AS columns, pg_get_expr(k.conbin, k.conrelid) AS expression, k.convalidated AS "isValidated"
  FROM ${RELATIONS} JOIN pg_constraint k ON k.conrelid = rel.oid
  WHERE k.contype = 'c' AND (k.convalidated OR ${STAYS_NOT_VALID}) AND ${isEnforced("k")}
    AND (rel.oid = rel.root OR NOT EXISTS (
      SELECT FROM pg_constraint r WHERE r.conrelid = rel.root AND r.contype = 'c' AND r.conname = k.conname AND r.convalidated))
  ORDER BY k.conname COLLATE "C"`;

/** Since PostgreSQL 18, NOT NULL is a constraint like others: it has a name and may be NOT VALID. */
const NOT_NULL_SQL = `
  WITH required AS (
    SELECT rel.root, rel.oid, a.attname, k.conname, coalesce(k.convalidated, true) AS validated FROM ${RELATIONS} JOIN pg_attribute a ON a.attrelid = rel.oid
    LEFT JOIN pg_constraint k ON k.contype = 'n' AND k.conrelid = a.attrelid AND k.conkey = ARRAY[a.attnum]
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND (coalesce(k.convalidated, true) OR ${STAYS_NOT_VALID})
  )
  SELECT r.root, r.oid, r.attname AS column, r.conname AS constraint, r.validated AS "isValidated" FROM required r
  WHERE r.oid = r.root OR NOT EXISTS (SELECT FROM required t WHERE t.oid = r.root AND t.attname = r.attname)
  ORDER BY r.attname COLLATE "C"`;

const UNIQUE_SQL = `
  SELECT ${UNIQUE_FACTS}, pg_get_expr(i.indpred, i.indrelid) AS predicate, i.indnullsnotdistinct AS "nullsAreEqual",
    (SELECT json_agg('(' || pg_get_indexdef(i.indexrelid, n, true) || ')' || coalesce(' COLLATE ' || quote_ident(ln.nspname) || '.' || quote_ident(l.collname), '') ORDER BY n)
      FROM generate_series(1, i.indnkeyatts) n
      LEFT JOIN pg_collation l ON l.oid = i.indcollation[n - 1] LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace) AS keys
  ${UNIQUE_INDEXES}`;

const EXCLUSIONS_SQL = `
  SELECT rel.root, rel.oid, k.conname AS constraint, ${columnsOf("k.conrelid", "k.conkey")} AS columns, pg_get_constraintdef(k.oid) AS definition,
    ${dropStatementOf("k.conindid")} AS drop
  FROM ${RELATIONS} JOIN pg_constraint k ON k.conrelid = rel.oid JOIN pg_index i ON i.indexrelid = k.conindid
  WHERE k.contype IN ('p', 'u', 'x') AND i.indisexclusion AND i.indisready AND (k.conparentid = 0 OR rel.oid = rel.root)
  ORDER BY k.conname COLLATE "C"`;

/** Only indexes that are not unique. The search for duplicates already evaluates the expressions of unique indexes. */
const INDEX_VALUES_SQL = `
  SELECT rel.root, rel.oid, c.relname AS constraint, ${columnsOf("i.indrelid", "i.indkey")} AS columns, ${dropStatementOf("c.oid")} AS drop,
    pg_get_expr(i.indpred, i.indrelid) AS predicate,
    (SELECT coalesce(json_agg('(' || pg_get_indexdef(c.oid, n, true) || ')' ORDER BY n), '[]') FROM generate_series(1, i.indnkeyatts) n WHERE i.indkey[n - 1] = 0) AS values
  FROM ${RELATIONS} JOIN pg_index i ON i.indrelid = rel.oid JOIN pg_class c ON c.oid = i.indexrelid
  WHERE NOT i.indisunique AND NOT i.indisexclusion AND c.relkind = 'i' AND i.indislive AND i.indisready
    AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
  ORDER BY c.relname COLLATE "C"`;

interface FoundPartition extends Found {
  filter: string;
  isLeaf: boolean;
}

interface FoundIndex extends Found {
  constraint: string;
  columns: string[];
  drop: DropStatement;
  predicate: string | null;
  values: string[];
}

interface FoundNotNull extends Found {
  column: string;
  constraint: string | null;
  isValidated: boolean;
}

interface FoundCheck extends Found {
  isValidated: boolean;
  constraint: string;
  columns: string[];
  expression: string;
}

interface FoundRule extends FoundUnique {
  predicate: string | null;
  nullsAreEqual: boolean;
  keys: string[];
}

/**
 * Adds to each load the rules that its rows must satisfy.
 *
 * @param client with an empty search_path, so that every name comes out schema-qualified
 */
export async function readTableRules<L extends Pick<PlannedLoad, "table">>(
  client: pg.ClientBase,
  loads: readonly L[],
): Promise<Array<L & { rules: TableRules }>> {
  const params = relationsOf(loads);
  const read = async <Row extends Found>(sql: string) => {
    const rows = Map.groupBy((await client.query<Row>(sql, params)).rows, ({ root }) => root);
    return ({ oid }: CatalogTable): Row[] => rows.get(oid) ?? [];
  };
  const partitionsOf = await read<FoundPartition>(PARTITIONS_SQL);
  const partitionKeysOf = await read<Found & { column: string }>(PARTITION_KEYS_SQL);
  const requiredOf = await read<FoundNotNull>(NOT_NULL_SQL);
  const checksOf = await read<FoundCheck>(CHECKS_SQL);
  const uniqueOf = await read<FoundRule>(UNIQUE_SQL);
  const indexesOf = await read<FoundIndex>(INDEX_VALUES_SQL);
  const exclusionsOf = await read<Found & ExclusionRule>(EXCLUSIONS_SQL);
  return loads.map((load) => {
    const { table } = load;
    const found = partitionsOf(table);
    const partitions = new Map(
      found.filter(({ oid }) => oid !== table.oid).map(({ oid, filter }) => [oid, `(${filter})`]),
    );
    const rules: TableRules = {
      rows: [
        ...requiredOf(table).map((it) => notNullRule(it, partitions)),
        ...checksOf(table).map((it) => validOrNewRule(it, partitions)),
        ...indexesOf(table).map((it) => indexRule(it, partitions)),
        ...partitionRules(table, found, partitionKeysOf(table)),
      ],
      unique: uniqueOf(table).map((it) => uniqueRule(it, partitions)),
      exclusions: exclusionsOf(table).map(
        ({ oid, constraint, columns, drop, definition }): ExclusionRule => ({
          ...{ constraint, columns, drop, definition, filter: partitions.get(oid) ?? null },
        }),
      ),
      partitions,
    };
    return { ...load, rules };
  });
}

/** Conditions by the partition's OID: true for the rows that belong there. */
type Partitions = TableRules["partitions"];

/** Limits a partition's rule to its own rows. */
const onlyIn = ({ oid, root }: Found, partitions: Partitions, violated: string): string =>
  oid === root ? violated : `(${partitions.get(oid)} AND ${violated})`;

const notNullRule = (found: FoundNotNull, partitions: Partitions): RowRule => ({
  kind: "not-null",
  constraint: found.constraint,
  columns: [found.column],
  isForNewRows: !found.isValidated,
  // IS NULL is also true for a composite of NULLs.
  violated: onlyIn(
    found,
    partitions,
    `(${quoteIdentifier(found.column)} IS NOT DISTINCT FROM NULL)`,
  ),
});

function validOrNewRule(found: FoundCheck, partitions: Partitions): RowRule {
  const rule = checkRule(found.constraint, found.columns, found.expression);
  const violated = onlyIn(found, partitions, rule.violated);
  return { ...rule, isForNewRows: !found.isValidated, violated };
}

/** A condition for the rows that an index covers; undefined means all. */
const indexedRows = (
  { oid, predicate }: Found & { predicate: string | null },
  partitions: Partitions,
): string | undefined =>
  [partitions.get(oid), predicate && `(${predicate})`].filter(Boolean).join(" AND ") || undefined;

function indexRule(found: FoundIndex, partitions: Partitions): RowRule {
  const { constraint, columns, drop, values } = found;
  return {
    kind: "value",
    constraint,
    columns,
    drop,
    isForNewRows: !drop.isValid,
    // Never true, but PostgreSQL evaluates it because it is not a constant.
    violated: `(CASE WHEN ${indexedRows(found, partitions) ?? "true"} THEN pg_catalog.num_nulls(${["NULL", ...values].join(", ")}) < 0 ELSE false END)`,
  };
}

function uniqueRule(found: FoundRule, partitions: Partitions): UniqueRule {
  const { constraint, columns, drop, keys, nullsAreEqual } = found;
  const filter = indexedRows(found, partitions) ?? null;
  return { constraint, columns, drop, keys, nullsAreEqual, filter };
}

/** A row must belong to a partition. If the table is a partition itself, the row must also belong to the table. */
function partitionRules(
  { oid: root, kind }: CatalogTable,
  found: readonly FoundPartition[],
  keys: ReadonlyArray<{ column: string }>,
): RowRule[] {
  const rule = (condition: string, columns: string[]): RowRule => ({
    ...{ kind: "partition", constraint: null, columns, violated: `((${condition}) IS NOT TRUE)` },
  });
  const leaves = found.filter(({ oid, isLeaf }) => oid !== root && isLeaf);
  const isInOne = ["false", ...leaves.map(({ filter }) => `(${filter})`)].join(" OR ");
  const bounds = found.filter(({ oid }) => oid === root);
  return [
    ...(kind === "partitioned table"
      ? [
          rule(
            isInOne,
            keys.map(({ column }) => column),
          ),
        ]
      : []),
    ...bounds.map(({ filter }) => rule(filter, [])),
  ];
}

const DOMAIN_COLUMNS_SQL = `
  WITH RECURSIVE above (type, domain) AS (
    SELECT oid, oid FROM pg_type WHERE typtype = 'd'
    UNION ALL
    SELECT a.type, t.typbasetype FROM above a JOIN pg_type t ON t.oid = a.domain WHERE t.typtype = 'd' AND t.typbasetype <> 0
  )
  SELECT a.attrelid AS root, a.attname AS column
  FROM above x JOIN pg_attribute a ON a.atttypid = x.type
  WHERE x.domain = $2::regtype AND a.attrelid = ANY ($1::oid[]) AND NOT a.attisdropped
  ORDER BY a.attrelid, a.attnum`;

/** The conditions of domains on columns of the loaded tables, by table OID. */
export async function readDomainRules(
  client: pg.ClientBase,
  loads: readonly PlannedLoad[],
  constraints: readonly AsideConstraint[],
): Promise<Map<number, RowRule[]>> {
  const oids = loads.map(({ table }) => table.oid);
  const found: Array<{ root: number; rule: RowRule }> = [];
  for (const { table, constraint, expression } of constraints.filter((it) => it.isValidated)) {
    const { rows } = await client.query<{ root: number; column: string }>(DOMAIN_COLUMNS_SQL, [
      oids,
      quoteTable(table),
    ]);
    for (const { root, column } of rows)
      found.push({ root, rule: domainRule(constraint, expression, column) });
  }
  const byTable = Map.groupBy(found, ({ root }) => root);
  return new Map([...byTable].map(([root, all]) => [root, all.map(({ rule }) => rule)]));
}

/** A foreign key that must hold after a restore, with what its check needs. */
export interface ForeignKeyRule {
  constraint: string;
  fromOid: number;
  toOid: number;
  from: TableName;
  to: TableName;
  /** If false, the rows of tables that inherit from the relation do not count. */
  toIsPartitioned: boolean;
  fromIsPartitioned: boolean;
  columns: string[];
  referencedColumns: string[];
  /** The operators, with the referenced column on the left. */
  equals: string[];
  matchesFull: boolean;
  /** The last column is a period that must be covered. */
  isTemporal: boolean;
  isValidated: boolean;
  /** OIDs of partitions that have validated the foreign key themselves. */
  validatedBelow: number[];
}

export const FOREIGN_KEY_RULES_SQL = `
  SELECT k.conname AS constraint, k.conrelid AS "fromOid", k.confrelid AS "toOid",
    json_build_object('schema', fn.nspname, 'name', f.relname) AS "from", json_build_object('schema', tn.nspname, 'name', t.relname) AS "to",
    t.relkind = 'p' AS "toIsPartitioned", f.relkind = 'p' AS "fromIsPartitioned",
    ${columnsOf("k.conrelid", "k.conkey")} AS columns, ${columnsOf("k.confrelid", "k.confkey")} AS "referencedColumns",
    (SELECT json_agg('OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' ORDER BY x.i)
      FROM unnest(k.conpfeqop) WITH ORDINALITY AS x (oid, i) JOIN pg_operator o ON o.oid = x.oid JOIN pg_namespace n ON n.oid = o.oprnamespace) AS equals,
    k.confmatchtype = 'f' AS "matchesFull", coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) AS "isTemporal", k.convalidated AS "isValidated",
    (WITH RECURSIVE below (oid) AS (
        SELECT b.oid FROM pg_constraint b WHERE b.conparentid = k.oid UNION ALL SELECT b.oid FROM pg_constraint b JOIN below ON b.conparentid = below.oid)
      SELECT coalesce(json_agg(b.conrelid::int8), '[]') FROM below JOIN pg_constraint b USING (oid) WHERE b.convalidated AND b.conrelid <> k.conrelid) AS "validatedBelow"
  FROM pg_constraint k
  JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
  JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
  WHERE k.contype = 'f' AND k.conparentid = 0 AND ${isEnforced("k")} AND (k.conrelid = ANY ($1::oid[]) OR k.confrelid = ANY ($1::oid[]))
  ORDER BY fn.nspname COLLATE "C", f.relname COLLATE "C", k.conname COLLATE "C"`;
