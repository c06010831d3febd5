import pg from "pg";
import type { TableName } from "../shared/api.ts";
import { MAX_VIOLATING_ROWS, type ViolatingRow } from "../shared/rehearsal.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { isNotFound } from "./not-found.ts";
import { columnsOfRow, readSample, sampleOf } from "./sample-values.ts";
import type { ExclusionRule, ForeignKeyRule, RowRule, UniqueRule } from "./table-rules.ts";

/** Rows that do not fulfil a rule. */
interface Found {
  /** Null if only some are known. */
  total: number | null;
  rows: ViolatingRow[];
}

/** How a rule came out. Null if every row fulfils it. A failure if it could not be evaluated. */
export type Outcome = Found | Failure | null;

interface Failure {
  sqlState: string;
  /** In the server's words: of class 42 these name what is missing, and no values. */
  reason: string;
  detail?: string;
  /** A function of the users' does not find what it names. */
  notFound?: pg.DatabaseError;
}

/** The relation that holds the rows, and what tells them apart. */
export interface Checked {
  holder: TableName;
  key: readonly string[];
}

/** Expressions in one statement: a result has no more than 1,664 columns. */
const RULES_AT_ONCE = 400;

/** Runs what may fail, and leaves the transaction as it was before. */
async function attempt<Result>(
  client: pg.ClientBase,
  run: () => Promise<Result>,
): Promise<Result | Failure> {
  await client.query("SAVEPOINT attempt");
  try {
    return await run();
  } catch (error) {
    // Data (22), constraints (23), limits (54), names (42, 3F), and what functions raise; anything else is no matter of rows.
    if (!(error instanceof pg.DatabaseError) || !/^(0A|2[0-3F]|3F|54|P0|42)/.test(error.code ?? ""))
      throw error;
    const { code = "", message, detail } = error;
    return {
      sqlState: code,
      // A function's own words may have values in them.
      reason: error.routine === "exec_stmt_raise" ? `a function raises SQLSTATE ${code}` : message,
      ...(detail && { detail }),
      ...(isNotFound(error) && { notFound: error }),
    };
  } finally {
    await client.query("ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt").catch(() => {});
  }
}

const didFail = (result: unknown): result is Failure =>
  typeof result === "object" && result !== null && "sqlState" in result;

/** Checks NOT NULL, CHECK and partitions. If all is well, the table is read only once. */
export async function checkRows(
  client: pg.ClientBase,
  { holder, key }: Checked,
  rules: readonly RowRule[],
): Promise<Outcome[]> {
  const count = async (some: readonly RowRule[]): Promise<number[]> => {
    const counts = some.map(({ violated }) => `pg_catalog.count(*) FILTER (WHERE ${violated})`);
    const { rows } = await client.query<string[]>({
      text: `SELECT ${counts.join(", ")} FROM ${quoteTable(holder)} t`,
      rowMode: "array",
    });
    return (rows[0] ?? []).map(Number);
  };
  const outcomes: Outcome[] = [];
  for (let from = 0; from < rules.length; from += RULES_AT_ONCE) {
    const some = rules.slice(from, from + RULES_AT_ONCE);
    const counts = await attempt(client, () => count(some));
    for (const [index, rule] of some.entries()) {
      const alone = didFail(counts) ? await attempt(client, () => count([rule])) : [counts[index]];
      if (didFail(alone)) outcomes.push(alone);
      else if (!alone[0]) outcomes.push(null);
      else outcomes.push({ total: alone[0], rows: await list(rule) });
    }
  }
  return outcomes;

  async function list({ violated, columns }: RowRule): Promise<ViolatingRow[]> {
    const { rows } = await client.query<Pick<ViolatingRow, "key" | "values">>(
      `SELECT ${sampleOf(key.map(quoteIdentifier))} AS key, ${sampleOf(columns.map(quoteIdentifier))} AS values
       FROM ${quoteTable(holder)} t WHERE ${violated} LIMIT ${MAX_VIOLATING_ROWS}`,
    );
    return rows.map((row) => ({ key: readSample(row.key), values: readSample(row.values) }));
  }
}

/** @param isNew of a row `t`: at least one of those that repeat each other is so; left out: any */
export async function checkUnique(
  client: pg.ClientBase,
  { holder }: Checked,
  { keys, filter, nullsAreEqual }: UniqueRule,
  isNew?: string,
): Promise<Outcome> {
  const conditions = [
    ...(filter === null ? [] : [filter]),
    ...(nullsAreEqual ? [] : keys.map((key) => `${key} IS DISTINCT FROM NULL`)),
  ];
  const names = keys.map((_, index) => `k${index + 1}`);
  const result = await attempt(client, () =>
    client.query<{ values: string[]; times: number; total: number }>(
      `SELECT ${sampleOf(names)} AS values, pg_catalog.count(*)::float8 AS times, (pg_catalog.sum(pg_catalog.count(*) - 1) OVER ())::float8 AS total
       FROM (SELECT ${[...keys, isNew ?? "true"].map((it, index) => `${it} AS ${names[index] ?? "is_new"}`).join(", ")} FROM ${quoteTable(holder)} t
         ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""}) t
       GROUP BY ${names.join(", ")} HAVING pg_catalog.count(*) > 1 AND pg_catalog.bool_or(is_new) LIMIT ${MAX_VIOLATING_ROWS}`,
    ),
  );
  if (didFail(result)) return result;
  const [first] = result.rows;
  if (!first) return null;
  const rows = result.rows.map(({ values, times }) => ({
    key: [],
    values: readSample(values),
    times,
  }));
  return { total: first.total, rows };
}

/** By adding it: PostgreSQL then names the first two rows that exclude each other. */
export async function checkExclusion(
  client: pg.ClientBase,
  { holder }: Checked,
  { definition, filter }: ExclusionRule,
): Promise<Outcome> {
  const result = await attempt(client, async () => {
    let table = quoteTable(holder);
    if (filter !== null) {
      const some = quoteTable({ ...holder, name: `${holder.name}_some` });
      const kind = holder.schema === "pg_temp" ? "TEMPORARY" : "UNLOGGED";
      await client.query(`CREATE ${kind} TABLE ${some} AS SELECT * FROM ${table} WHERE ${filter}`);
      table = some;
    }
    await client.query(`ALTER TABLE ${table} ADD ${definition}`);
    // Adding a foreign key or altering would find checks pending that are deferred.
    return null;
  });
  if (!didFail(result)) return null;
  // Found by its own rule.
  if (result.sqlState === "23502") return null;
  if (result.sqlState !== "23P01") return result;
  return { total: null, rows: [{ key: [], values: readSample([result.detail ?? null]) }] };
}

/** The rows of one side of a foreign key: a copy's, or the table's own if it is not restored. */
export interface Side {
  /** For FROM. */
  rows: string;
  /** True for the rows that the foreign key is about. Undefined: all. */
  filter?: string | undefined;
}

const rowsOfSide = ({ rows, filter }: Side): string =>
  filter === undefined ? rows : `(SELECT * FROM ${rows} t WHERE ${filter})`;

export async function checkForeignKey(
  client: pg.ClientBase,
  rule: ForeignKeyRule,
  { from, to, key }: { from: Side; to: Side; key: readonly string[] },
): Promise<Outcome> {
  const columns = columnsOfRow("f", rule.columns);
  const condition = violates(rule, columns, rowsOfSide(to));
  const result = await attempt(client, () =>
    client.query<{ key: string[]; values: string[]; total: number }>(
      `SELECT ${sampleOf(columnsOfRow("f", key))} AS key, ${sampleOf(columns)} AS values, (pg_catalog.count(*) OVER ())::float8 AS total
       FROM ${rowsOfSide(from)} f WHERE ${condition} LIMIT ${MAX_VIOLATING_ROWS}`,
    ),
  );
  if (didFail(result)) return result;
  const [first] = result.rows;
  if (!first) return null;
  const rows = result.rows.map((row) => ({
    key: readSample(row.key),
    values: readSample(row.values),
  }));
  return { total: first.total, rows };
}

/** As PostgreSQL's own triggers ask. */
function violates(rule: ForeignKeyRule, columns: readonly string[], to: string): string {
  const referenced = columnsOfRow("p", rule.referencedColumns);
  const pairs = columns.map((column, i) => `${referenced[i]} ${rule.equals[i]} ${column}`);
  const isSet = columns.map((column) => `${column} IS NOT NULL`);
  const none = (() => {
    if (!rule.isTemporal) return `NOT EXISTS (SELECT FROM ${to} p WHERE ${pairs.join(" AND ")})`;
    const period = referenced.at(-1);
    return `NOT coalesce((SELECT ${columns.at(-1)} OPERATOR(pg_catalog.<@) pg_catalog.range_agg(${period}) FROM ${to} p WHERE ${pairs.slice(0, -1).join(" AND ")}), false)`;
  })();
  const dangles = `(${isSet.join(" AND ")} AND ${none})`;
  return rule.matchesFull && columns.length > 1
    ? `(${dangles} OR (${isSet.join(" OR ")}) AND NOT (${isSet.join(" AND ")}))`
    : dangles;
}
