import type pg from "pg";
import { isMerge } from "../../plan/restore-scope.ts";
import { compareRows, sampledColumns, sampleRows } from "../../postgres/compare-rows.ts";
import { countExactly } from "../../postgres/count-rows.ts";
import { isStorageDamage, whyUnreadable } from "../../postgres/errors/damage.ts";
import { keyColumns } from "../../postgres/load.ts";
import { apart } from "../../postgres/savepoint.ts";
import type { RestoreMode } from "../../shared/api.ts";
import type { RehearsedTable, Violation } from "../../shared/rehearsal.ts";
import { tableKey, tableLabel } from "../../shared/table-name.ts";
import type { CheckedLoad, Checks } from "./read-checks.ts";
import type { RefusedValues } from "./refused-values.ts";

/** Limit for all samples together, so that a browser can still show the report. */
const MAX_SAMPLED_CHARACTERS = 4_000_000;

export interface ComparedLoad {
  load: CheckedLoad;
  table: RehearsedTable;
  /** A sentence, if the table's current rows cannot be read. */
  unread?: string;
}

/** Whether a copy contains every row, and these columns identify its rows or contain their values. */
export type IsComparable = (load: CheckedLoad, columns: readonly string[]) => boolean;

/** False if the copy lacks rows, if rows repeat the columns, or if a column is NULL or unknown. */
export const comparability =
  (refused: RefusedValues, violations: readonly Violation[]): IsComparable =>
  (load, columns) =>
    !refused.has(load) &&
    !columns.some((column) => load.unknownColumns.has(column)) &&
    !violations.some(
      ({ kind, table, columns: violated }) =>
        tableKey(table) === tableKey(load.archived) &&
        (kind === "unique" || kind === "not-null") &&
        violated.some((column) => columns.includes(column)),
    );

export async function compareCopies(
  client: pg.ClientBase,
  { loads, mode }: Checks,
  isComparable: IsComparable,
  signal: AbortSignal,
): Promise<ComparedLoad[]> {
  const compared: ComparedLoad[] = [];
  let characters = 0;
  for (const load of loads) {
    signal.throwIfAborted();
    const withSamples = characters < MAX_SAMPLED_CHARACTERS;
    const how = { mode, withSamples, isComparable: isComparable(load, keyColumns(load)) };
    const found = await compareOrSay(client, load, how);
    characters += JSON.stringify(found.table.samples).length;
    compared.push(found);
  }
  return compared;
}

interface How {
  mode: RestoreMode;
  isComparable: boolean;
  withSamples: boolean;
}

/** A table whose rows are replaced need not be readable. */
async function compareOrSay(
  client: pg.ClientBase,
  load: CheckedLoad,
  how: How,
): Promise<ComparedLoad> {
  try {
    return { load, table: await apart(client, () => compare(client, load, how)) };
  } catch (error) {
    if (!isStorageDamage(error)) throw error;
    const { schema, name, model, rows } = load.archived;
    return {
      load,
      table: {
        ...{ schema, name, model, rowsInBackup: rows, rowsNow: 0, isDamaged: true, changes: null },
        ...{ key: [], sampleColumns: [], samples: [] },
      },
      unread: `The current rows of ${tableLabel(load.archived)} cannot be read: ${whyUnreadable(error)}. They were not compared and cannot be saved. Start the restore without a safety backup.`,
    };
  }
}

async function compare(
  client: pg.ClientBase,
  load: CheckedLoad,
  { mode, isComparable, withSamples }: How,
): Promise<RehearsedTable> {
  const { schema, name, model, rows } = load.archived;
  const rehearsed = {
    ...{ schema, name, model, rowsInBackup: rows },
    key: keyColumns(load),
    sampleColumns: sampledColumns(load),
  };
  if (!isComparable) {
    const rowsNow = (await countExactly(client, [load.table])).get(load.table) ?? 0;
    return { ...rehearsed, rowsNow, changes: null, samples: [] };
  }
  const changes = await compareRows(client, load);
  const { added, removed, changed, same } = changes;
  const later = added + changed + same;
  const isRight = isMerge(mode) ? removed === 0 : later === rows;
  if (!isRight)
    throw new Error(`a copy has ${later} rows after the load, and the backup has ${rows}`);
  const samples = withSamples ? await sampleRows(client, load, changes) : [];
  return { ...rehearsed, rowsNow: removed + changed + same, changes, samples };
}
