import path from "node:path";
import { type Config, defaultUploadDir } from "../config.ts";
import { openConfiguredDatabase } from "../configured-database.ts";
import { readPrismaModels } from "../schema/prisma-models.ts";
import type { Context } from "./context.ts";
import { logError } from "./log-error.ts";
import { notify } from "./notify.ts";
import { tidySafetyBackups } from "./safety-backup.ts";
import { openSafetyBackupFiles } from "./safety-backup-files.ts";
import { settleOperations } from "./settle.ts";
import { openUploads } from "./uploads/receive-upload.ts";
import { uploadLimits } from "./uploads/upload-usage.ts";

/** Opens the database and the folders, and starts the cleanup. @throws CONFIG_INVALID if there is none to use */
export async function openContext(config: Config): Promise<Context> {
  const database = await openConfiguredDatabase(config);
  const directory = config.uploadDir ?? defaultUploadDir(database);
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

/** Removes what is too old, now and at intervals, so that it happens even if no request comes. */
function startSweeping(context: Context): void {
  const { config, uploads, safetyBackups } = context;
  const tidy = async () => {
    // Otherwise the host would hear of operations whose process died only when someone opens the page.
    if (config.onEvent) await settleOperations(context);
    // Without a file there is no need to query the database.
    if ((await safetyBackups.list()).length > 0) await tidySafetyBackups(context);
  };
  const run = (sweep: Promise<unknown>) =>
    void sweep.catch((error: unknown) => logError(config, "sweep", error));
  // `openUploads` has just removed expired uploads.
  run(tidy());
  const everyMs = Math.min(config.uploadMaxAgeMs, config.safetyBackupMaxAgeMs, SWEEP_MS);
  setInterval(() => run(Promise.all([uploads.removeExpired(), tidy()])), everyMs).unref();
}
