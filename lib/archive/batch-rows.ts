import { concatOwn, freeOwn, markOwn } from "../own-memory.ts";
import { RowLayout } from "./row-layout.ts";

/** Some lines of a table's JSON array in the archive, made into a JSON array of their own. */
export interface RowBatch {
  json: Buffer;
  rows: number;
  /** Number of the first row in the archive, from 1. */
  firstRow: number;
}

/** Large enough that the overhead per statement does not matter, and small enough that several fit in memory. */
const BATCH_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
const OPEN = 0x5b;
const CLOSE = Buffer.from("]");

/**
 * Cuts a table's JSON array into batches at line ends, without parsing it. `[` replaces the first byte of a batch, and
 * `]` is written after its last.
 *
 * @throws BackupError ARCHIVE_INVALID if it is not laid out as in an archive, or a row is larger than PostgreSQL allows
 */
export async function* batchRows(
  source: AsyncIterable<Buffer>,
  batchBytes = BATCH_BYTES,
  maxRowBytes?: number,
): AsyncGenerator<RowBatch> {
  const layout = new RowLayout(maxRowBytes);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  /** Size of the pending lines without the last one, which may be the closing bracket. */
  let cutAt = 0;
  let firstRow = 1;

  function take(): RowBatch {
    const bytes = markOwn(concatOwn(pending), cutAt + CLOSE.length);
    pending.forEach(freeOwn);
    // A small copy of its own, because the batch takes over the large buffer.
    pending = [Buffer.from(bytes.subarray(cutAt))];
    pendingBytes -= cutAt;
    bytes[0] = OPEN;
    bytes.set(CLOSE, cutAt);
    const batch = {
      json: bytes.subarray(0, cutAt + CLOSE.length),
      rows: layout.rows - firstRow + 1,
      firstRow,
    };
    firstRow += batch.rows;
    cutAt = 0;
    return batch;
  }

  for await (const chunk of source) {
    const lastLineAt = layout.push(chunk);
    layout.requireRight();
    if (lastLineAt !== null) cutAt = pendingBytes + lastLineAt;
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes >= batchBytes && layout.rows >= firstRow) yield take();
  }
  layout.end();
  if (layout.rows >= firstRow) yield take();
}

/** The chosen rows of a batch, by row number in the archive. Each run of consecutive rows becomes a batch. */
export function chosenRows(batch: RowBatch, places: ReadonlySet<number>): RowBatch[] {
  const runs: RowBatch[] = [];
  let start: number | null = null;
  for (let row = 0; row <= batch.rows; row++) {
    const isChosen = row < batch.rows && places.has(batch.firstRow + row);
    if (isChosen) start ??= row;
    else if (start !== null) {
      runs.push(partOf(batch, start, row));
      start = null;
    }
  }
  return runs;
}

/** The rows from `start` up to, but not including, `end`, counted from 0, as a batch of their own. */
export function partOf({ json, firstRow }: RowBatch, start: number, end: number): RowBatch {
  let from = 0;
  let to = 0;
  for (let row = 0; row < end; row++) {
    if (row === start) from = to;
    to = json.indexOf(NEWLINE, to) + 1;
  }
  const part = Buffer.concat([json.subarray(from, to), CLOSE]);
  part[0] = OPEN;
  return { json: part, rows: end - start, firstRow: firstRow + start };
}
