import { access, open, rename, rm } from "node:fs/promises";
import type { Writable } from "node:stream";
import { createArchiveKey } from "../archive/encryption.ts";
import { runBackup } from "../backup/run-backup.ts";
import { BackupError } from "../errors.ts";
import { openDatabase } from "../postgres/connection.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import type { EncryptionChoice } from "../shared/api.ts";
import { formatBytes, formatDuration, formatNoun } from "../shared/format.ts";
import { showProgress } from "./progress-bar.ts";
import { parseOptions, parseTableName, readPassphrase, required, UsageError } from "./usage.ts";

/** `create`: backs up a database into a new file. A failure leaves no file. */
export async function create(args: string[], signal: AbortSignal): Promise<void> {
  const options = parseOptions(args, {
    url: { type: "string" },
    out: { type: "string" },
    "passphrase-file": { type: "string" },
    recipient: { type: "string", multiple: true },
    "no-encryption": { type: "boolean" },
    table: { type: "string", multiple: true },
    exclude: { type: "string", multiple: true },
  });
  const url = required(options.url, "url");
  const path = required(options.out, "out");
  const tables = options.table?.map(parseTableName);
  const exclude = options.exclude?.map(parseTableName);
  const key = await createArchiveKey(await readChoice(options));
  if (await exists(path)) {
    throw new BackupError("REQUEST_INVALID", `${path} exists already. No backup was made.`, {
      hint: "Choose another name; a backup is never overwritten.",
    });
  }

  const partial = `${path}.partial`;
  const database = openDatabase({ connectionString: url });
  const output = await createPartial(partial);
  const progress = showProgress();
  try {
    const result = await runBackup({
      database,
      models: NO_PRISMA_MODELS,
      tables,
      exclude,
      key,
      output,
      signal,
      onProgress: progress.onProgress,
    });
    // The name appears once the bytes are on the disk, so that whatever has it is whole.
    await using file = await open(partial);
    await file.sync();
    await rename(partial, path);
    progress.end();
    for (const { message } of result.warnings) process.stderr.write(`warning: ${message}\n`);
    process.stdout.write(
      `${path}: ${formatNoun(result.tables.length, "table")}, ${formatNoun(result.rows, "row")}, ${formatBytes(result.archiveBytes ?? 0)} in ${formatDuration(result.elapsedMs)}\n`,
    );
  } catch (error) {
    progress.end();
    await rm(partial, { force: true });
    throw error;
  } finally {
    await database.close();
  }
}

async function readChoice(options: {
  "passphrase-file"?: string;
  recipient?: string[];
  "no-encryption"?: boolean;
}): Promise<EncryptionChoice> {
  const { "passphrase-file": passphraseFile, recipient, "no-encryption": none } = options;
  const given = [passphraseFile, recipient, none].filter((it) => it !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      "Choose the encryption: --passphrase-file, --recipient or --no-encryption.",
    );
  }
  if (passphraseFile !== undefined)
    return { mode: "passphrase", passphrase: await readPassphrase(passphraseFile) };
  return recipient === undefined ? { mode: "none" } : { mode: "recipients", recipients: recipient };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Exclusive: two runs to the same file must not mix. */
async function createPartial(path: string): Promise<Writable> {
  try {
    return (await open(path, "wx", 0o600)).createWriteStream();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "unknown error";
    if (code !== "EEXIST") {
      throw new BackupError(
        "REQUEST_INVALID",
        `${path} cannot be written (${code}). No backup was made.`,
        {
          hint: "Choose a folder that exists and may be written to.",
          cause,
        },
      );
    }
    throw new BackupError("REQUEST_INVALID", `${path} exists already. No backup was made.`, {
      hint: "Another run is writing it, or one was killed. In that case delete it: it is no backup.",
      cause,
    });
  }
}
