import { randomBytes } from "node:crypto";

/** Of characters that every system takes in a file name. */
const slugOf = (databaseName: string): string =>
  databaseName.replaceAll(/[^A-Za-z0-9_-]+/g, "-").replaceAll(/^-+|-+$/g, "") || "database";

/** `shop-2026-07-01-0930.zip`: what a person downloads. Time in UTC. */
export function archiveFileName(databaseName: string, time: Date): string {
  const [date, clock = ""] = time.toISOString().split("T");
  return `${slugOf(databaseName)}-${date}-${clock.slice(0, 5).replace(":", "")}.zip`;
}

/**
 * `shop-2026-07-01-093012-4f1c22`, for a backup among others in a folder. They sort by time (UTC); the end differs
 * between backups of the same second, whichever process makes them.
 */
export function uniqueBackupName(databaseName: string, time: Date): string {
  const [date, clock = ""] = time.toISOString().split("T");
  const end = randomBytes(3).toString("hex");
  return `${slugOf(databaseName)}-${date}-${clock.slice(0, 8).replaceAll(":", "")}-${end}`;
}
