import type { SampleValue } from "../shared/rehearsal.ts";
import { describeKey } from "./sample-values.ts";

/** Rows that a restore has failed upon, each by its key, as `id = 17`. */
export interface BlamedRows {
  /** The first one's. */
  key?: string;
  /** Of the next few. */
  otherKeys?: string[];
  /** How many there are, where these are not all. */
  violatingRows?: number;
  /** Of a foreign key: what the first one refers to, as `parent_id = 17`. */
  missing?: string;
  /** The row with which the first one cannot be. */
  conflictsWith?: string;
}

export const MAX_BLAMED_ROWS = 5;

/**
 * @param columns of the key
 * @param rows the first few, each by its key's values
 * @param total null where it is not known
 */
export function blameRows(
  columns: readonly string[],
  rows: ReadonlyArray<{ key: readonly SampleValue[] }>,
  total: number | null,
): BlamedRows {
  const keys = rows
    .slice(0, MAX_BLAMED_ROWS)
    .map(({ key }) => describeKey(columns, key))
    .filter((key) => key !== undefined);
  const [key, ...otherKeys] = keys;
  return {
    ...(key !== undefined && { key }),
    ...(otherKeys.length > 0 && { otherKeys }),
    ...(total !== null && total > keys.length && { violatingRows: total }),
  };
}
