import type pg from "pg";
import type { PlannedSequence } from "../plan/load-plan.ts";
import type { CatalogColumn, CatalogSequence } from "../schema/catalog.ts";
import { largestNumber } from "../schema/number-column.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { rowsOf } from "./rows-of.ts";

type Columns = PlannedSequence["columns"];

interface Start {
  value: bigint;
  isCalled: boolean;
}

/**
 * Finds the furthest column value beyond the sequence's position, up to what the sequence can still give. Null means
 * that no value is beyond it.
 *
 * A value near the end, such as a placeholder of 2147483647, would leave the sequence with nothing to give. If moving
 * there skips more numbers than remain after it, the sequence moves to the widest gap instead, which may be where it
 * is.
 */
export async function findFurthest(
  client: pg.ClientBase,
  sequence: CatalogSequence,
  start: Start,
  columns: Columns,
): Promise<bigint | null> {
  const { increment, minimum, maximum } = sequence;
  const isAscending = increment > 0n;
  const limits = columns.map(({ table, column }) => largestNumber(columnOf(table.columns, column)));
  const distance = (from: bigint, to: bigint) => (isAscending ? to - from : from - to);
  // The sequence cannot usefully give numbers that a column cannot hold. A column that the sequence has already
  // outgrown does not count.
  const ends = [isAscending ? maximum : minimum];
  for (const limit of limits) {
    const end = limit === null ? null : isAscending ? limit : -limit - 1n;
    if (end !== null && distance(start.value, end) >= 0n) ends.push(end);
  }
  const end = ends.reduce((a, b) => (distance(a, b) < 0n ? b : a));
  const range: Range = {
    increment,
    ...(isAscending ? { from: minimum, to: end } : { from: end, to: maximum }),
  };

  let furthest: bigint | null = null;
  for (const it of columns) {
    const extreme = await readExtreme(client, it, range);
    if (extreme !== null && (furthest === null || distance(furthest, extreme) > 0n))
      furthest = extreme;
  }
  if (furthest === null) return null;
  const skipped = distance(start.value, furthest);
  if (skipped < 0n || (skipped === 0n && start.isCalled)) return null;
  if (skipped <= distance(furthest, end)) return furthest;
  return await findWidestGap(client, columns, start, range);
}

/** The numbers that a sequence can usefully give. */
interface Range {
  /** Negative if the sequence counts downwards. */
  increment: bigint;
  from: bigint;
  to: bigint;
}

function columnOf(columns: readonly CatalogColumn[], name: string): CatalogColumn {
  const column = columns.find((it) => it.name === name);
  if (!column) throw new Error("a planned sequence's column is its table's");
  return column;
}

/** A FROM item with the column's values in a range, as `value`. Uses an index on the column, if there is one. */
function valuesIn({ table, column }: Columns[number], range: Range): string {
  const name = quoteIdentifier(column);
  const type = columnOf(table.columns, column).valueType.name ?? "";
  const isInteger = /^int[248]$/.test(type);
  const compared = isInteger ? "int8" : type === "numeric" ? "numeric" : "float8";
  // NaN and infinity are in no range.
  const where = `${name} >= '${range.from}'::${compared} AND ${name} <= '${range.to}'::${compared}`;
  const value = isInteger ? name : `${range.increment > 0n ? "floor" : "ceil"}(${name}::numeric)`;
  return `SELECT ${value} AS value FROM ${rowsOf(table)} t WHERE ${where}`;
}

async function readExtreme(
  client: pg.ClientBase,
  it: Columns[number],
  range: Range,
): Promise<bigint | null> {
  const { rows } = await client.query<{ extreme: string | null }>(
    `SELECT ${range.increment > 0n ? "max" : "min"}(value)::text AS extreme FROM (${valuesIn(it, range)}) v`,
  );
  const extreme = rows[0]?.extreme ?? null;
  return extreme === null ? null : BigInt(extreme);
}

/** Finds the start of the widest gap, measured in numbers that the sequence gives before it meets one that is taken. */
async function findWidestGap(
  client: pg.ClientBase,
  columns: Columns,
  { value, isCalled }: Start,
  range: Range,
): Promise<bigint | null> {
  const { increment, from, to } = range;
  const isAscending = increment > 0n;
  const step = isAscending ? increment : -increment;
  // Negate a descending sequence, so that both directions count upwards.
  const sign = isAscending ? 1n : -1n;
  const end = isAscending ? to : -from;
  const start = sign * value - (isCalled ? 0n : step);
  const ahead = { ...range, ...(isAscending ? { from: value } : { to: value }) };
  const taken = columns.map((it) => valuesIn(it, ahead)).join(" UNION ALL ");
  const { rows } = await client.query<{ value: string }>(
    `SELECT value::text FROM (
       SELECT value, div(coalesce(lead(value) OVER (ORDER BY value), ${end + 1n}::numeric) - value - 1, ${step}) AS free
       FROM (SELECT ${start}::numeric AS value UNION SELECT ${sign} * value::numeric FROM (${taken}) v) u
     ) g ORDER BY free DESC, value LIMIT 1`,
  );
  const widest = BigInt(rows[0]?.value ?? start);
  return widest === start ? null : sign * widest;
}
