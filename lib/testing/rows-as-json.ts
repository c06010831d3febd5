import type pg from "pg";
import { dumped, wrapped } from "../postgres/copy/copy-out.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import { rowsOf } from "../postgres/rows-of.ts";
import type { CatalogColumn, CatalogTable } from "../schema/catalog.ts";

const LINE_IN_BASE64 =
  "pg_catalog.encode(pg_catalog.convert_to(line, pg_catalog.current_setting('client_encoding')::name), 'base64')";

/**
 * Returns a table's rows as PostgreSQL's own `row_to_json` writes them, in the layout of a backup. Tests compare the
 * conversion of COPY's text with it. Returns bytes, because those of SQL_ASCII would be damaged in a string.
 */
export async function rowsAsJson(client: pg.ClientBase, table: CatalogTable): Promise<Buffer> {
  const rows = `SELECT ${dumped(table).map(columnExpression).join(", ")} FROM ${rowsOf(table)} t`;
  // Use `r.*`, not `r`: PostgreSQL would take a bare alias for a column of that name.
  const lines = `SELECT pg_catalog.row_to_json(r.*)::text FROM (${rows}) r`;
  const found = await client.query<[string]>({
    text: `SELECT ${LINE_IN_BASE64} FROM (${lines}) l (line)`,
    rowMode: "array",
  });
  const pieces = found.rows.flatMap(([line], index) => [
    Buffer.from(index === 0 ? "[" : "\n,"),
    Buffer.from(line, "base64"),
  ]);
  return Buffer.concat([
    ...(pieces.length === 0 ? [Buffer.from("[")] : pieces),
    Buffer.from("\n]\n"),
  ]);
}

/** The expression of a column's value as `row_to_json` takes it. */
function columnExpression(column: CatalogColumn): string {
  const name = quoteIdentifier(column.name);
  const value = `t.${name}`;
  switch (column.encoding) {
    case "json":
      // For a user-defined type, row_to_json would call the type's own cast to json.
      return column.needsOutputFunction ? `${outputOf(value)} AS ${name}` : value;
    case "jsonb":
      return `${wrapped(value)} AS ${name}`;
    case "text":
      return `${column.needsOutputFunction ? outputOf(value) : `${value}::text`} AS ${name}`;
    default:
      throw column.encoding satisfies never;
  }
}

/**
 * `format` always uses the output function; a cast may be the type's own (inet's adds /32).
 * IS NOT DISTINCT FROM is needed because a composite of NULLs also "IS NULL".
 */
const outputOf = (value: string): string =>
  `CASE WHEN ${value} IS NOT DISTINCT FROM NULL THEN NULL ELSE pg_catalog.format('%s', ${value}) END`;
