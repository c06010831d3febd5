import { openArchive } from "../archive/archive-reader.ts";
import { README_NOT_PROVEN } from "../restore/archive-checks.ts";
import { verifyTables } from "../restore/verify-tables.ts";
import { type EncryptionMode, isOfOriginal } from "../shared/api.ts";
import { formatNoun } from "../shared/format.ts";
import { showProgress } from "./progress-bar.ts";
import { parseOptions, readUnlock, UNLOCK_OPTIONS } from "./usage.ts";

/** Anyone with the key of an archive can forge one. Without encryption that is anybody. */
const PROVES: Record<EncryptionMode, string> = {
  passphrase: "",
  recipients: "",
  none: ". It is not encrypted: this finds damage, but no deliberate forgery",
};

/** `verify`: reads a whole backup and checks all its checksums and row counts. Needs no database. */
export async function verify(args: string[], signal: AbortSignal): Promise<void> {
  const options = parseOptions(args, UNLOCK_OPTIONS, 1);
  const unlock = await readUnlock(options);
  using progress = showProgress();
  await using archive = await openArchive(options.file);
  await archive.unlock(unlock);
  await verifyTables(archive, progress.onProgress, signal);
  progress.end();
  const { tables, warnings, tool, readmeSha256 } = archive.manifest;
  const isOriginal = isOfOriginal(archive.manifest);
  for (const { message } of warnings) process.stderr.write(`warning: ${message}\n`);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const proof = isOriginal
    ? `every row can be read. Written by ${tool}, which stores no checksum: damage or forgery that is still valid JSON is not found`
    : `every checksum is right${PROVES[archive.encryption]}`;
  const isReadmeUnknown = !isOriginal && readmeSha256 === undefined;
  if (isReadmeUnknown) process.stderr.write(`warning: ${README_NOT_PROVEN}\n`);
  process.stdout.write(
    `${options.file}: ${formatNoun(tables.length, "table")}, ${formatNoun(rows, "row")}, ${proof}\n`,
  );
}
