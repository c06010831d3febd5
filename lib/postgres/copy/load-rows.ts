import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { BackupError } from "../../errors.ts";
import { concatOwn, freeOwn, markOwn } from "../../own-memory.ts";
import type { LoadColumn } from "../../plan/load-plan.ts";
import type { CatalogTable } from "../../schema/catalog.ts";
import { quoteIdentifier, quoteTable } from "../identifiers.ts";
import { JsonToCopy } from "./json-to-copy.ts";

/** Some lines of a table's JSON array in the archive, made into a JSON array of their own. */
export interface RowBatch {
  json: Buffer;
  rows: number;
  /** Number of the first row in the archive, from 1. */
  firstRow: number;
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
  batch: RowBatch,
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

/** Large enough that the overhead per statement does not matter, and small enough that several fit in memory. */
const BATCH_BYTES = 1024 * 1024;
/** PostgreSQL's limit for a value, and so for a row's JSON and for a parameter. A dump refuses a larger row. */
export const MAX_ROW_BYTES = 2 ** 30;
const NEWLINE = 0x0a;
const OPEN = 0x5b;
const COMMA = 0x2c;
const CLOSE = Buffer.from("]");
const END = "]\n";

/**
 * Cuts a table's JSON array into batches at line ends, without parsing it. `[` replaces the first byte of a batch, and
 * `]` is written after its last.
 *
 * @throws BackupError ARCHIVE_INVALID if the text is not laid out as archives are, or a row is larger than PostgreSQL
 *   allows. This library writes no such backup, even if the checksums match.
 */
export async function* batchRows(
  source: AsyncIterable<Buffer>,
  batchBytes = BATCH_BYTES,
  maxRowBytes = MAX_ROW_BYTES,
): AsyncGenerator<RowBatch> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let firstRow = 1;
  let isOpen = false;

  /** Takes the lines up to `end`. Overwrites the byte at `end`. */
  function take(bytes: Buffer, end: number): RowBatch | null {
    if (bytes[0] !== (isOpen ? COMMA : OPEN)) throw notOurs("A line of rows begins wrongly.");
    // The only line of an empty table is the bracket.
    const isEmpty = !isOpen && end === 2;
    isOpen = true;
    if (isEmpty) return null;
    bytes[0] = OPEN;
    bytes.set(CLOSE, end);
    const json = bytes.subarray(0, end + 1);
    let rows = 0;
    for (let at = json.indexOf(NEWLINE); at !== -1; at = json.indexOf(NEWLINE, at + 1)) rows++;
    const batch = { json, rows, firstRow };
    firstRow += rows;
    return batch;
  }

  for await (const chunk of source) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes < batchBytes) continue;
    if (!chunk.includes(NEWLINE)) {
      // A long row may follow up to a batch of shorter rows.
      if (pendingBytes <= maxRowBytes + batchBytes) continue;
      throw notOurs("A row is larger than PostgreSQL can take.");
    }
    const bytes = concatOwn(pending);
    pending.forEach(freeOwn);
    // The last line may be the closing bracket, which is no row. So keep it until more data arrives.
    const end = bytes.lastIndexOf(NEWLINE, Math.max(0, bytes.length - END.length - 1)) + 1;
    if (end === 0) {
      pending = [bytes];
      continue;
    }
    markOwn(bytes, end + CLOSE.length);
    // A small copy of its own, because the batch takes over the large buffer.
    pending = [Buffer.from(bytes.subarray(end))];
    pendingBytes = bytes.length - end;
    const batch = take(bytes, end);
    if (batch) yield batch;
  }
  const rest = concatOwn(pending);
  pending.forEach(freeOwn);
  if (rest.subarray(-END.length).toString() !== END)
    throw notOurs("An array of rows does not end.");
  if (rest.length === END.length && isOpen) return;
  const end = rest.length - END.length;
  markOwn(rest, end + CLOSE.length);
  const batch = take(rest, end);
  if (batch) yield batch;
}

/** The chosen rows of a batch, by row number in the archive. Each run of consecutive rows becomes a batch. */
export function chosenRows(batch: RowBatch, places: ReadonlySet<number>): RowBatch[] {
  const runs: RowBatch[] = [];
  let start: number | null = null;
  for (let row = 0; row <= batch.rows; row++) {
    const isChosen = row < batch.rows && places.has(batch.firstRow + row);
    if (isChosen) start ??= row;
    else if (start !== null) {
      const [rows, firstRow] = [row - start, batch.firstRow + start];
      runs.push({ json: splitBatch(batch, start, row), rows, firstRow });
      start = null;
    }
  }
  return runs;
}

const notOurs = (what: string): BackupError =>
  new BackupError("ARCHIVE_INVALID", `${what} Nothing was changed.`, {
    hint: "The backup was not written by this software, or was tampered with. Use another copy.",
  });

/** The rows from `start` up to, but not including, `end`, counted from 0, as a JSON array of their own. */
export function splitBatch({ json }: RowBatch, start: number, end: number): Buffer {
  let from = 0;
  let to = 0;
  for (let row = 0; row < end; row++) {
    if (row === start) from = to;
    to = json.indexOf(NEWLINE, to) + 1;
  }
  const rows = Buffer.concat([json.subarray(from, to), CLOSE]);
  rows[0] = OPEN;
  return rows;
}

/** Frees memory here and on the server, for which a thousand prepared statements would be a burden. */
export async function deallocate(
  client: pg.ClientBase,
  { name, isPrepared, toCopy }: LoadStatement,
): Promise<void> {
  toCopy?.close();
  if (isPrepared) await client.query(`DEALLOCATE ${quoteIdentifier(name)}`);
}
