import { createArchiveKey } from "../archive/encryption.ts";
import { createBackupFile } from "../backup/create-backup-file.ts";
import { openDatabase } from "../postgres/connection/connection.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import type { EncryptionChoice } from "../shared/api.ts";
import { formatBytes, formatDuration, formatNoun, formatTables } from "../shared/format.ts";
import { showProgress } from "./progress-bar.ts";
import {
  parseExclusion,
  parseInclude,
  parseOptions,
  parseTableName,
  passphraseWarnings,
  readNewPassphrase,
  required,
  UsageError,
} from "./usage.ts";

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
    include: { type: "string", multiple: true },
  });
  const url = required(options.url, "url");
  const path = required(options.out, "out");
  const tables = options.table?.map(parseTableName);
  const exclude = options.exclude?.map(parseExclusion);
  const include = parseInclude(options.include, tables);
  const key = await createArchiveKey(await readChoice(options));

  await using database = openDatabase({ connectionString: url });
  using progress = showProgress();
  const result = await createBackupFile({
    path,
    kind: "zip",
    database,
    models: NO_PRISMA_MODELS,
    tables,
    exclude,
    include,
    key,
    signal,
    onProgress: progress.onProgress,
  });
  progress.end();
  for (const { code, message } of result.warnings) {
    process.stderr.write(`warning: ${message}\n`);
    if (code === "PLATFORM_SCHEMAS")
      process.stderr.write("hint: To choose one: --include SCHEMA, or --include SCHEMA.NAME\n");
  }
  process.stdout.write(
    `${path}: ${formatTables(result.tables.length, result.tablesInDatabase)}, ${formatNoun(result.rows, "row")}, ${formatBytes(result.archiveBytes ?? 0)} in ${formatDuration(result.elapsedMs)}\n`,
  );
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
  if (passphraseFile !== undefined) {
    const passphrase = await readNewPassphrase(passphraseFile);
    for (const warning of passphraseWarnings(passphrase, passphraseFile))
      process.stderr.write(`warning: ${warning}\n`);
    return { mode: "passphrase", passphrase };
  }
  return recipient === undefined ? { mode: "none" } : { mode: "recipients", recipients: recipient };
}
