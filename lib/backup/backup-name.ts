import { randomBytes } from "node:crypto";

/** Replaces characters that are not allowed in file names on every system. */
const slugOf = (databaseName: string): string =>
  databaseName.replaceAll(/[^A-Za-z0-9_-]+/g, "-").replaceAll(/^-+|-+$/g, "") || "database";

/**
 * Returns `shop-2026-07-01-0930Z.zip`, the name of a download. The Z says that the time is UTC.
 *
 * @param part says what the file lacks, as in `shop-2026-07-01-0930Z-1-of-25-tables.zip`
 */
export function archiveFileName(databaseName: string, time: Date, part = ""): string {
  const [date, clock = ""] = time.toISOString().split("T");
  return `${slugOf(databaseName)}-${date}-${clock.slice(0, 5).replace(":", "")}Z${part && `-${part}`}.zip`;
}

/**
 * Returns `shop-2026-07-01-093012Z-4f1c22`, the name of a backup among others in a folder. Names sort by time (UTC). The
 * random end distinguishes backups of the same second, even by different processes.
 */
export function uniqueBackupName(databaseName: string, time: Date): string {
  const [date, clock = ""] = time.toISOString().split("T");
  const end = randomBytes(3).toString("hex");
  return `${slugOf(databaseName)}-${date}-${clock.slice(0, 8).replaceAll(":", "")}Z-${end}`;
}
