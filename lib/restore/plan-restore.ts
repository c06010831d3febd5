import type { Archive } from "../archive/archive.ts";
import { type ManifestTable, summariseManifest } from "../archive/manifest.ts";
import { isMerge, type RestoreSelection } from "../plan/restore-scope.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { countRows } from "../postgres/count-rows.ts";
import { isStorageDamage } from "../postgres/errors/damage.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import { readMigrations } from "../postgres/migrations.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { RestorePlan, TableName } from "../shared/api.ts";
import type { OnProgress } from "../shared/progress.ts";
import { tableKey } from "../shared/table-name.ts";
import { toBackupError } from "../to-backup-error.ts";
import { boundPlan } from "./bound-plan.ts";
import { checkPlan, compareMigrations, OF_ITS_DATABASE } from "./plan-checks.ts";
import { readPlan } from "./read-plan.ts";
import { verifyTables } from "./verify-tables.ts";

export interface VerifyArchiveOptions extends RestoreSelection {
  database: Database;
  models: PrismaModels;
  /** Already unlocked. */
  archive: Archive;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** A plan, with a fingerprint that tells whether the database is still in the same state. */
export interface CheckedPlan extends RestorePlan {
  /** For `runRestore`. */
  fingerprint: string;
}

/**
 * Checks a whole archive and says what restoring it into this database would do. Changes nothing. An obstacle is a
 * failed check in the plan. A damaged archive is an error.
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

/**
 * Makes the plan for an archive that was checked before, without reading it again. The restore itself reads and checks
 * it in any case.
 */
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
    throw toBackupError(
      translateDatabaseError(error, {
        fallback: "DATABASE_ERROR",
        outcome: "Nothing was changed.",
      }),
    );
  }
}

async function readRestorePlan({
  database,
  models,
  archive,
  scope,
}: VerifyArchiveOptions): Promise<CheckedPlan> {
  const client = await database.connect("check");
  try {
    const source = { archive, models, scope };
    const { catalog, manifest, plan } = await readPlan(client, source);
    const archived = new Set(manifest.tables.map(tableKey));
    const present = catalog.tables.filter((table) => archived.has(tableKey(table)));
    const counts = await countRows(client, present);
    const countNow = new Map(present.map((table, index) => [tableKey(table), counts[index]]));
    const platforms = new Map(catalog.platformRelations.map((it) => [tableKey(it), it.platform]));
    const ofPlatform = (table: TableName) => {
      const platform = platforms.get(tableKey(table)) ?? plan.platformOf(table);
      return platform === undefined ? {} : { platform };
    };
    const withRowsNow = ({ schema, name, model, rows }: ManifestTable) => ({
      schema,
      name,
      model,
      rows,
      rowsNow: countNow.get(tableKey({ schema, name }))?.rows ?? 0,
      ...(!countNow.has(tableKey({ schema, name })) && { isMissing: true }),
      ...(isStorageDamage(countNow.get(tableKey({ schema, name }))?.error) && { isDamaged: true }),
      ...ofPlatform({ schema, name }),
    });
    const migrations = compareMigrations(manifest, await readMigrations(client, catalog));
    const action = isMerge(plan.scope.mode) ? ("merge" as const) : ("replace" as const);
    const checks = checkPlan(plan, { manifest, catalog, countNow, migrations });
    return boundPlan({
      fingerprint: plan.fingerprint,
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
        ...plan.loads.map((load) => ({
          ...withRowsNow(load.archived),
          action,
        })),
        ...plan.skipped.map((skip) => ({
          ...withRowsNow(skip.archived),
          action: "skip" as const,
          reason: skip.reason,
        })),
      ],
      canStart: checks.every(({ state }) => state !== "failed"),
    });
  } finally {
    await client.end();
  }
}
