/** The verdict about a file, in the same words for the browser's check and the server's. */
import type { ErrorReport } from "./api.ts";
import type { ErrorCode } from "./error-codes.ts";

export type ArchiveVerdict =
  | "fine"
  | "wrong-passphrase"
  | "wrong-identity"
  | "damaged"
  | "incomplete"
  | "not-a-backup"
  | "newer-version";

export const VERDICT_TITLES: Record<ArchiveVerdict, string> = {
  fine: "This backup is fine.",
  "wrong-passphrase": "Wrong passphrase.",
  "wrong-identity": "Wrong private key.",
  damaged: "This backup is damaged.",
  incomplete: "This backup is incomplete.",
  "not-a-backup": "This is not a backup.",
  "newer-version": "This backup was made by a newer version.",
};

const VERDICT_OF_CODE: Partial<Record<ErrorCode, ArchiveVerdict>> = {
  WRONG_PASSPHRASE: "wrong-passphrase",
  NO_MATCHING_IDENTITY: "wrong-identity",
  ARCHIVE_INVALID: "damaged",
  DIGEST_MISMATCH: "damaged",
  ARCHIVE_TRUNCATED: "incomplete",
  FORMAT_UNSUPPORTED: "newer-version",
};

/** Returns the verdict of a server error, or null if the error is not about the archive. */
export function verdictOfError({
  code,
  details,
}: {
  code: string;
  details?: ErrorReport["details"];
}): ArchiveVerdict | null {
  const named = details?.verdict;
  if (typeof named === "string" && Object.hasOwn(VERDICT_TITLES, named)) {
    return named as ArchiveVerdict;
  }
  return VERDICT_OF_CODE[code as ErrorCode] ?? null;
}
