import type { RestoreMode, RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import { chosenRows } from "./scope-draft.ts";

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
      "The tables hold exactly the backup's rows afterwards. What was added or changed since then is lost.",
    question: "Replace the data?",
  },
  "if-empty": {
    title: "Only into empty tables",
    consequence:
      "Nothing can be lost: a table that has any row stops the restore, and nothing changes.",
    question: "Fill the empty tables?",
  },
  "keep-existing": {
    title: "Merge, keeping the rows that are there",
    consequence:
      "Rows whose key is not there are added. Rows that are there stay exactly as they are. None is removed.",
    question: "Add the missing rows?",
  },
  overwrite: {
    title: "Merge, overwriting by key",
    consequence:
      "Rows whose key is there become the backup's, and the others are added. None is removed, also none that only the database has.",
    question: "Overwrite rows by key?",
  },
};

/** These modes remove no rows and can restore single rows. */
export const MERGING_MODES: readonly RestoreMode[] = ["keep-existing", "overwrite"];

/**
 * Names what is restored: `Everything: 24 tables`, `Everything but what was left out: 23 tables`, `3 chosen tables`,
 * `12 chosen rows of public.orders`.
 */
export function describeScope({ scope, tables }: Pick<RestorePlan, "scope" | "tables">): string {
  const { rows, tables: chosen } = scope;
  if (rows) {
    const names = rows.map(tableLabel).join(", ");
    return `${formatNoun(chosenRows(rows), "chosen row")} of ${names}`;
  }
  if (chosen) return formatNoun(chosen.length, "chosen table");
  const count = tables.filter(({ action }) => action !== "skip").length;
  return `${scope.exclude ? "Everything but what was left out" : "Everything"}: ${formatNoun(count, "table")}`;
}

/** One sentence about what a restore will do. */
export function describeRestore(plan: RestorePlan, database: string): string {
  const touched = plan.tables.filter(({ action }) => action !== "skip");
  const what = plan.scope.rows
    ? describeScope(plan)
    : `the backup's rows of ${formatNoun(touched.length, "table")}`;
  const where = `in ${database}`;
  switch (plan.scope.mode) {
    case "replace":
      return `All rows of ${formatNoun(touched.length, "table")} ${where} are replaced by those of the backup. What was added since then is lost.`;
    case "if-empty":
      return `${upper(what)} are put into the empty tables ${where}. If one of them has a row by then, nothing changes.`;
    case "keep-existing":
      return `Those of ${what} whose key is missing ${where} are added. No row that is there changes or is removed.`;
    case "overwrite":
      return `${upper(what)} are added ${where}, and take the place of rows with the same key. No other row changes or is removed.`;
    default:
      throw plan.scope.mode satisfies never;
  }
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
