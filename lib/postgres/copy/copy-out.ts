import { pipeline, type Readable } from "node:stream";
import type pg from "pg";
import type { CatalogColumn, CatalogTable } from "../../schema/catalog.ts";
import { quoteIdentifier } from "../identifiers.ts";
import { rowsOf } from "../rows-of.ts";
import { CopyOutStream } from "./copy-out-stream.ts";
import { CopyToJson } from "./copy-to-json.ts";
import { JsonArray, type OnRows, UnrestorableRow } from "./json-array.ts";

interface CopyOutOptions {
  /** Describes the error that the stream fails with. The row is counted from 1 in the order of reading. */
  describeError?: (error: Error, row: number) => Error | Promise<Error>;
  /** False for an SQL_ASCII database, whose bytes may have any encoding. */
  isUtf8?: boolean;
  /** Maximum size of a row's JSON in bytes. A larger row is refused, because a restore would refuse it too. */
  maxRowBytes?: number | undefined;
}

/**
 * Streams a table's rows as one JSON array, as PostgreSQL would write it: one row a line, with a leading comma. The
 * data of COPY is only escaped again; rows are never parsed. Destroying the stream abandons the COPY; the connection
 * cannot be used afterwards. The stream fails with an `UnrestorableRow` if no restore would take a row.
 *
 * @param client in a transaction with the backup's snapshot
 * @param onRows called for every chunk with the rows and bytes so far
 */
export function copyOut(
  client: pg.ClientBase,
  table: CatalogTable,
  onRows: OnRows,
  options: CopyOutOptions = {},
): Readable {
  const toJson = new CopyToJson(dumped(table));
  // Nothing may throw from here on: if nothing read the COPY and it failed, the process would end.
  const copy = client.query(new CopyOutStream(copyStatement(table)));
  const { describeError = (error) => error } = options;
  // Errors reach the reader of the array. The callback only keeps `pipeline` from throwing.
  const array = new JsonArray({
    ...options,
    onRows,
    copiedRows: () => copy.rowCount,
    describeError: (error) =>
      describeError(error, error instanceof UnrestorableRow ? error.row : copy.rowsSent + 1),
  });
  return pipeline(copy, toJson, array, () => {});
}

/** The columns whose values a backup contains. */
export const dumped = (table: CatalogTable): CatalogColumn[] =>
  table.columns.filter((column) => !column.generated);

const copyStatement = (table: CatalogTable): string =>
  `COPY (SELECT ${dumped(table).map(copyExpression).join(", ")} FROM ${rowsOf(table)} t) TO STDOUT`;

/** COPY calls each type's output function itself. */
function copyExpression({ name, encoding, valueType }: CatalogColumn): string {
  const value = `t.${quoteIdentifier(name)}`;
  if (encoding === "jsonb") return wrapped(value);
  // Only the cast to text keeps the encoding declaration of an XML value.
  return valueType.name === "xml" && !valueType.isArray ? `${value}::text` : value;
}

/** The wrapper tells a JSON null from SQL NULL, and a wrapped value from a value that looks like a wrapper. */
export const wrapped = (jsonb: string): string =>
  `CASE WHEN ${jsonb} = 'null'::jsonb OR ${jsonb} ? '$json' AND pg_catalog.jsonb_typeof(${jsonb}) = 'object'
    THEN pg_catalog.jsonb_build_object('$json', ${jsonb}) ELSE ${jsonb} END`;
