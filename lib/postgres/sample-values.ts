import { SAMPLE_CHARACTERS, type SampleValue } from "../shared/rehearsal.ts";
import { quoteIdentifier } from "./identifiers.ts";

/** An SQL array of the expressions' values, shortened, for `readSample`. */
export const sampleOf = (expressions: readonly string[]): string =>
  expressions.length === 0
    ? "ARRAY[]::text[]"
    : `ARRAY[${expressions.map((it) => `pg_catalog.left((${it})::text, ${SAMPLE_CHARACTERS + 1})`).join(", ")}]`;

export const columnsOfRow = (row: string, columns: readonly string[]): string[] =>
  columns.map((column) => `${row}.${quoteIdentifier(column)}`);

export const readSample = (values: readonly SampleValue[]): SampleValue[] =>
  values.map((value) => {
    if (value === null || value.length <= SAMPLE_CHARACTERS) return value;
    // Counts characters as PostgreSQL does, so that none is cut in half.
    const characters = Array.from(value);
    return characters.length > SAMPLE_CHARACTERS
      ? `${characters.slice(0, SAMPLE_CHARACTERS).join("")}…`
      : value;
  });

/** A row's key, by which a person can look it up: `id = 17`. Undefined if it has none. */
export function describeKey(
  columns: readonly string[],
  values: readonly SampleValue[],
): string | undefined {
  if (columns.length === 0 || values.includes(null)) return undefined;
  const pairs = columns.map((column, index) => `${column} = ${values[index]}`);
  return readSample([pairs.join(", ")])[0] ?? undefined;
}
