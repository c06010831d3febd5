import type pg from "pg";
import type { PlannedLoad } from "../plan/load-plan.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { type DropStatement, dropStatementOf } from "../schema/drop-statement.ts";
import { type AsideConstraint, IS_ENFORCED } from "./constraints.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import {
  columnsOf,
  type Found,
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

interface IndexRule {
  constraint: string;
  columns: string[];
  drop: DropStatement;
  /** The rows that it covers; null means all. */
  filter: string | null;
}

export interface UniqueRule extends IndexRule {
  /** Expressions to group by. */
  keys: string[];
  nullsAreEqual: boolean;
}

export interface ExclusionRule extends IndexRule {
  definition: string;
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
  SELECT rel.root, json_agg(DISTINCT a.attname ORDER BY a.attname) AS columns FROM ${RELATIONS}
  JOIN pg_class c ON c.oid = rel.oid AND c.relkind = 'p'
  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid > 0
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = 0 AND d.deptype = 'i'
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
  GROUP BY rel.root`;

/** A NOT VALID constraint that stays: it can only be dropped in the table that it comes from, which is not loaded. */
const STAYS_NOT_VALID = `(k.coninhcount > 0 AND NOT EXISTS (
    WITH RECURSIVE above (oid) AS (
      SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = k.conrelid UNION SELECT i.inhparent FROM pg_inherits i JOIN above ON above.oid = i.inhrelid)
    SELECT FROM above JOIN pg_constraint o ON o.conrelid = above.oid AND o.conname = k.conname AND o.contype = k.contype AND o.coninhcount = 0
    WHERE above.oid = ANY ($1::oid[])))`;

/** A constraint that a partition has from its table is checked together with the table's. */
const CHECKS_SQL = `
  SELECT rel.root, rel.oid, 'check' AS kind, k.conname AS constraint, ${columnsOf("k.conrelid", "k.conkey")} AS columns,
    format('(NOT (%s))', pg_get_expr(k.conbin, k.conrelid)) AS violated, NOT k.convalidated AS "isForNewRows"
  FROM ${RELATIONS} JOIN pg_constraint k ON k.conrelid = rel.oid
  WHERE k.contype = 'c' AND (k.convalidated OR ${STAYS_NOT_VALID}) AND ${IS_ENFORCED}
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
  SELECT r.root, r.oid, 'not-null' AS kind, r.conname AS constraint, json_build_array(r.attname) AS columns,
    -- IS NULL is also true for a composite of NULLs.
    format('(%I IS NOT DISTINCT FROM NULL)', r.attname) AS violated, NOT r.validated AS "isForNewRows"
  FROM required r
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

/**
 * Only indexes that are not unique. The search for duplicates already evaluates the expressions of unique indexes. The
 * condition is never true, but PostgreSQL evaluates it because it is not a constant.
 */
const INDEX_VALUES_SQL = `
  SELECT rel.root, rel.oid, 'value' AS kind, c.relname AS constraint, ${columnsOf("i.indrelid", "i.indkey")} AS columns, ${dropStatementOf("c.oid")} AS drop,
    NOT i.indisvalid AS "isForNewRows",
    format('(CASE WHEN %s THEN pg_catalog.num_nulls(%s) < 0 ELSE false END)', coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'), concat_ws(', ', 'NULL',
      (SELECT string_agg('(' || pg_get_indexdef(c.oid, n, true) || ')', ', ' ORDER BY n) FROM generate_series(1, i.indnkeyatts) n WHERE i.indkey[n - 1] = 0))) AS violated
  FROM ${RELATIONS} JOIN pg_index i ON i.indrelid = rel.oid JOIN pg_class c ON c.oid = i.indexrelid
  WHERE NOT i.indisunique AND NOT i.indisexclusion AND c.relkind = 'i' AND i.indislive AND i.indisready
    AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
  ORDER BY c.relname COLLATE "C"`;

interface FoundPartition extends Found {
  filter: string;
  isLeaf: boolean;
}

/** Adds to each load the rules that its rows must satisfy. @param client with an empty search_path */
export async function readTableRules<L extends Pick<PlannedLoad, "table">>(
  client: pg.ClientBase,
  loads: readonly L[],
): Promise<Array<L & { rules: TableRules }>> {
  const params = relationsOf(loads);
  const read = async <Row extends { root: number }>(sql: string) => {
    const rows = Map.groupBy((await client.query<Row>(sql, params)).rows, ({ root }) => root);
    return ({ oid }: CatalogTable): Row[] => rows.get(oid) ?? [];
  };
  const partitionsOf = await read<FoundPartition>(PARTITIONS_SQL);
  const partitionKeysOf = await read<{ root: number; columns: string[] }>(PARTITION_KEYS_SQL);
  const requiredOf = await read<Found & RowRule>(NOT_NULL_SQL);
  const checksOf = await read<Found & RowRule>(CHECKS_SQL);
  const uniqueOf = await read<Found & UniqueRule & { predicate: string | null }>(UNIQUE_SQL);
  const indexesOf = await read<Found & RowRule>(INDEX_VALUES_SQL);
  const exclusionsOf = await read<Found & ExclusionRule>(EXCLUSIONS_SQL);
  return loads.map((load) => {
    const { table } = load;
    const found = partitionsOf(table);
    const partitions = new Map(
      found.filter(({ oid }) => oid !== table.oid).map(({ oid, filter }) => [oid, `(${filter})`]),
    );
    const onlyInPartition = (rule: Found & RowRule): RowRule => {
      const filter = partitions.get(rule.oid);
      // In a CASE, because the rule may fail for the rows of other partitions.
      const violated = `(CASE WHEN ${filter} THEN ${rule.violated} ELSE false END)`;
      return filter === undefined ? rule : { ...rule, violated };
    };
    const ofRows = [...requiredOf(table), ...checksOf(table), ...indexesOf(table)];
    const rules: TableRules = {
      rows: [
        ...ofRows.map(onlyInPartition),
        ...partitionRules(table, found, partitionKeysOf(table)[0]?.columns ?? []),
      ],
      unique: uniqueOf(table).map(({ predicate, ...rule }) => {
        const filters = [partitions.get(rule.oid), predicate && `(${predicate})`].filter(Boolean);
        return { ...rule, filter: filters.join(" AND ") || null };
      }),
      exclusions: exclusionsOf(table).map((rule) => ({
        ...rule,
        filter: partitions.get(rule.oid) ?? null,
      })),
      partitions,
    };
    return { ...load, rules };
  });
}

/** A row must belong to a partition. If the table is a partition itself, the row must also belong to the table. */
function partitionRules(
  { oid: root, kind }: CatalogTable,
  found: readonly FoundPartition[],
  keys: string[],
): RowRule[] {
  const rule = (condition: string, columns: string[]): RowRule => ({
    ...{ kind: "partition", constraint: null, columns, violated: `((${condition}) IS NOT TRUE)` },
  });
  const leaves = found.filter(({ oid, isLeaf }) => oid !== root && isLeaf);
  const isInOne = ["false", ...leaves.map(({ filter }) => `(${filter})`)].join(" OR ");
  const bounds = found.filter(({ oid }) => oid === root);
  return [
    ...(kind === "partitioned table" ? [rule(isInOne, keys)] : []),
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
  const rules: Array<RowRule & { root: number }> = [];
  for (const { table, constraint, expression } of constraints.filter((it) => it.isValidated)) {
    const { rows } = await client.query<{ root: number; column: string }>(DOMAIN_COLUMNS_SQL, [
      oids,
      quoteTable(table),
    ]);
    for (const { root, column } of rows)
      rules.push({ root, ...domainRule(constraint, expression, column) });
  }
  return Map.groupBy(rules, ({ root }) => root);
}
