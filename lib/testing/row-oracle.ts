import pg from "pg";
import type { Warning } from "../shared/api.ts";

interface Heap {
  schema: string;
  name: string;
  /** The relations through which a SELECT shows its rows, nearest first, beginning with itself. */
  path: Array<[schema: string, name: string]>;
}

/** Every relation that stores rows. A partition that is pending detach is not visible through its parent. */
const HEAPS_SQL = `
  WITH RECURSIVE up (heap, oid, step) AS (
    SELECT c.oid, c.oid, 0 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'prisma_backup_admin') AND n.nspname NOT LIKE 'pg\\_temp%'
    UNION ALL
    SELECT u.heap, i.inhparent, u.step + 1 FROM up u JOIN pg_class c ON c.oid = u.oid AND c.relispartition
    JOIN pg_inherits i ON i.inhrelid = u.oid AND NOT i.inhdetachpending
  )
  SELECT hn.nspname AS schema, h.relname AS name, h.relispopulated AS populated,
    json_agg(json_build_array(n.nspname, c.relname) ORDER BY u.step) AS path
  FROM up u JOIN pg_class c ON c.oid = u.oid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_class h ON h.oid = u.heap JOIN pg_namespace hn ON hn.oid = h.relnamespace
  GROUP BY 1, 2, 3`;

/** How many rows of a table are in an archive, counted in its JSON, by `JSON.stringify([schema, name])`. */
export type ArchivedRows = ReadonlyMap<string, number>;

/**
 * Checks that each row of each heap in `pg_class` is in the archive, or that a warning names the heap and its number of
 * rows. The database must be as it was when it was backed up.
 *
 * @returns what is missing, one line each
 */
export async function missedRows(
  url: string,
  archived: ArchivedRows,
  warnings: readonly Warning[],
): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET search_path = ''; SET idle_session_timeout = 0");
    const { rows: heaps } = await client.query<Heap & { populated: boolean }>(HEAPS_SQL);
    const quoted = ({ schema, name }: Heap) =>
      `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
    const counts: number[] = [];
    for (let from = 0; from < heaps.length; from += 200) {
      const sql = heaps
        .slice(from, from + 200)
        .map((heap) =>
          heap.populated ? `SELECT count(*)::int FROM ONLY ${quoted(heap)}` : "SELECT 0",
        )
        .join(" UNION ALL ");
      const { rows } = await client.query<[number]>({ text: sql, rowMode: "array" });
      counts.push(...rows.map(([count]) => count));
    }

    const missed: string[] = [];
    const found = new Map<string, number>();
    for (const [index, heap] of heaps.entries()) {
      const rows = counts[index] ?? 0;
      const holder = heap.path.map((it) => JSON.stringify(it)).find((it) => archived.has(it));
      if (holder !== undefined) found.set(holder, (found.get(holder) ?? 0) + rows);
      else if (rows > 0 && !isNamed(heap, rows, warnings))
        missed.push(`${heap.schema}.${heap.name}: ${rows} rows without a word`);
    }
    for (const [table, rows] of archived) {
      const there = found.get(table) ?? 0;
      if (there !== rows)
        missed.push(`${table}: ${rows} rows in the archive, ${there} in the database`);
    }
    return missed;
  } finally {
    await client.end();
  }
}

function isNamed({ schema, name }: Heap, rows: number, warnings: readonly Warning[]): boolean {
  const count = `${rows.toLocaleString("en")} row${rows === 1 ? "" : "s"}`;
  return warnings.some(
    ({ code, message, table }) =>
      (table?.schema === schema && table.name === name && code === "MATERIALIZED_VIEW") ||
      (message.includes(`${schema}.${name} `) && message.includes(count)),
  );
}
