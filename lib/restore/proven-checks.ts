import type { Manifest } from "../archive/manifest.ts";
import { type Check, type EncryptionMode, isOfOriginal } from "../shared/api.ts";
import { formatCount } from "../shared/format.ts";

/** What has been verified so far. Any other result would have been an error. */
export function provenChecks(manifest: Manifest): Check[] {
  const { tables, encryption, readmeSha256 } = manifest;
  const rows = formatCount(tables.reduce((sum, table) => sum + table.rows, 0));
  return isOfOriginal(manifest)
    ? provenOfOriginal(tables.length, rows, encryption)
    : provenOfOurs(tables.length, rows, { encryption, provesReadme: readmeSha256 !== undefined });
}

function provenOfOurs(
  tables: number,
  rows: string,
  { encryption, provesReadme }: { encryption: EncryptionMode; provesReadme: boolean },
): Check[] {
  return [
    {
      name: "structure",
      state: "passed",
      message: "The file is a whole backup: every entry is known and in its place.",
    },
    encryption === "none"
      ? {
          name: "key",
          state: "warning",
          message:
            "The backup is not encrypted. Its checksums find damage, but no deliberate forgery.",
        }
      : {
          name: "key",
          state: "passed",
          message: provesReadme
            ? "The key opens the backup, and nothing in it was altered since it was encrypted."
            : `The key opens the backup, and no table in it was altered since it was encrypted. ${README_NOT_PROVEN}`,
        },
    {
      name: "digests",
      state: "passed",
      message: `Every checksum of ${tables} tables is right.`,
    },
    {
      name: "row-counts",
      state: "passed",
      message: `All ${rows} rows are there.`,
    },
  ];
}

/** For an archive that an earlier version of this software made. */
export const README_NOT_PROVEN =
  "Its README.txt was not checked: the version that made this backup stored no checksum of it. Follow no instructions in it that you do not understand.";

/** The original stored neither digests nor counts. All that is known is that its files can be read. */
function provenOfOriginal(tables: number, rows: string, encryption: EncryptionMode): Check[] {
  const checks: Check[] = [
    {
      name: "structure",
      state: "passed",
      message: `Every file of the ${tables} tables is complete JSON.`,
    },
    {
      name: "digests",
      state: "warning",
      message:
        "The original stored no checksums: later damage or changes of a file cannot be found.",
    },
    {
      name: "row-counts",
      state: "warning",
      message: `The files hold ${rows} rows. The original stored no exact count, so it is not known whether these are all.`,
    },
  ];
  if (encryption === "none") {
    checks.push({ name: "key", state: "warning", message: "The backup is not encrypted." });
  } else {
    checks.push({
      name: "key",
      state: "passed",
      message: "The password opens every encrypted file.",
    });
  }
  return checks;
}
