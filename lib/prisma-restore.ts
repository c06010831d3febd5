import { stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { Archive } from "./archive/archive.ts";
import { openArchive } from "./archive/archive-reader.ts";
import { findBackups, isBackup } from "./archive/find-backups.ts";
import {
  abortAs,
  type ClassOptions,
  classOptionsShape,
  functionOf,
  milliseconds,
  parseClassOptions,
} from "./class-options.ts";
import { openConfiguredDatabase } from "./config.ts";
import { BackupError } from "./errors.ts";
import type { Database } from "./postgres/connection/connection.ts";
import { translateDatabaseError } from "./postgres/errors/database-error.ts";
import { restoreArchive } from "./restore/restore-archive.ts";
import { dmmfModelsSchema, findDmmfDrift, readDmmf } from "./schema/dmmf.ts";
import { findIncluded, findTable } from "./schema/find-table.ts";
import {
  MIGRATIONS_TABLE,
  type PrismaModels,
  readPrismaModels,
  readViewNames,
} from "./schema/prisma-models.ts";
import { readCatalog } from "./schema/read-catalog.ts";
import type { Drift, OperationResult, RestorePlan, RestoreScope } from "./shared/api.ts";
import { leaveOutIn } from "./shared/leave-out.ts";
import { tableLabel } from "./shared/table-name.ts";
import { toBackupError } from "./to-backup-error.ts";

/** The options of `PrismaRestore`. */
export interface PrismaRestoreArgs extends ClassOptions {
  /**
   * The backup: its folder or zip file, as written by this library or the original, or a folder that contains exactly
   * one backup. Relative to `process.cwd()`.
   */
  folderName: string;
  /** The type of database. Only this one is supported. */
  database: "postgres";
  /**
   * `Prisma.dmmf.datamodel.models`. Not needed, because the database's own foreign keys determine the order. If given,
   * it is compared with the database, and the differences are part of the summary's `drift`. Prisma 7's models have no
   * relations, so only tables and columns are compared.
   */
  baseModels?: ReadonlyArray<object> | null | undefined;
  /**
   * Tables whose rows stay as they are, by the name of the model, the table, or `schema.table`. A name that matches no
   * table or several is an error, so that no table is replaced by mistake. `_prisma_migrations` is always one of them.
   * Foreign keys between these and restored tables are checked: a row that would refer to nothing undoes the restore.
   */
  ignoredTables?: readonly string[] | undefined;
  /**
   * Milliseconds to wait between two tables. Default 0. The original waited a second, but here a restore is one
   * transaction: a wait gives the server no rest and only keeps all tables locked for longer.
   */
  waitBetweenModels?: number | undefined;
  transaction?:
    | {
        /**
         * How long to wait for the connection (default 15 s) and for tables that others use (default 30 s), in
         * milliseconds.
         */
        maxWait?: number | undefined;
        /**
         * Milliseconds after which the restore is rolled back, counted from when its tables are locked. Default: none.
         */
        timeout?: number | undefined;
      }
    | undefined;
  /** Accepted because the original had it. A backup itself says whether it is encrypted. */
  encrypt?: boolean | undefined;
  /** Opens an encrypted backup. */
  password?: string | undefined;
  /**
   * Opens a backup that is encrypted to age public keys: the text of a private key file, or its AGE-SECRET-KEY-1 line.
   */
  identity?: string | undefined;
  /** Accepted because the original had it. Has no effect. */
  isTesting?: boolean | undefined;
  /**
   * Called before anything changes, with what the restore will do and what the backup itself has lost. If it returns
   * false or throws, the restore is cancelled.
   */
  onPlan?: ((plan: RestorePlan) => unknown) | undefined;
}

/** The result of a restore. */
export interface RestoreSummary
  extends Pick<
    OperationResult,
    "tables" | "rows" | "jsonBytes" | "sequences" | "warnings" | "elapsedMs"
  > {
  /** Absolute path of the backup's folder or file. */
  path: string;
  kind: "folder" | "zip";
  /** The backup's size on the disk. */
  bytes: number;
  /** Differences between backup, database and `baseModels`. None of them prevented the restore. */
  drift: Drift[];
  /** The plan before the restore: checks, and the tables that stayed as they were, with the reason. */
  plan: RestorePlan;
}

const optionsSchema = z.strictObject({
  ...classOptionsShape,
  baseModels: dmmfModelsSchema.nullish(),
  ignoredTables: z.array(z.string("must be a name")).optional(),
  waitBetweenModels: milliseconds(0).optional(),
  transaction: z
    .strictObject({ maxWait: milliseconds(1).optional(), timeout: milliseconds(1).optional() })
    .optional(),
  identity: z.string("must be a text").optional(),
  onPlan: functionOf<NonNullable<PrismaRestoreArgs["onPlan"]>>().optional(),
});
type Options = z.infer<typeof optionsSchema>;

/** Replaces the rows of the database's tables with those of a backup, all or nothing. */
export class PrismaRestore {
  readonly #prisma: object;
  readonly #options: Options;

  /**
   * Does not connect yet.
   *
   * @param prisma the app's PrismaClient. It provides the connection and the names of models. It is queried only to
   *   prove that the connection leads to its own database, and never disconnected.
   * @throws BackupError CONFIG_INVALID for an option that is wrong or unknown
   */
  constructor(prisma: object, options: PrismaRestoreArgs) {
    this.#options = parseClassOptions("PrismaRestore", prisma, optionsSchema, options);
    this.#prisma = prisma;
  }

  /**
   * Checks the whole backup, then restores it in one transaction.
   *
   * @returns once it is committed
   * @throws BackupError; then nothing has changed, unless its code is INTERRUPTED, whose message says so
   */
  async run(): Promise<RestoreSummary> {
    const { folderName, password, identity, transaction, onPlan } = this.#options;
    const { signal, tell, release } = abortAs(
      this.#options.signal,
      "The restore was cancelled. Nothing was changed.",
    );
    try {
      signal.throwIfAborted();
      const { path: backup, kind } = await findBackup(folderName);
      await using archive = await openArchive(backup);
      await archive.unlock({ passphrase: password, identity });
      await using database = await openConfiguredDatabase(
        { ...this.#options, prisma: this.#prisma },
        process.env,
        transaction?.maxWait,
      );
      const { models, scope, drift } = await this.#readDatabase(database, archive);
      const shown = (checked: RestorePlan) => ({ ...checked, drift: [...checked.drift, ...drift] });
      const { plan: checked, result } = await restoreArchive({
        database,
        archive,
        models,
        scope,
        lockTimeoutMs: transaction?.maxWait,
        timeoutMs: transaction?.timeout,
        waitBetweenTablesMs: this.#options.waitBetweenModels,
        onProgress: tell(this.#options.onProgress),
        signal,
        async agree(found) {
          await agree(onPlan, shown(found));
          signal.throwIfAborted();
        },
        explain: withRemedies,
      });
      const plan = shown(checked);
      return {
        ...result,
        path: backup,
        kind,
        bytes: archive.sizeBytes,
        warnings: [...plan.warnings, ...result.warnings],
        drift: plan.drift,
        plan,
      };
    } catch (error) {
      throw toBackupError(error);
    } finally {
      release();
    }
  }

  /** Finds out what the names in the options refer to in this database. */
  async #readDatabase(
    database: Database,
    archive: Archive,
  ): Promise<{ models: PrismaModels; scope: RestoreScope; drift: Drift[] }> {
    const { baseModels, ignoredTables = [], include: included = [] } = this.#options;
    const own = readPrismaModels(this.#prisma);
    const views = readViewNames(this.#prisma);
    const models = own.models.length === 0 && baseModels ? readDmmf(baseModels, views) : own;
    try {
      const client = await database.connect("check");
      try {
        const catalog = await readCatalog(client);
        const tables = [...catalog.tables, ...archive.manifestFor(catalog, models).tables];
        const exclude = ignoredTables
          .filter((name) => name !== MIGRATIONS_TABLE)
          .map((name) => findTable(name, tables, models, { option: "ignoredTables" }));
        const include = findIncluded(
          included,
          { ...catalog, tables },
          models,
          "Nothing was changed.",
        );
        return {
          models,
          scope: {
            mode: "replace",
            ...(exclude.length > 0 && { exclude }),
            ...(include.length > 0 && { include }),
          },
          drift: baseModels ? findDmmfDrift(baseModels, views, catalog) : [],
        };
      } finally {
        await client.end();
      }
    } catch (error) {
      throw translateDatabaseError(error, {
        fallback: "LOAD_FAILED",
        outcome: "Nothing was changed.",
      });
    }
  }
}

/** Returns the given backup, or the only one in the given folder. Never guesses. */
async function findBackup(folderName: string): Promise<Pick<RestoreSummary, "path" | "kind">> {
  const given = path.resolve(folderName);
  const names = (await isBackup(given)) ? [] : await backupsIn(given);
  if (names.length > 1) {
    throw new BackupError(
      "REQUEST_INVALID",
      `${given} holds ${names.length} backups: ${names.join(", ")}. Nothing was changed.`,
      { hint: "Give the path of the one to restore.", details: { backups: names } },
    );
  }
  // If there is none, the attempt to open it reports what is there instead.
  const found = names[0] === undefined ? given : path.join(given, names[0]);
  return { path: found, kind: (await stat(found)).isDirectory() ? "folder" : "zip" };
}

const backupsIn = async (given: string): Promise<string[]> =>
  (await stat(given)).isDirectory() ? findBackups(given) : [];

async function agree(onPlan: PrismaRestoreArgs["onPlan"], plan: RestorePlan): Promise<void> {
  let cause: unknown;
  try {
    if ((await onPlan?.(plan)) !== false) return;
  } catch (error) {
    cause = error;
  }
  throw new BackupError("ABORTED", "`onPlan` refused the restore. Nothing was changed.", { cause });
}

/**
 * Adds hints to an error. If the tables do not fit, it names the migrations that differ. If tables can be left out, it
 * names the option for that.
 */
function withRemedies(error: unknown, { checks }: RestorePlan): unknown {
  if (!(error instanceof BackupError)) return error;
  const { code, message, hint, details, cause } = error;
  const differ = checks.find(({ name, state }) => name === "migrations" && state === "warning");
  const canLeaveOut = leaveOutIn(details);
  const hints = [
    code === "SCHEMA_DRIFT" && differ?.message,
    hint,
    canLeaveOut &&
      `\`ignoredTables\` leaves them out: ${JSON.stringify(canLeaveOut.tables.map(tableLabel))}.`,
  ].filter((it) => typeof it === "string");
  return new BackupError(code, message, {
    ...(hints.length > 0 && { hint: hints.join(" ") }),
    ...(details && { details }),
    cause,
  });
}
