import type { SampleValue } from "../../shared/rehearsal.ts";
import { describeKey } from "../sample-values.ts";

/** Rows that made a restore fail. Each is given by its key, for example `id = 17`. */
export interface BlamedRows {
  /** Key of the first row. */
  key?: string;
  /** Keys of the next few rows. */
  otherKeys?: string[];
  /** How many rows there are, if not all are listed. */
  violatingRows?: number;
  /** For a foreign key: what the first row refers to, for example `parent_id = 17`. */
  missing?: string;
  /** The row that conflicts with the first one. */
  conflictsWith?: string;
}

export const MAX_BLAMED_ROWS = 5;

/** Describes rows by their keys, at most `MAX_BLAMED_ROWS`. @param total null if unknown */
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
