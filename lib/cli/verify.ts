import { openArchive } from "../archive/archive-reader.ts";
import { verifyTables } from "../restore/verify-archive.ts";
import { formatNoun } from "../shared/format.ts";
import { showProgress } from "./progress-bar.ts";
import { parseOptions, readUnlock, UNLOCK_OPTIONS } from "./usage.ts";

/** `verify`: reads everything in an archive and checks every digest and row count. Needs no database. */
export async function verify(args: string[], signal: AbortSignal): Promise<void> {
  const options = parseOptions(args, UNLOCK_OPTIONS, 1);
  const unlock = await readUnlock(options);
  const progress = showProgress();
  try {
    await using archive = await openArchive(options.file);
    await archive.unlock(unlock);
    await verifyTables(archive, progress.onProgress, signal);
    progress.end();
    const { tables } = archive.manifest;
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    process.stdout.write(
      `${options.file}: ${formatNoun(tables.length, "table")}, ${formatNoun(rows, "row")}, every digest is right\n`,
    );
  } finally {
    progress.end();
  }
}
