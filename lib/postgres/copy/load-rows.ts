import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { RowBatch } from "../../archive/batch-rows.ts";
import { freeOwn } from "../../own-memory.ts";
import type { LoadColumn } from "../../plan/load-plan.ts";
import type { CatalogTable } from "../../schema/catalog.ts";
import { quoteIdentifier, quoteTable } from "../identifiers.ts";
import { JsonToCopy } from "./json-to-copy.ts";

/** A batch to insert. */
export interface LoadBatch extends RowBatch {
  /** The rows as COPY text, if they are already converted; null if they must be read as JSON. */
  copied?: Buffer | null;
}

/**
 * Inserts a batch. The rows are sent as COPY text. If their JSON differs from what this library's backups contain, it
 * is sent unchanged as a single parameter. In both cases PostgreSQL parses the values by the columns' own types.
 *
 * @returns the number of rows inserted
 */
export async function loadRows(
  client: pg.ClientBase,
  statement: LoadStatement,
  batch: LoadBatch,
): Promise<number> {
  const { copied = statement.toCopy?.convert(batch.json) } = batch;
  if (copied) {
    const copy = client.query(copyFrom(statement.copyText));
    await pipeline(Readable.from(pieces(copied)), copy);
    freeOwn(copied);
    return copy.rowCount;
  }
  const { rowCount } = await client.query({
    name: statement.name,
    text: statement.text,
    // `pg` sends a Buffer in binary form. For json, that is the text itself.
    values: [batch.json],
  });
  statement.isPrepared = true;
  return rowCount ?? 0;
}

/** The server reads a larger message into memory as a whole, and refuses one of 1 GiB. */
const PIECE_BYTES = 16 * 1024 * 1024;

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

export interface LoadStatement {
  /** The statement is prepared under this name, once per connection and table. */
  name: string;
  text: string;
  isPrepared: boolean;
  copyText: string;
  /** Null if all rows take the INSERT. */
  toCopy: JsonToCopy | null;
}

/** Builds the COPY and the INSERT that take batches of a table's rows, for the given columns. */
export function loadStatement(table: CatalogTable, columns: readonly LoadColumn[]): LoadStatement {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(", ");
  // COPY parses a value by its column's type alone.
  const canBeCopied = columns.every(({ archivedType }) => archivedType === undefined);
  return {
    name: `load ${table.oid}`,
    isPrepared: false,
    copyText: `COPY ${quoteTable(table)} (${names}) FROM STDIN`,
    toCopy: canBeCopied ? new JsonToCopy(columns) : null,
    text:
      columns.length === 0
        ? `INSERT INTO ${quoteTable(table)} SELECT FROM pg_catalog.json_array_elements($1::json)`
        : `INSERT INTO ${quoteTable(table)} (${names}) OVERRIDING SYSTEM VALUE ${readStatement(columns)}`,
  };
}

/** Reads columns of the batch in `$1`. Fails if a value does not have its column's type. */
export function readStatement(columns: readonly LoadColumn[]): string {
  const names = columns.map(({ name }) => quoteIdentifier(name));
  const values = columns.map(
    (column, i) => `${valueExpression(column, `r.${names[i]}`)} AS ${names[i]}`,
  );
  const declarations = columns.map((column, i) => `${names[i]} ${declaredType(column)}`);
  return `SELECT ${values.join(", ")} FROM pg_catalog.json_to_recordset($1::json) AS r (${declarations.join(", ")})`;
}

const declaredType = ({ needsCast, archivedType, type }: LoadColumn): string =>
  needsCast ? "text" : (archivedType ?? type);

function valueExpression(column: LoadColumn, value: string): string {
  if (column.encoding === "jsonb") {
    return `CASE WHEN pg_catalog.jsonb_typeof(${value}) = 'object' AND ${value} OPERATOR(pg_catalog.?) '$json' THEN ${value} OPERATOR(pg_catalog.->) '$json' ELSE ${value} END`;
  }
  return column.needsCast || column.archivedType !== undefined ? `${value}::${column.type}` : value;
}

/** Frees memory here and on the server, for which a thousand prepared statements would be a burden. */
export async function deallocate(
  client: pg.ClientBase,
  { name, isPrepared, toCopy }: LoadStatement,
): Promise<void> {
  toCopy?.close();
  if (isPrepared) await client.query(`DEALLOCATE ${quoteIdentifier(name)}`);
}
