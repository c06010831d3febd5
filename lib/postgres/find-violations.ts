import pg from "pg";
import type { TableName } from "../shared/api.ts";
import { MAX_VIOLATING_ROWS, type ViolatingRow } from "../shared/rehearsal.ts";
import { isNotFound } from "./errors/not-found.ts";
import { EXCLUSION_VIOLATION, NOT_NULL_VIOLATION } from "./errors/sqlstate.ts";
import type { ForeignKeyRule } from "./foreign-key-rules.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { columnsOfRow, readSample, sampleOf } from "./sample-values.ts";
import { apart } from "./savepoint.ts";
import type { ExclusionRule, RowRule, UniqueRule } from "./table-rules.ts";

/** Rows that violate a rule. */
interface Found {
  /** Null if only some are known. */
  total: number | null;
  rows: ViolatingRow[];
}

/** The rows that violate a rule, null if every row satisfies it, or a failure if it cannot be evaluated. */
export type Outcome = Found | Failure | null;

interface Failure {
  sqlState: string;
  /** The server's message. In class 42 it names what is missing, and contains no values. */
  reason: string;
  detail?: string;
  /** Set if a user-defined function does not find something that it names. */
  notFound?: pg.DatabaseError;
}

/** The relation that holds the rows, and the columns that identify them. */
export interface Checked {
  holder: TableName;
  key: readonly string[];
}

/** Expressions in one statement: a result has at most 1,664 columns. */
const RULES_AT_ONCE = 400;

/** Runs something that may fail, and undoes what it did. */
const attempt = <Result>(
  client: pg.ClientBase,
  run: () => Promise<Result>,
): Promise<Result | Failure> =>
  apart(client, run).catch((error: unknown) => {
    // Data (22), constraints (23), limits (54), names (42, 3F), and what functions raise. Other errors are not about
    // rows.
    if (!(error instanceof pg.DatabaseError) || !/^(0A|2[0-3F]|3F|54|P0|42)/.test(error.code ?? ""))
      throw error;
    const { code = "", message, detail } = error;
    return {
      sqlState: code,
      // A function's own message may contain values.
      reason: error.routine === "exec_stmt_raise" ? `a function raises SQLSTATE ${code}` : message,
      ...(detail && { detail }),
      ...(isNotFound(error) && { notFound: error }),
    };
  });

const didFail = (result: unknown): result is Failure =>
  typeof result === "object" && result !== null && "sqlState" in result;

const readRow = ({ key, values }: Pick<ViolatingRow, "key" | "values">): ViolatingRow => ({
  key: readSample(key),
  values: readSample(values),
});

/** Checks NOT NULL, CHECK and partition rules. If all rows satisfy them, one scan of the table is enough. */
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
    return rows.map(readRow);
  }
}

/** @param isNew condition on a row `t`: duplicates count only if at least one of them satisfies it; any, if left out */
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
  return {
    total: first.total,
    rows: result.rows.map(({ values, times }) => ({ key: [], values: readSample(values), times })),
  };
}

/** Adds the constraint. PostgreSQL then names the first two rows that exclude each other. */
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
    // `attempt` rolls back even on success. Otherwise deferred checks would stay pending, and a later ALTER or foreign
    // key would fail.
    return null;
  });
  if (!didFail(result)) return null;
  // NOT NULL has its own rule.
  if (result.sqlState === NOT_NULL_VIOLATION) return null;
  if (result.sqlState !== EXCLUSION_VIOLATION) return result;
  return { total: null, rows: [{ key: [], values: readSample([result.detail ?? null]) }] };
}

/** One side of a foreign key: the rows of a copy, or the table's own rows if it is not restored. */
export interface Side {
  /** An item for FROM. */
  rows: string;
  /** True for the rows that the foreign key covers. Undefined means all. */
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
  return { total: first.total, rows: result.rows.map(readRow) };
}

/** The same conditions as in PostgreSQL's own triggers. */
function violates(rule: ForeignKeyRule, columns: readonly string[], to: string): string {
  const referenced = columnsOfRow("p", rule.referencedColumns);
  const pairs = columns.map((column, i) => `${referenced[i]} ${rule.equals[i]} ${column}`);
  const isSet = columns.map((column) => `${column} IS NOT NULL`);
  const none = rule.isTemporal
    ? `NOT coalesce((SELECT ${columns.at(-1)} OPERATOR(pg_catalog.<@) pg_catalog.range_agg(${referenced.at(-1)}) FROM ${to} p WHERE ${pairs.slice(0, -1).join(" AND ")}), false)`
    : `NOT EXISTS (SELECT FROM ${to} p WHERE ${pairs.join(" AND ")})`;
  const dangles = `(${isSet.join(" AND ")} AND ${none})`;
  return rule.matchesFull && columns.length > 1
    ? `(${dangles} OR (${isSet.join(" OR ")}) AND NOT (${isSet.join(" AND ")}))`
    : dangles;
}
