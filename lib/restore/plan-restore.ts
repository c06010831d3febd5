import { createHash } from "node:crypto";
import type { Archive } from "../archive/archive.ts";
import { type ManifestTable, summariseManifest } from "../archive/manifest.ts";
import { isMerge, type RestoreSelection } from "../plan/restore-scope.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { countRows } from "../postgres/count-rows.ts";
import { isStorageDamage } from "../postgres/errors/damage.ts";
import { readMigrations } from "../postgres/migrations.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { RestorePlan } from "../shared/api.ts";
import type { OnProgress } from "../shared/progress.ts";
import { tableKey } from "../shared/table-name.ts";
import { toBackupError } from "../to-backup-error.ts";
import { boundPlan } from "./bound-plan.ts";
import { translateLoadError } from "./load-error.ts";
import { checkPlan, compareMigrations, OF_ITS_DATABASE } from "./plan-checks.ts";
import { readPlan } from "./read-plan.ts";
import { verifyTables } from "./verify-tables.ts";

export interface VerifyArchiveOptions extends RestoreSelection {
  database: Database;
  models: PrismaModels;
  archive: Archive;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** With a fingerprint that tells `runRestore` whether the database is still in the same state. */
export interface CheckedPlan extends RestorePlan {
  fingerprint: string;
}

/**
 * Checks a whole archive and says what restoring it would do. Changes nothing. An obstacle is a failed check in the
 * plan. A damaged archive is an error.
 *
 * @throws BackupError REQUEST_INVALID for a scope that does not fit the archive
 */
export async function verifyArchive(options: VerifyArchiveOptions): Promise<CheckedPlan> {
  const { archive, onProgress = () => {}, signal } = options;
  return await orAbort(signal, async () => {
    await verifyTables(archive, onProgress, signal);
    return await readRestorePlan(options);
  });
}

/** Makes the plan for an archive that was checked before. The restore itself reads and checks it in any case. */
export const planRestore = (
  options: Omit<VerifyArchiveOptions, "onProgress">,
): Promise<CheckedPlan> => orAbort(options.signal, () => readRestorePlan(options));

async function orAbort<Result>(
  signal: AbortSignal | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (signal?.aborted) throw toBackupError(signal.reason);
    throw toBackupError(translateLoadError(error, { fallback: "DATABASE_ERROR" }));
  }
}

async function readRestorePlan(options: VerifyArchiveOptions): Promise<CheckedPlan> {
  const client = await options.database.connect("check");
  try {
    const { catalog, manifest, plan } = await readPlan(client, options);
    const archived = new Set(manifest.tables.map(tableKey));
    const present = catalog.tables.filter((table) => archived.has(tableKey(table)));
    const countNow = await countRows(client, present);
    const counts = new Map([...countNow].map(([table, count]) => [tableKey(table), count]));
    const platforms = new Map(catalog.platformRelations.map((it) => [tableKey(it), it.platform]));
    const withRowsNow = ({ schema, name, model, rows }: ManifestTable) => {
      const key = tableKey({ schema, name });
      const count = counts.get(key);
      return {
        ...{ schema, name, model, rows },
        rowsNow: count?.rows ?? 0,
        ...(!count && { isMissing: true }),
        ...(isStorageDamage(count?.error) && { isDamaged: true }),
        platform: platforms.get(key) ?? plan.platformOf({ schema, name }),
      };
    };
    const migrations = compareMigrations(manifest, await readMigrations(client, catalog));
    const action = isMerge(plan.scope.mode) ? ("merge" as const) : ("replace" as const);
    const checks = checkPlan(plan, { manifest, catalog, countNow, migrations });
    return boundPlan({
      fingerprint: plan.fingerprint,
      id: createHash("sha256")
        .update(JSON.stringify([plan.fingerprint, plan.scope]))
        .digest("hex"),
      scope: plan.scope,
      rehearsal: null,
      actorIsInBackup: null,
      migrations,
      safetyBackup: null,
      manifest: summariseManifest(manifest),
      checks,
      insertionOrder: plan.insertionOrder,
      drift: plan.drift,
      warnings: manifest.warnings.filter(({ code }) => !OF_ITS_DATABASE.includes(code)),
      tables: [
        ...plan.loads.map(({ archived: it }) => ({ ...withRowsNow(it), action })),
        ...plan.skipped.map(({ archived: it, reason }) => ({
          ...withRowsNow(it),
          action: "skip" as const,
          reason,
        })),
      ],
      canStart: checks.every(({ state }) => state !== "failed"),
    });
  } finally {
    await client.end();
  }
}
