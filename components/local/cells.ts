import { splitObject, textOf } from "./json-text.ts";
import type { RowIndex } from "./row-index.ts";

export interface Column {
  name: string;
  /** PostgreSQL's name of the type. Null if the backup does not contain it. */
  type: string | null;
}

/** Returns one row's cells as text, in the order of the columns. NULL is null. */
export function cellsOf(json: string, columns: readonly Column[]): Array<string | null> {
  const members = splitObject(json);
  return columns.map(({ name, type }) => {
    const value = members.get(name);
    return value === undefined ? null : type === "jsonb" ? jsonbText(value) : textOf(value);
  });
}

/**
 * A jsonb value that could be taken for SQL NULL is wrapped: see docs/archive-format.md. A JSON string keeps its
 * quotes.
 */
function jsonbText(value: string): string | null {
  if (value === "null") return null;
  const wrapped = /^\{\s*"\$json"/.test(value) ? splitObject(value).get("$json") : undefined;
  return wrapped ?? value;
}

/** Number of rows to examine for keys if there is no manifest. */
const ROWS_LOOKED_AT = 1000;

/** Returns the keys of rows without a manifest, in the order of their first appearance. */
export function columnsOfRows(index: RowIndex): Column[] {
  const names = new Set<string>();
  for (let row = 0; row < Math.min(index.rows, ROWS_LOOKED_AT); row++) {
    for (const name of splitObject(index.row(row)).keys()) names.add(name);
  }
  return [...names].map((name) => ({ name, type: null }));
}
