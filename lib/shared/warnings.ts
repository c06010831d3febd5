import type { Warning } from "./api.ts";
import { MAX_MESSAGE_LENGTH, MAX_WARNINGS, MAX_WARNINGS_LENGTH } from "./archive-format.ts";
import { formatCount } from "./format.ts";

/** Cuts a text from an archive to a length that a person may read. */
export const clip = (text: string, maxLength = MAX_MESSAGE_LENGTH): string =>
  text.length > maxLength ? `${text.slice(0, maxLength - 1)}…`.toWellFormed() : text;

/**
 * Limits warnings to the number that a manifest, a plan or a result may contain. Beyond that, it keeps the first ones
 * of each code and adds how many more there are. It does not change a result that it has already limited.
 */
export function summariseWarnings(warnings: readonly Warning[]): Warning[] {
  const clipped = warnings.map((it) => ({ ...it, message: clip(it.message) }));
  const length = clipped.reduce((sum, { message }) => sum + message.length, 0);
  if (clipped.length <= MAX_WARNINGS && length <= MAX_WARNINGS_LENGTH) return clipped;
  const kept = new Set<Warning>();
  let room = MAX_WARNINGS_LENGTH - MAX_MESSAGE_LENGTH;
  for (const warning of byTurns(clipped)) {
    room -= warning.message.length;
    if (room < 0 || kept.size === MAX_WARNINGS - 1) break;
    kept.add(warning);
  }
  const more = formatCount(clipped.length - kept.size);
  return [
    ...clipped.filter((warning) => kept.has(warning)),
    { code: "MORE_WARNINGS", message: `There are ${more} more warnings, which are not listed.` },
  ];
}

/** Sorts the first of each code before the second of each, and so on. */
function byTurns(warnings: readonly Warning[]): Warning[] {
  const seen = new Map<string, number>();
  const turns = warnings.map((warning) => {
    const turn = seen.get(warning.code) ?? 0;
    seen.set(warning.code, turn + 1);
    return { warning, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ warning }) => warning);
}
