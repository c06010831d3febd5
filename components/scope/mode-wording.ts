import type { Operation, RestoreMode, RestorePlan, RestoreScope } from "../../lib/shared/api.ts";
import { formatNoun, formatTables, isPartial } from "../../lib/shared/format.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import { chosenRows, MIGRATIONS_TABLE } from "./scope-draft.ts";

interface ModeWording {
  title: string;
  /** What happens to existing rows. */
  consequence: string;
  /** The title of the last confirmation. */
  question: string;
}

export const MODES: Record<RestoreMode, ModeWording> = {
  replace: {
    title: "Replace",
    consequence:
      "Afterwards the tables hold exactly the backup's rows. Data that was added or changed since the backup is lost.",
    question: "Replace the data?",
  },
  "if-empty": {
    title: "Only into empty tables",
    consequence:
      "You cannot lose data. If any of the tables has a row, the restore fails and changes nothing.",
    question: "Fill the empty tables?",
  },
  "keep-existing": {
    title: "Merge, database wins",
    consequence:
      "Rows whose key is missing are added. Existing rows stay as they are. Nothing is deleted.",
    question: "Add the missing rows?",
  },
  overwrite: {
    title: "Merge, backup wins",
    consequence:
      "Rows with the same key are replaced by the backup's rows. The backup's other rows are added. Nothing is deleted.",
    question: "Replace rows with the same key?",
  },
};

/** These modes remove no rows and can restore single rows. */
export const MERGING_MODES: readonly RestoreMode[] = ["keep-existing", "overwrite"];

/** Whether no table of the app is left out, also if each was named. */
export const isEverything = ({ scope, tables }: Pick<RestorePlan, "scope" | "tables">): boolean =>
  !scope.rows &&
  !scope.exclude &&
  tables.every(
    ({ name, action, platform }) => action !== "skip" || platform || name === MIGRATIONS_TABLE,
  );

/**
 * Returns `1 of 25 tables` if the backup was made of some tables only, otherwise null. A safety backup counts as whole: it
 * has every table that its restore replaced.
 */
export function partOf(
  { manifest, tables }: Pick<RestorePlan, "manifest" | "tables">,
  { undoes }: Pick<Operation, "undoes">,
): string | null {
  const { tables: inBackup, tablesInDatabase } = manifest;
  if (undoes || !isPartial(inBackup.length, tablesInDatabase)) return null;
  return formatTables(tables.filter(({ action }) => action !== "skip").length, tablesInDatabase);
}

/**
 * Names what is restored: `Everything: 24 tables`, `Everything except what was left out: 23 tables`, `Everything in this
 * backup: 1 of 25 tables`, `3 chosen tables`, `12 chosen rows of public.orders`.
 */
export function describeScope(
  plan: Pick<RestorePlan, "scope" | "tables" | "manifest">,
  operation: Pick<Operation, "undoes">,
): string {
  const { scope, tables } = plan;
  const { rows, tables: chosen } = scope;
  if (rows) return describeRows(rows);
  if (chosen && !isEverything(plan)) return formatNoun(chosen.length, "chosen table");
  const part = partOf(plan, operation);
  const count = tables.filter(({ action }) => action !== "skip").length;
  return `Everything${part ? " in this backup" : ""}${scope.exclude ? " except what was left out" : ""}: ${part ?? formatNoun(count, "table")}`;
}

export const describeRows = (rows: NonNullable<RestoreScope["rows"]>): string =>
  `${formatNoun(chosenRows(rows), "chosen row")} of ${rows.map(tableLabel).join(", ")}`;

/** One sentence about what a restore will do. */
export function describeRestore(plan: RestorePlan, database: string): string {
  const touched = plan.tables.filter(({ action }) => action !== "skip");
  const what = plan.scope.rows
    ? describeRows(plan.scope.rows)
    : `the backup's rows of ${formatNoun(touched.length, "table")}`;
  const where = `in ${database}`;
  const isOne = plan.scope.rows !== undefined && chosenRows(plan.scope.rows) === 1;
  switch (plan.scope.mode) {
    case "replace":
      return `All rows of ${formatNoun(touched.length, "table")} ${where} are replaced by those of the backup. Data that was added since then is lost.`;
    case "if-empty":
      return `${upper(what)} are put into the empty tables ${where}. If one of them has a row by then, nothing changes.`;
    case "keep-existing":
      return `Those of ${what} whose key is missing ${where} come back. Existing rows do not change. Nothing is deleted.`;
    case "overwrite":
      return `${upper(what)} ${isOne ? "comes" : "come"} back ${where}, and ${isOne ? "replaces the row" : "replace rows"} with the same key. Other rows do not change. Nothing is deleted.`;
    default:
      throw plan.scope.mode satisfies never;
  }
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
