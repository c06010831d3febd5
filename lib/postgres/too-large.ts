/** Finds values that are too large for an index, by building one over the rows that may be. */
import type pg from "pg";
import { type DropStatement, dropStatementOf } from "../schema/drop-statement.ts";
import type { TableName } from "../shared/api.ts";
import type { SampleValue } from "../shared/rehearsal.ts";
import { hasSqlState, PROGRAM_LIMIT_EXCEEDED } from "./errors/sqlstate.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { keyColumns, type Load } from "./load.ts";
import { columnsOf, ENFORCED_INDEX, INDEXES, relationsOf } from "./row-keys.ts";
import { columnsOfRow, readSample, sampleOf } from "./sample-values.ts";
import { apart, tryStatement } from "./savepoint.ts";

export interface TooLarge {
  index: string;
  columns: string[];
  drop: DropStatement;
  /** Key of the first such row; null if PostgreSQL does not tell which it is. */
  key: SampleValue[] | null;
}

/** PostgreSQL's smallest limit is 2,704 bytes, for a B-tree. An index compresses values at least as well as a table. */
const MIN_BYTES = 2000;

/** `pg_depend` lacks the columns of a constraint's index, and `indkey` those of expressions. So look in both. */
const INDEXES_SQL = `
  SELECT c.relname AS index, ${columnsOf("i.indrelid", "i.indkey")} AS columns, ${dropStatementOf("c.oid")} AS drop,
    CASE WHEN rel.oid <> rel.root THEN pg_get_partition_constraintdef(rel.oid) END AS filter,
    s.columns AS sized, pg_get_indexdef(c.oid) AS definition,
    format('CREATE %sINDEX %I ON %s%I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, CASE c.relkind WHEN 'I' THEN 'ONLY ' END, n.nspname, t.relname) AS head
  ${INDEXES} JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  CROSS JOIN LATERAL (
    SELECT json_agg(a.attname) AS columns FROM pg_attribute a
    WHERE a.attrelid = t.oid AND a.attlen = -1 AND NOT a.attisdropped AND a.attnum > 0
      AND (a.attnum = ANY (i.indkey) OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.refobjsubid = a.attnum))) s
  WHERE ${ENFORCED_INDEX} AND s.columns IS NOT NULL
  ORDER BY c.relname COLLATE "C"`;

interface SizedIndex extends Omit<TooLarge, "key"> {
  filter: string | null;
  sized: string[];
  /** `head`, followed by the part that is the same for another table. */
  definition: string;
  head: string;
}

/** Finds the indexes that refuse rows because of their size. @param load into the copy that holds the rows */
export async function findTooLarge(
  client: pg.ClientBase,
  load: Pick<Load, "table" | "into" | "key">,
): Promise<TooLarge[]> {
  const { into: copy } = load;
  const { rows: indexes } = await client.query<SizedIndex>(INDEXES_SQL, relationsOf([load]));
  if (indexes.length === 0) return [];
  const conditions = indexes.map(({ sized, filter }) => {
    const sizes = sized.map(
      (name) => `coalesce(pg_catalog.pg_column_size(${quoteIdentifier(name)}), 0)`,
    );
    return [`(${sizes.join(" + ")}) > ${MIN_BYTES}`, ...(filter ? [`(${filter})`] : [])].join(
      " AND ",
    );
  });
  const { rows } = await client.query<Array<boolean | null>>({
    text: `SELECT ${conditions.map((it) => `pg_catalog.bool_or(${it})`).join(", ")} FROM ${quoteTable(copy)}`,
    rowMode: "array",
  });
  const found: TooLarge[] = [];
  for (const [i, { index, columns, drop, ...its }] of indexes.entries()) {
    if (!rows[0]?.[i]) continue;
    const refused = await build(client, its, load, `${conditions[i]}`);
    if (refused) found.push({ index, columns, drop, key: refused.key });
  }
  return found;
}

async function build(
  client: pg.ClientBase,
  { definition, head }: Pick<SizedIndex, "definition" | "head">,
  load: Pick<Load, "into" | "key">,
  condition: string,
): Promise<Pick<TooLarge, "key"> | null> {
  if (!definition.startsWith(head)) return null;
  const { into: copy } = load;
  const some = { ...copy, name: `${copy.name}_large` };
  const kind = copy.schema === "pg_temp" ? "TEMPORARY" : "UNLOGGED";
  return await apart(client, async () => {
    const fill = `CREATE ${kind} TABLE ${quoteTable(some)} (LIKE ${quoteTable(copy)} INCLUDING STORAGE INCLUDING COMPRESSION);
      INSERT INTO ${quoteTable(some)} SELECT * FROM ${quoteTable(copy)} WHERE ${condition}`;
    const index = `CREATE INDEX ON ${quoteTable(some)} ${definition.slice(head.length)}`;
    if (await tryStatement(client, fill)) return null;
    const refused = await tryStatement(client, index);
    // Other errors are not about size.
    if (!hasSqlState(refused, PROGRAM_LIMIT_EXCEEDED)) return null;
    const [tid] = /\(\d+,\d+\)/.exec(refused.detail ?? "") ?? [];
    return { key: await keyAt(client, some, tid, keyColumns(load)) };
  });
}

async function keyAt(
  client: pg.ClientBase,
  table: TableName,
  tid: string | undefined,
  key: readonly string[],
): Promise<SampleValue[] | null> {
  if (tid === undefined || key.length === 0) return null;
  const { rows } = await client.query<{ key: SampleValue[] }>(
    `SELECT ${sampleOf(columnsOfRow("r", key))} AS key FROM ${quoteTable(table)} r WHERE r.ctid = $1`,
    [tid],
  );
  return rows[0] ? readSample(rows[0].key) : null;
}
