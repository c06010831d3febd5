import type { ArchiveFault } from "../../lib/shared/archive/fault.ts";
import { type ArchiveVerdict, verdictOfError } from "../../lib/shared/archive-verdict.ts";

/** JSZip reads a whole file into memory. Of larger files, only the beginning and the end are read. */
export const LOOK_INSIDE_MAX_BYTES = 500_000_000;

/** Why a file cannot be restored. */
export interface NotABackup {
  kind: "not-a-backup";
  verdict: Exclude<ArchiveVerdict, "fine">;
  message: string;
  hint: string;
}

export const notABackup = (message: string, hint: string): NotABackup => ({
  kind: "not-a-backup",
  verdict: "not-a-backup",
  message,
  hint,
});

export const refusalOf = (fault: ArchiveFault): NotABackup => ({
  kind: "not-a-backup",
  verdict: verdictOf(fault),
  message: fault.message,
  hint: fault.hint,
});

/** Returns the verdict for a fault's code. Every code has one. */
export function verdictOf(fault: ArchiveFault): NotABackup["verdict"] {
  const verdict = verdictOfError(fault);
  return verdict === null || verdict === "fine" ? "damaged" : verdict;
}
