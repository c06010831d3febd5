import { splitObject, textOf } from "./json-text.ts";
import type { RowIndex } from "./row-index.ts";

export interface Column {
  name: string;
  /** As PostgreSQL names it; null where the backup does not say. */
  type: string | null;
}

/** Cells of one row in the order of the columns, as text; NULL is null. */
export function cellsOf(json: string, columns: readonly Column[]): Array<string | null> {
  const members = splitObject(json);
  return columns.map(({ name, type }) => {
    const value = members.get(name);
    return value === undefined ? null : type === "jsonb" ? jsonbText(value) : textOf(value);
  });
}

/** A jsonb that could be taken for SQL NULL is wrapped: see docs/archive-format.md. A JSON string keeps its quotes. */
function jsonbText(value: string): string | null {
  if (value === "null") return null;
  const wrapped = /^\{\s*"\$json"/.test(value) ? splitObject(value).get("$json") : undefined;
  return wrapped ?? value;
}

/** So many rows tell which keys there are, where no manifest does. */
const ROWS_LOOKED_AT = 1000;

/** The keys of rows that no manifest describes, in the order in which they first appear. */
export function columnsOfRows(index: RowIndex): Column[] {
  const names = new Set<string>();
  for (let row = 0; row < Math.min(index.rows, ROWS_LOOKED_AT); row++) {
    for (const name of splitObject(index.row(row)).keys()) names.add(name);
  }
  return [...names].map((name) => ({ name, type: null }));
}
