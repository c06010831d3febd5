import { pipeline, type Readable } from "node:stream";
import type pg from "pg";
import type { CatalogColumn, CatalogTable } from "../schema/catalog.ts";
import { CopyOutStream } from "./copy-out-stream.ts";
import { CopyToJson } from "./copy-to-json.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { type FailedRows, JsonArray, type OnRows, UnrestorableRow } from "./json-array.ts";
import { rowsOf } from "./rows-of.ts";

export interface CopyOutOptions {
  /** Makes what the stream fails with of what failed, and of the rows where it did. */
  describeError?: (error: Error, rows: FailedRows) => Error | Promise<Error>;
  /** False for an SQL_ASCII database, whose bytes are whatever they are. */
  isUtf8?: boolean;
  /** Of a row's JSON: a larger one is refused, as a restore would. */
  maxRowBytes?: number | undefined;
}

/**
 * A table's rows as one JSON array, as PostgreSQL would write it: one row a line, the comma leading. What COPY
 * sends is only escaped anew here; no row is ever parsed. Destroying the stream abandons the COPY; the connection is then of no more use.
 *
 * @param client in a transaction whose snapshot is the backup's
 * It fails with an `UnrestorableRow` for one that no restore would take.
 *
 * @param onRows called with the rows and bytes so far, for every chunk
 */
export function copyOut(
  client: pg.ClientBase,
  table: CatalogTable,
  onRows: OnRows,
  options: CopyOutOptions = {},
): Readable {
  const toJson = new CopyToJson(dumped(table));
  // From here on nothing may throw: a COPY that nobody reads would end the process when it fails.
  const copy = client.query(new CopyOutStream(copyStatement(table)));
  // Errors reach the reader of the array; the callback only keeps `pipeline` from throwing.
  const array = new JsonArray({
    ...options,
    onRows,
    copiedRows: () => copy.rowCount,
    describeError: describing(options, () => ({
      first: copy.rowsSent + 1,
      last: copy.rowsSent + 1,
    })),
  });
  return pipeline(copy, toJson, array, () => {});
}

const describing =
  ({ describeError = (error) => error }: CopyOutOptions, failedAt: () => FailedRows) =>
  (error: Error) =>
    describeError(
      error,
      error instanceof UnrestorableRow ? { first: error.row, last: error.row } : failedAt(),
    );

/** The columns whose values are in a backup. */
export const dumped = (table: CatalogTable): CatalogColumn[] =>
  table.columns.filter((column) => !column.generated);

const copyStatement = (table: CatalogTable): string =>
  `COPY (SELECT ${dumped(table).map(copyExpression).join(", ")} FROM ${rowsOf(table)} t) TO STDOUT`;

/** COPY uses each type's output function itself; only the cast keeps what an XML value says of its encoding. */
function copyExpression(column: CatalogColumn): string {
  const isXml = column.valueType.name === "xml" && !column.valueType.isArray;
  const isItself = column.encoding !== "jsonb" && !isXml;
  return isItself ? `t.${quoteIdentifier(column.name)}` : columnExpression(column);
}

/** A value as `row_to_json` is given it. */
export function columnExpression(column: CatalogColumn): string {
  const name = quoteIdentifier(column.name);
  const value = `t.${name}`;
  switch (column.encoding) {
    case "json":
      // For a type of the users', row_to_json would run their cast to json.
      return column.needsOutputFunction ? `${outputOf(value)} AS ${name}` : value;
    case "jsonb":
      // Otherwise a JSON null could not be told from SQL NULL, nor the wrapping from a value that looks like it.
      return `CASE WHEN ${value} = 'null'::jsonb OR ${value} ? '$json' AND pg_catalog.jsonb_typeof(${value}) = 'object'
        THEN pg_catalog.jsonb_build_object('$json', ${value}) ELSE ${value} END AS ${name}`;
    case "text":
      return `${column.needsOutputFunction ? outputOf(value) : `${value}::text`} AS ${name}`;
    default:
      throw column.encoding satisfies never;
  }
}

/**
 * `format` always uses the output function; a cast may be the type's own (inet's adds /32).
 * IS NOT DISTINCT FROM: a composite of NULLs "IS NULL" too.
 */
const outputOf = (value: string): string =>
  `CASE WHEN ${value} IS NOT DISTINCT FROM NULL THEN NULL ELSE pg_catalog.format('%s', ${value}) END`;
