/** A separate process that reads whole backups, as the check before a restore does, and reports the cost of each. */

import { openArchive } from "../archive/archive-reader.ts";
import { verifyTables } from "../restore/verify-tables.ts";
import type { Unlock } from "../shared/api.ts";
import { toBackupError } from "../to-backup-error.ts";

process.on("unhandledRejection", () => process.exit(3));
process.on("disconnect", () => process.exit());
process.on("message", async ({ path, unlock }: { path: string; unlock: Unlock }) => {
  const before = process.cpuUsage();
  let outcome = "accepted";
  try {
    await using archive = await openArchive(path);
    await archive.unlock(unlock);
    await verifyTables(archive, () => {});
  } catch (error) {
    outcome = toBackupError(error).code;
  }
  // Since the process began.
  const { maxRSS } = process.resourceUsage();
  const { user, system } = process.cpuUsage(before);
  const cpuMs = Math.round((user + system) / 1000);
  process.send?.({ outcome, cpuMs, peakMb: Math.round(maxRSS / 1024) });
});
