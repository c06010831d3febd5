import path from "node:path";
import pg from "pg";
import { type Config, defaultUploadDir, openConfiguredDatabase } from "../config.ts";
import type { BackupError } from "../errors.ts";
import type { Database } from "../postgres/connection.ts";
import { type PrismaModels, readPrismaModels } from "../schema/prisma-models.ts";
import { toBackupError } from "../to-backup-error.ts";
import { notify } from "./notify.ts";
import { tidySafetyBackups } from "./safety-backup.ts";
import { openSafetyBackupFiles, type SafetyBackupFiles } from "./safety-backup-files.ts";
import { settleOperations } from "./settle.ts";
import { openUploads, type Uploads } from "./uploads/receive-upload.ts";
import { uploadLimits } from "./uploads/upload-usage.ts";

/** What every operation works with. Made once, at the first request. */
export interface Context {
  config: Config;
  database: Database;
  models: PrismaModels;
  uploads: Uploads;
  safetyBackups: SafetyBackupFiles;
}

/** @throws CONFIG_INVALID where there is no connection, or no safe folder for uploads */
export async function openContext(config: Config): Promise<Context> {
  const database = await openConfiguredDatabase(config);
  const { host, port, database: name } = database.pool.options;
  const directory =
    config.uploadDir ??
    defaultUploadDir(`${database.server} ${host} ${port} ${name} ${process.cwd()}`);
  const { maxUploadBytes, uploadMaxAgeMs: maxAgeMs } = config;
  const uploads = await openUploads({
    ...{ directory, maxUploadBytes, maxAgeMs },
    ...uploadLimits(config),
    onDeleted: (deleted) => notify({ config }, deleted),
  });
  const safetyBackups = openSafetyBackupFiles(
    config.safetyBackupDir ?? path.join(directory, "safety-backups"),
  );
  const models = readPrismaModels(config.prisma);
  const context = { config, database, models, uploads, safetyBackups };
  startSweeping(context);
  return context;
}

const SWEEP_MS = 10 * 60 * 1000;

/** Removes what is too old, also where nobody uploads or restores any more, and after a restart. */
function startSweeping(context: Context): void {
  const { config, uploads, safetyBackups } = context;
  const tidy = async () => {
    // Or what a dead process has left would only be told when somebody opens the page.
    if (config.onEvent) await settleOperations(context);
    // Without one, nobody need be asked.
    if ((await safetyBackups.list()).length > 0) await tidySafetyBackups(context);
  };
  const run = (sweep: Promise<unknown>) =>
    void sweep.catch((error: unknown) => report(config, "sweep", error));
  // Uploads were swept when they were opened.
  run(tidy());
  const everyMs = Math.min(config.uploadMaxAgeMs, config.safetyBackupMaxAgeMs, SWEEP_MS);
  setInterval(() => run(Promise.all([uploads.removeExpired(), tidy()])), everyMs).unref();
}

/**
 * Logs what only the operator can do something about. Messages and stacks only: an error of PostgreSQL has row values
 * among its other properties; and where its message may name one, no message either.
 */
export function report({ logger }: Pick<Config, "logger">, what: string, thrown: unknown): void {
  const error = toBackupError(thrown);
  if (error.status < 500) return;
  logger.error(`prisma-backup-admin: ${what}: ${error.code}: ${withCauses(error)}`);
}

function withCauses(error: BackupError): string {
  const parts: string[] = [error.message];
  let cause = error.cause;
  while (cause !== undefined && parts.length < 5) {
    parts.push(cause instanceof Error ? describeCause(cause) : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return parts.join("\ncaused by: ");
}

/** What a value or a row was refused for, or a function of the users' has raised. */
const NAMES_VALUES = /^(?:22|23|P0)/;

function describeCause(cause: Error): string {
  const { stack = cause.message } = cause;
  if (!(cause instanceof pg.DatabaseError) || !NAMES_VALUES.test(cause.code ?? "")) return stack;
  const frames = stack.indexOf("\n    at ");
  return `PostgreSQL's error ${cause.code}, whose message may name a value${frames === -1 ? "" : stack.slice(frames)}`;
}
