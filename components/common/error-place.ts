import { formatCount } from "../../lib/shared/format.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import type { PanelErrorReport } from "../api.ts";
import type { Fact } from "./facts.tsx";

const isTable = (value: unknown): value is { schema: string; name: string } =>
  typeof value === "object" && value !== null && "schema" in value && "name" in value;

const isRange = (value: unknown): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((it) => typeof it === "number");

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((it) => typeof it === "string");

/** The table, rows, column and constraint that an error is about, as far as the server names them. */
export function errorPlace({ details = {} }: PanelErrorReport): Fact[] {
  const { table, rows, column, constraint, key, otherKeys, violatingRows } = details;
  const { conflictsWith, missing } = details;
  const facts: Fact[] = [];
  if (isTable(table)) facts.push({ label: "Table", value: tableLabel(table) });
  if (typeof key === "string") facts.push({ label: "Key", value: key });
  if (isTexts(otherKeys)) facts.push({ label: "Other rows", value: otherKeys.join("; ") });
  if (typeof violatingRows === "number")
    facts.push({ label: "Rows in all", value: formatCount(violatingRows) });
  if (typeof conflictsWith === "string")
    facts.push({ label: "The row in its way", value: conflictsWith });
  if (typeof missing === "string") facts.push({ label: "Not there", value: missing });
  if (isRange(rows)) {
    const [first, last] = rows;
    facts.push(
      first === last
        ? { label: "Row of the backup", value: String(first) }
        : { label: "Rows of the backup", value: `${first} to ${last}` },
    );
  }
  if (typeof column === "string") facts.push({ label: "Column", value: column });
  if (typeof constraint === "string") facts.push({ label: "Constraint", value: constraint });
  // If the table is all that is known, the message names it already.
  return facts.length > 1 ? facts : [];
}
