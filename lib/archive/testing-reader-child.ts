/** A process of its own that reads a backup whole, as the check before a restore does, and says what that took. */
import { toBackupError } from "../errors.ts";
import { verifyTables } from "../restore/verify-archive.ts";
import { openArchive } from "./archive-reader.ts";

process.on("unhandledRejection", () => process.exit(3));
const [path = "", unlock = "{}"] = process.argv.slice(2);
const startedAt = performance.now();
let outcome = "accepted";
try {
  await using archive = await openArchive(path);
  await archive.unlock(JSON.parse(unlock));
  await verifyTables(archive, () => {});
} catch (error) {
  outcome = toBackupError(error).code;
}
const { maxRSS } = process.resourceUsage();
const elapsedMs = Math.round(performance.now() - startedAt);
process.stdout.write(JSON.stringify({ outcome, elapsedMs, peakMb: Math.round(maxRSS / 1024) }));
