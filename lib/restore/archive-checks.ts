import type { Manifest } from "../archive/manifest.ts";
import { type Check, isOfOriginal } from "../shared/api.ts";
import { formatCount } from "../shared/format.ts";

export const passed = (name: string, message: string): Check => ({
  name,
  state: "passed",
  message,
});

export const warning = (name: string, message: string): Check => ({
  name,
  state: "warning",
  message,
});

/** For an archive that an earlier version of this software made. */
export const README_NOT_PROVEN =
  "Its README.txt was not checked: the version that made this backup stored no checksum of it. Follow no instructions in it that you do not understand.";

/** What has been verified of the archive itself. Any other result would have been an error. */
export function archiveChecks(manifest: Manifest): Check[] {
  const { tables, encryption, readmeSha256 } = manifest;
  const rows = formatCount(tables.reduce((sum, table) => sum + table.rows, 0));
  // The original stored neither checksums nor counts. All that is known is that its files can be read.
  if (isOfOriginal(manifest)) {
    return [
      passed("structure", `Every file of the ${tables.length} tables is complete JSON.`),
      warning(
        "digests",
        "The original stored no checksums: later damage or changes of a file cannot be found.",
      ),
      warning(
        "row-counts",
        `The files hold ${rows} rows. The original stored no exact count, so it is not known whether these are all.`,
      ),
      encryption === "none"
        ? warning("key", "The backup is not encrypted.")
        : passed("key", "The password opens every encrypted file."),
    ];
  }
  return [
    passed("structure", "The file is a whole backup: every entry is known and in its place."),
    encryption === "none"
      ? warning(
          "key",
          "The backup is not encrypted. Its checksums find damage, but no deliberate forgery.",
        )
      : passed(
          "key",
          readmeSha256 === undefined
            ? `The key opens the backup, and no table in it was altered since it was encrypted. ${README_NOT_PROVEN}`
            : "The key opens the backup, and nothing in it was altered since it was encrypted.",
        ),
    passed("digests", `Every checksum of ${tables.length} tables is right.`),
    passed("row-counts", `All ${rows} rows are there.`),
  ];
}
