import { mkdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { createArchiveKey } from "./archive/encryption.ts";
import { uniqueBackupName } from "./backup/backup-name.ts";
import { createBackupFile } from "./backup/create-backup-file.ts";
import {
  abortAs,
  type ClassOptions,
  classOptionsShape,
  parseClassOptions,
  readCatalogOf,
} from "./class-options.ts";
import { openConfiguredDatabase } from "./configured-database.ts";
import { BackupError, systemCodeOf } from "./errors.ts";
import type { Database } from "./postgres/connection/connection.ts";
import { findIncluded, tablesCalled } from "./schema/find-table.ts";
import { type PrismaModels, readPrismaModels } from "./schema/prisma-models.ts";
import type { Exclusion, OperationResult, Warning } from "./shared/api.ts";
import { leaveOutIn } from "./shared/leave-out.ts";
import { PASSPHRASE_MIN_LENGTH } from "./shared/limits.ts";
import { toBackupError } from "./to-backup-error.ts";

/** The options of `PrismaBackup`. */
export interface PrismaBackupArgs extends ClassOptions {
  /**
   * The folder for all backups. Created if it is missing. Each run makes a new folder or file in it, named after the
   * database and the time (UTC). Nothing is ever overwritten. Relative to `process.cwd()`.
   */
  folderName: string;
  /** The type of database. Only this one is supported. */
  database: "postgres";
  /**
   * Accepted because the original had it, without effect: every table is streamed. A name that is not a model, a table
   * or `schema.table` causes a warning.
   */
  offset?: { [table: string]: { limit: number } } | undefined;
  /** Encrypts the backup with `password`. Default false. */
  encrypt?: boolean | undefined;
  /** Required if `encrypt` is true: at least 5 characters. */
  password?: string | undefined;
  /** Makes one zip file instead of a folder. Default false. */
  compress?: boolean | undefined;
  /** Accepted because the original had it. Has no effect. */
  isTesting?: boolean | undefined;
}

/** The result of a backup. */
export interface BackupSummary
  extends Pick<
    OperationResult,
    "tables" | "rows" | "jsonBytes" | "sequences" | "warnings" | "elapsedMs"
  > {
  /** Absolute path of the new folder or file. */
  path: string;
  kind: "folder" | "zip";
  /** Size on the disk. */
  bytes: number;
}

const optionsSchema = z.strictObject({
  ...classOptionsShape,
  offset: z
    .record(
      z.string(),
      z.strictObject({
        limit: z
          .int("must be a whole number, 1 at least")
          .min(1)
          .max(2 ** 31 - 1),
      }),
    )
    .optional(),
  compress: z.boolean("must be true or false").optional(),
});

/** Backs up the whole database, in its state at one moment, into a new folder or zip file. */
export class PrismaBackup {
  readonly #prisma: object;
  readonly #options: z.infer<typeof optionsSchema>;

  /**
   * Does not connect yet.
   *
   * @param prisma the app's PrismaClient. It provides the connection and the names of models. It is queried only to
   *   prove that the connection leads to its own database, and never disconnected.
   * @throws BackupError PASSPHRASE_TOO_SHORT if `encrypt` is true without a password of at least 5 characters;
   *   CONFIG_INVALID for any other option that is wrong or unknown
   */
  constructor(prisma: object, options: PrismaBackupArgs) {
    this.#options = parseClassOptions("PrismaBackup", prisma, optionsSchema, options);
    this.#prisma = prisma;
    const { encrypt, password = "" } = this.#options;
    if (encrypt && [...password].length < PASSPHRASE_MIN_LENGTH) {
      throw new BackupError(
        "PASSPHRASE_TOO_SHORT",
        // The original's wording.
        "If the encrypt is set true, then it is required a password. The password must be at least 5 length",
        { hint: "Several random words are both strong and easy to write down." },
      );
    }
  }

  /** Makes one backup, at each call another. @throws BackupError; then nothing of it is left on the disk */
  async run(): Promise<BackupSummary> {
    const { encrypt, password = "", folderName, compress, onProgress } = this.#options;
    const models = readPrismaModels(this.#prisma);
    const { signal, tell, release } = abortAs(
      this.#options.signal,
      "The backup was cancelled. No backup was made.",
    );
    try {
      signal.throwIfAborted();
      await using database = await openConfiguredDatabase({
        ...this.#options,
        prisma: this.#prisma,
      });
      const { name, include, warnings } = await readDatabase(database, models, this.#options);
      const key = await createArchiveKey(
        encrypt ? { mode: "passphrase", passphrase: password } : { mode: "none" },
      );
      signal.throwIfAborted();
      const folder = await makeFolder(folderName);
      const kind = compress ? "zip" : "folder";
      const fileName = uniqueBackupName(name, new Date()) + (compress ? ".zip" : "");
      // Without this hint, a bundler would follow the path and put the whole project into the server's output.
      const target = path.join(/*turbopackIgnore: true*/ folder, fileName);
      const { archiveBytes = 0, ...result } = await createBackupFile({
        path: target,
        kind,
        database,
        models,
        key,
        include,
        signal,
        onProgress: tell(onProgress),
      });
      warnings.unshift(...result.warnings);
      if (password && !encrypt) warnings.push(NOT_ENCRYPTED);
      return { ...result, path: target, kind, bytes: archiveBytes, warnings };
    } catch (error) {
      throw withRemedy(toBackupError(signal.aborted ? signal.reason : error));
    } finally {
      release();
    }
  }
}

/** Points to the command line tool, because this class has no option to leave tables out. */
function withRemedy(error: BackupError): BackupError {
  const { code, message, hint, details, cause } = error;
  if (!leaveOutIn(details)) return error;
  return new BackupError(code, message, {
    hint: `${hint} The terminal can: npx prisma-backup create --exclude.`,
    details: details ?? {},
    cause,
  });
}

/** @returns its absolute path */
async function makeFolder(folderName: string): Promise<string> {
  const folder = path.resolve(folderName);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (cause) {
    throw new BackupError(
      "REQUEST_INVALID",
      `The folder ${folder} cannot be made (${systemCodeOf(cause)}). No backup was made.`,
      { hint: "Choose a folder that exists, or can be made, and may be written to.", cause },
    );
  }
}

const NOT_ENCRYPTED: Warning = {
  code: "NOT_ENCRYPTED",
  message:
    "A password was given, but `encrypt` is not true: this backup is not encrypted, and anyone who gets it can read it.",
};

/** Only a warning: `offset` has no effect on a backup, and a table of this name does not exist. */
const noSuchTable = (name: string): Warning => ({
  code: "NO_SUCH_TABLE",
  message: `The option offset names ${name}, and there is no such table or model. It is without effect.`,
});

/** Reads what must be known before anything is written: the database's name, and which tables the options mean. */
async function readDatabase(
  database: Database,
  models: PrismaModels,
  { offset = {}, include = [] }: Pick<PrismaBackupArgs, "offset" | "include">,
): Promise<{ name: string; include: Exclusion[]; warnings: Warning[] }> {
  const outcome = "No backup was made.";
  const catalog = await readCatalogOf(database, "backup", { fallback: "DUMP_FAILED", outcome });
  const unknown = Object.keys(offset).filter(
    (name) => tablesCalled(name, catalog.tables, models).length === 0,
  );
  return {
    name: catalog.database.name,
    include: findIncluded(include, catalog, models, outcome),
    warnings: unknown.map(noSuchTable),
  };
}
