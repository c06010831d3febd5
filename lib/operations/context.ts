import type { Config } from "../config.ts";
import type { Database } from "../postgres/connection/connection.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { SafetyBackupFiles } from "./safety-backup-files.ts";
import type { Uploads } from "./uploads/receive-upload.ts";

/** What every operation works with. `openContext` makes it once, at the first request. */
export interface Context {
  config: Config;
  database: Database;
  models: PrismaModels;
  uploads: Uploads;
  safetyBackups: SafetyBackupFiles;
}
