import type { Progress } from "../lib/shared/progress.ts";
import { sumProgress } from "../lib/shared/progress.ts";

/** The figures of an operation at one moment, by the server's clock. */
export interface Sample {
  atMs: number;
  phase: string;
  rows: number;
  bytes: number;
  /** Bytes per table, by the table's index in the plan. */
  tableBytes: number[];
}

export interface Rates {
  rowsPerSecond: number;
  bytesPerSecond: number;
  /** Bytes per second of each table. */
  tables: number[];
}

const WINDOW_MS = 12_000;
/** A shorter span would measure the polling rather than the work. */
const MIN_SPAN_MS = 1_500;

export function sampleOf(progress: Progress, now: string): Sample {
  const { rows, bytes } = sumProgress(progress);
  return {
    atMs: Date.parse(now),
    phase: progress.phase,
    rows,
    bytes,
    tableBytes: progress.tables.map((table) => table.bytes),
  };
}

/** Adds a sample to those of the last seconds. A new phase starts with an empty list. */
export function addSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1);
  if (!last || last.phase !== sample.phase || sample.rows < last.rows) return [sample];
  if (sample.atMs <= last.atMs) return samples.slice();
  return [...samples.filter(({ atMs }) => atMs >= sample.atMs - WINDOW_MS), sample];
}

/** Null if the samples span too little time. */
export function ratesOf(samples: readonly Sample[]): Rates | null {
  const first = samples.at(0);
  const last = samples.at(-1);
  if (!first || !last || last.atMs - first.atMs < MIN_SPAN_MS) return null;
  const seconds = (last.atMs - first.atMs) / 1000;
  return {
    rowsPerSecond: (last.rows - first.rows) / seconds,
    bytesPerSecond: (last.bytes - first.bytes) / seconds,
    tables: last.tableBytes.map((bytes, i) => (bytes - (first.tableBytes[i] ?? 0)) / seconds),
  };
}

/** Null if nothing moves or nothing remains. */
export function remainingMs(done: number, total: number, perSecond: number): number | null {
  if (perSecond <= 0 || done >= total) return null;
  return ((total - done) / perSecond) * 1000;
}
