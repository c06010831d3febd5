import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import { MAX_SAMPLES, type RowChanges, type RowSample } from "../shared/rehearsal.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { sameKey } from "./merge-rows.ts";
import type { RowKey } from "./row-keys.ts";
import { rowsOf } from "./rows-of.ts";
import { columnsOfRow, readSample, sampleOf } from "./sample-values.ts";
import type { CopiedLoad } from "./table-copies.ts";

/** A table and the copy with a backup's rows. Without a key, whole rows are compared. No key repeats or has a NULL. */
type Compared = Pick<CopiedLoad, "table" | "into" | "key" | "unknownColumns">;

/** A sample has the columns of both tables, and PostgreSQL's rows at most 1,664. Others are compared, not shown. */
const MAX_SAMPLED_COLUMNS = 800;

const comparedColumns = ({ table, unknownColumns }: Compared): string[] =>
  table.columns.map(({ name }) => name).filter((name) => !unknownColumns.has(name));

export const sampledColumns = (compared: Compared): string[] =>
  comparedColumns(compared).slice(0, MAX_SAMPLED_COLUMNS);

/** Without the cast to record, PostgreSQL would compare column by column. */
const row = (name: string, columns: readonly string[]) =>
  `ROW(${columnsOfRow(name, columns).join(", ")})::record`;

/** Compares bytes first, which is quick. If they differ, the text decides. */
const differ = (l: string, s: string) =>
  `(${l} OPERATOR(pg_catalog.*<>) ${s} AND ${l}::text COLLATE "C" IS DISTINCT FROM ${s}::text COLLATE "C")`;

/** Counts rows by what a restore does to them. PostgreSQL compares, so memory use here does not depend on the rows. */
export async function compareRows(client: pg.ClientBase, compared: Compared): Promise<RowChanges> {
  const { rows } = await client.query<RowChanges>(
    compared.key ? byKeySql(compared, compared.key) : byRowSql(compared),
  );
  if (!rows[0]) throw new Error("an aggregate gave no row");
  return rows[0];
}

export const countIf = (condition: string, name: string) =>
  `pg_catalog.count(*) FILTER (WHERE ${condition})::float8 AS "${name}"`;

/**
 * An item for FROM: the rows of both tables, `l` as they are now and `s` from the copy, joined by the key `k1`, `k2` …
 *
 * @param expressions what else to select from each row `t`
 */
export function joinByKey(
  { table, into }: Pick<CopiedLoad, "table" | "into">,
  key: RowKey,
  expressions: string,
): string {
  const keys = columnsOfRow("t", key.columns).map((column, i) => `${column} AS k${i + 1}`);
  const side = (of: CatalogTable) =>
    `(SELECT ${keys.join(", ")}, ${expressions} FROM ${rowsOf(of)} t)`;
  const on = key.equals.map((equals, i) => `l.k${i + 1} ${equals} s.k${i + 1}`);
  return `${side(table)} l FULL JOIN ${side(into)} s ON ${on.join(" AND ")}`;
}

function byKeySql(compared: Compared, key: RowKey): string {
  const isIn = (name: string) => `${name}.k1 IS DISTINCT FROM NULL`;
  const isOut = (name: string) => `${name}.k1 IS NOT DISTINCT FROM NULL`;
  const isInBoth = `${isIn("l")} AND ${isIn("s")}`;
  return `SELECT ${countIf(isOut("l"), "added")}, ${countIf(isOut("s"), "removed")},
      ${countIf(`${isInBoth} AND ${differ("l.r", "s.r")}`, "changed")}, ${countIf(`${isInBoth} AND NOT ${differ("l.r", "s.r")}`, "same")}
    FROM ${joinByKey(compared, key, `${row("t", comparedColumns(compared))} AS r`)}`;
}

/** Equal rows have equal text. */
const digest = (name: string, columns: readonly string[]) =>
  `pg_catalog.md5(${row(name, columns)}::text)`;

function countedRows(compared: Compared): string {
  const columns = comparedColumns(compared);
  const side = (table: CatalogTable) =>
    `(SELECT ${digest("t", columns)} AS h, pg_catalog.count(*) AS n FROM ${rowsOf(table)} t GROUP BY 1)`;
  return `(SELECT h, coalesce(l.n, 0) AS now, coalesce(s.n, 0) AS later FROM ${side(compared.table)} l FULL JOIN ${side(compared.into)} s USING (h)) c`;
}

const byRowSql = (compared: Compared): string => `
  SELECT coalesce(pg_catalog.sum(greatest(later - now, 0)), 0)::float8 AS added, coalesce(pg_catalog.sum(greatest(now - later, 0)), 0)::float8 AS removed,
    0::float8 AS changed, coalesce(pg_catalog.sum(least(now, later)), 0)::float8 AS same
  FROM ${countedRows(compared)}`;

type Change = RowSample["change"];

/** Reads a few rows of each kind of change, the first ones by key. */
export async function sampleRows(
  client: pg.ClientBase,
  compared: Compared,
  changes: RowChanges,
): Promise<RowSample[]> {
  const samples: RowSample[] = [];
  for (const change of ["added", "removed", "changed"] as const) {
    if (changes[change] === 0) continue;
    samples.push(
      ...(await (compared.key
        ? sampleByKey(client, compared, compared.key, change)
        : sampleByRow(client, compared, change))),
    );
  }
  return samples;
}

interface FoundSample {
  key: string[];
  before: string[] | null;
  after: string[] | null;
  differs?: boolean[];
}

const toSample =
  (change: Change, columns: readonly string[]) =>
  ({ key, before, after, differs }: FoundSample): RowSample => ({
    change,
    key: readSample(key),
    before: before && readSample(before),
    after: after && readSample(after),
    changedColumns: columns.filter((_, index) => differs?.[index]),
  });

async function sampleByKey(
  client: pg.ClientBase,
  compared: Compared,
  key: RowKey,
  change: Change,
): Promise<RowSample[]> {
  const columns = sampledColumns(compared);
  const all = comparedColumns(compared);
  const on = sameKey(key, "l", "s");
  const live = `${rowsOf(compared.table)} l`;
  const copy = `${rowsOf(compared.into)} s`;
  const main = change === "added" ? "s" : "l";
  const keyColumns = columnsOfRow(main, key.columns);
  const before = sampleOf(columnsOfRow("l", columns));
  const after = sampleOf(columnsOfRow("s", columns));
  const what = {
    added: `NULL::text[] AS before, ${after} AS after FROM ${copy} WHERE NOT EXISTS (SELECT FROM ${live} WHERE ${on})`,
    removed: `${before} AS before, NULL::text[] AS after FROM ${live} WHERE NOT EXISTS (SELECT FROM ${copy} WHERE ${on})`,
    changed: `${before} AS before, ${after} AS after, ARRAY[${columns.map((column) => `${textOf("l", column)} IS DISTINCT FROM ${textOf("s", column)}`).join(", ")}]::bool[] AS differs
      FROM ${live} JOIN ${copy} ON ${on} WHERE ${differ(row("l", all), row("s", all))}`,
  };
  const { rows } = await client.query<FoundSample>(
    `SELECT ${sampleOf(keyColumns)} AS key, ${what[change]} ORDER BY ${keyColumns.join(", ")} LIMIT ${MAX_SAMPLES}`,
  );
  return rows.map(toSample(change, columns));
}

const textOf = (name: string, column: string) =>
  `${name}.${quoteIdentifier(column)}::text COLLATE "C"`;

async function sampleByRow(
  client: pg.ClientBase,
  compared: Compared,
  change: Change,
): Promise<RowSample[]> {
  const columns = sampledColumns(compared);
  const all = comparedColumns(compared);
  const { rows: found } = await client.query<{ h: string }>(
    `SELECT h FROM ${countedRows(compared)} WHERE ${change === "added" ? "later > now" : "now > later"} ORDER BY h LIMIT ${MAX_SAMPLES}`,
  );
  const table = change === "added" ? compared.into : compared.table;
  const values = sampleOf(columnsOfRow("t", columns));
  const none = "NULL::text[]";
  const { rows } = await client.query<FoundSample>(
    `SELECT DISTINCT ON (d.h) ARRAY[]::text[] AS key, ${change === "added" ? none : values} AS before, ${change === "added" ? values : none} AS after
     FROM ${rowsOf(table)} t CROSS JOIN LATERAL (SELECT ${digest("t", all)} AS h) d WHERE d.h = ANY ($1) ORDER BY d.h`,
    [found.map(({ h }) => h)],
  );
  return rows.map(toSample(change, columns));
}
