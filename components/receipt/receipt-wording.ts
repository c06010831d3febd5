import { formatNoun } from "../../lib/shared/format.ts";
import type { Receipt } from "../../lib/shared/receipt.ts";
import { MODES } from "../scope/mode-wording.ts";

/** Says which part of the backup was restored, and in which mode. */
export function scopeText({ mode, tables, chosenRows }: NonNullable<Receipt["scope"]>): string {
  const what =
    chosenRows !== null
      ? formatNoun(chosenRows, "chosen row")
      : tables
        ? formatNoun(tables.length, "chosen table")
        : "every table of the backup";
  return `${MODES[mode].title}: ${what}`;
}

const SHORT_DIGEST = 12;

/** Shortens a checksum to a length that can be compared by eye. */
export const shortDigest = (sha256: string): string => `${sha256.slice(0, SHORT_DIGEST)}…`;

/** Returns `2026-01-31-restore-3f2a91c0.json`. */
export const receiptFileName = ({ createdAt, kind, operationId }: Receipt): string =>
  `${createdAt.slice(0, 10)}-${kind}-${operationId.slice(0, 8)}.json`;

export function sumRows({ tables }: Receipt) {
  const sum = { before: 0, inBackup: 0, after: 0 };
  for (const table of tables) {
    sum.before += table.rowsBefore ?? 0;
    sum.inBackup += table.rowsInBackup;
    sum.after += table.rowsAfter ?? 0;
  }
  return sum;
}
