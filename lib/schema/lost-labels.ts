import type { EnumType } from "./catalog.ts";

/** How many labels are named. */
const NAMED = 5;

/** Labels that values in the backup may have but the enum no longer has. */
export function lostLabels(
  archived: readonly string[] | undefined,
  now: EnumType | undefined,
): string[] {
  if (!archived || !now) return [];
  const labels = new Set(now.labels);
  return archived.filter((label) => !labels.has(label));
}

/** The rest of a sentence that begins with the type or one of its columns. */
export function lostSentence(lost: readonly string[]): string {
  const named = lost.slice(0, NAMED).map((label) => `“${label}”`);
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : "";
  const noun = lost.length === 1 ? "label" : "labels";
  return `does not take the ${noun} ${named.join(", ")}${more} any more: a row of the backup with ${lost.length === 1 ? "it" : "one of them"} makes the restore fail.`;
}

/** The statements that add the first few labels. */
export const addLabels = (lost: readonly string[], { type }: EnumType = { type: "", labels: [] }) =>
  lost
    .slice(0, NAMED)
    .map((label) => `ALTER TYPE ${type} ADD VALUE '${label.replaceAll("'", "''")}';`)
    .join(" ");
