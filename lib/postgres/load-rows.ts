import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { BackupError } from "../errors.ts";
import { concatOwn, freeOwn, markOwn } from "../own-memory.ts";
import type { LoadColumn } from "../plan/load-plan.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { copiedColumn, JsonToCopy } from "./json-to-copy.ts";

/** Rows as the archive holds them: some lines of a table's JSON array, made a JSON array of their own. */
export interface RowBatch {
  json: Buffer;
  rows: number;
  /** Place of the first row in the archive, from 1. */
  firstRow: number;
  /** The rows as COPY's text, where that was made ahead; null where they must be read as JSON. */
  copied?: Buffer | null;
}

/**
 * Inserts a batch. The rows go to PostgreSQL as COPY's text; where their JSON is not just as a backup of ours has it,
 * as the one parameter, byte for byte. They are read there by the columns' own types.
 *
 * @returns the rows inserted
 */
export async function loadRows(
  client: pg.ClientBase,
  statement: LoadStatement,
  batch: RowBatch,
): Promise<number> {
  const { copied = statement.toCopy.convert(batch.json) } = batch;
  if (copied) {
    const copy = client.query(copyFrom(statement.copyText));
    await pipeline(Readable.from(pieces(copied)), copy);
    freeOwn(copied);
    return copy.rowCount;
  }
  const { rowCount } = await client.query({
    name: statement.name,
    text: statement.text,
    // A Buffer goes in binary form, which for json is the text itself.
    values: [batch.json],
  });
  statement.isPrepared = true;
  return rowCount ?? 0;
}

/** A message that is larger than this is taken whole into the server's memory, and of 1 GiB not at all. */
const PIECE_BYTES = 16 * 1024 * 1024;

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

export interface LoadStatement {
  /** Prepared once per connection and table, under this name. */
  name: string;
  text: string;
  isPrepared: boolean;
  copyText: string;
  toCopy: JsonToCopy;
}

/** The COPY and the INSERT that take batches of a table's rows, for the given columns. */
export function loadStatement(table: CatalogTable, columns: readonly LoadColumn[]): LoadStatement {
  const name = `load ${table.oid}`;
  const names = columns.map((column) => quoteIdentifier(column.name));
  const common = {
    name,
    isPrepared: false,
    copyText: `COPY ${quoteTable(table)} (${names.join(", ")}) FROM STDIN`,
    // COPY reads a value by its column's type alone: where that is not enough, by none.
    toCopy: new JsonToCopy(
      columns.some(({ archivedType }) => archivedType !== undefined)
        ? []
        : columns.map(copiedColumn),
    ),
  };
  if (columns.length === 0) {
    return {
      ...common,
      text: `INSERT INTO ${quoteTable(table)} SELECT FROM pg_catalog.json_array_elements($1::json)`,
    };
  }
  const declarations = columns.map((column, index) => `${names[index]} ${declaredType(column)}`);
  const values = columns.map((column, index) => valueExpression(column, `r.${names[index]}`));
  return {
    ...common,
    text: `INSERT INTO ${quoteTable(table)} (${names.join(", ")}) OVERRIDING SYSTEM VALUE
      SELECT ${values.join(", ")} FROM pg_catalog.json_to_recordset($1::json) AS r (${declarations.join(", ")})`,
  };
}

/** Reads one column of a batch, to see whether its values are of its type. */
export function readStatement(column: LoadColumn): string {
  const name = quoteIdentifier(column.name);
  return `SELECT ${valueExpression(column, `r.${name}`)} FROM pg_catalog.json_to_recordset($1::json) AS r (${name} ${declaredType(column)})`;
}

/** Reads a batch, as FROM has it: the parameter's rows, with these columns. */
export function rowsOfBatch(columns: readonly LoadColumn[]): string {
  const names = columns.map((column) => quoteIdentifier(column.name));
  const values = columns.map(
    (column, i) => `${valueExpression(column, `r.${names[i]}`)} AS ${names[i]}`,
  );
  const declarations = columns.map((column, i) => `${names[i]} ${declaredType(column)}`);
  return `(SELECT ${values.join(", ")} FROM pg_catalog.json_to_recordset($1::json) AS r (${declarations.join(", ")}))`;
}

const declaredType = ({ needsCast, archivedType, type }: LoadColumn): string =>
  needsCast ? "text" : (archivedType ?? type);

function valueExpression(column: LoadColumn, value: string): string {
  if (column.encoding === "jsonb") {
    return `CASE WHEN pg_catalog.jsonb_typeof(${value}) = 'object' AND ${value} OPERATOR(pg_catalog.?) '$json' THEN ${value} OPERATOR(pg_catalog.->) '$json' ELSE ${value} END`;
  }
  return column.needsCast || column.archivedType !== undefined ? `${value}::${column.type}` : value;
}

/** Large enough that a statement's overhead does not count, small enough that a few fit in memory. */
const BATCH_BYTES = 1024 * 1024;
/** PostgreSQL's limit of a value, and so of a row's JSON and of a parameter. A dump refuses what is larger. */
export const MAX_ROW_BYTES = 2 ** 30;
const NEWLINE = 0x0a;
const OPEN = 0x5b;
const COMMA = 0x2c;
const CLOSE = Buffer.from("]");
const END = "]\n";

/**
 * Cuts a table's JSON array into batches at line ends, without parsing it: `[` goes over a batch's first
 * byte and `]` to its end.
 *
 * @throws BackupError ARCHIVE_INVALID where the text is not laid out as archives are, or a row is larger than
 *   PostgreSQL takes: no backup of ours is so, whatever its digests say
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

  /** Takes the lines up to `end`; the byte there is written over. */
  function take(bytes: Buffer, end: number): RowBatch | null {
    if (bytes[0] !== (isOpen ? COMMA : OPEN)) throw notOurs("A line of rows begins wrongly.");
    // An empty table's only line is the bracket.
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
      // Rows of less than a batch may come before it.
      if (pendingBytes <= maxRowBytes + batchBytes) continue;
      throw notOurs("A row is larger than PostgreSQL can take.");
    }
    const bytes = concatOwn(pending);
    pending.forEach(freeOwn);
    // The last line may be the closing bracket, which is no row: it waits for what follows.
    const end = bytes.lastIndexOf(NEWLINE, Math.max(0, bytes.length - END.length - 1)) + 1;
    if (end === 0) {
      pending = [bytes];
      continue;
    }
    markOwn(bytes, end + CLOSE.length);
    // A copy, as small as what it is of: the batch keeps the rest.
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

/** Those rows of a batch whose places in the archive were chosen, each run of them a batch of its own. */
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
  new BackupError("ARCHIVE_INVALID", `${what} Nothing has changed.`, {
    hint: "The archive was not written by this software, or was tampered with. Use another copy.",
  });

/** Some rows of a batch, counted from 0, without `end`, as a JSON array of their own. */
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

/** Frees what the statement holds, here and, where it was prepared, on the server: a thousand would weigh on it. */
export async function deallocate(
  client: pg.ClientBase,
  { name, isPrepared, toCopy }: LoadStatement,
): Promise<void> {
  toCopy.close();
  if (isPrepared) await client.query(`DEALLOCATE ${quoteIdentifier(name)}`);
}
