import type { Archive } from "../archive/archive-reader.ts";
import { type Manifest, type ManifestTable, summariseManifest } from "../archive/manifest.ts";
import { BackupError, toBackupError } from "../errors.ts";
import { type LoadPlan, planLoad } from "../plan/load-plan.ts";
import type { Database } from "../postgres/connection.ts";
import { countRows } from "../postgres/count-rows.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import { readMigrations } from "../postgres/migrations.ts";
import { type Catalog, readCatalog } from "../schema/catalog.ts";
import { MIGRATIONS_TABLE, type PrismaModels } from "../schema/prisma-models.ts";
import type { Check, RestorePlan, RestoreScope, TableName } from "../shared/api.ts";
import { type OnProgress, reportTable, waitingTable } from "../shared/progress.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { provenChecks } from "./proven-checks.ts";
import { checkLoadable } from "./require-loadable.ts";
import { RowCounter } from "./row-counter.ts";

/**
 * Reads the whole archive and proves every digest and row count. Touches no database.
 *
 * @throws BackupError DIGEST_MISMATCH, ARCHIVE_INVALID or ARCHIVE_TRUNCATED for the first table that is damaged
 */
export async function verifyTables(
  archive: Pick<Archive, "manifest" | "readTable">,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  const { tables } = archive.manifest;
  onProgress({
    type: "planned",
    tables: tables.map((table) => waitingTable(table, table.rows)),
  });
  onProgress({ type: "phase", phase: "verifying" });
  for (const [index, table] of tables.entries()) {
    signal?.throwIfAborted();
    const report = reportTable(onProgress, index);
    const counter = new RowCounter();
    let bytes = 0;
    for await (const chunk of archive.readTable(table, signal) as AsyncIterable<Buffer>) {
      counter.push(chunk);
      bytes += chunk.length;
      report.running(counter.rows, bytes);
    }
    counter.end();
    const { rows } = counter;
    if (rows !== table.rows) {
      throw new BackupError(
        "DIGEST_MISMATCH",
        `The archive has ${rows} rows of ${tableLabel(table)}, but its manifest says ${table.rows}. Nothing has changed.`,
        {
          hint: "The archive is damaged or was tampered with. Use another copy.",
          details: { table: { schema: table.schema, name: table.name } },
        },
      );
    }
    report.done(rows, table.jsonBytes);
  }
}

export interface VerifyArchiveOptions {
  database: Database;
  models: PrismaModels;
  /** Unlocked. */
  archive: Archive;
  /** What of the archive comes back, and how. Left out: every table is replaced. */
  scope?: RestoreScope;
  /** Their rows stay as they are. */
  ignoredTables?: readonly TableName[];
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/**
 * Proves an archive and says what restoring it into this database would do. Changes nothing.
 * What stands in the way is a failed check of the plan; a damaged archive is an error.
 */
export async function verifyArchive({
  database,
  models,
  archive,
  ignoredTables,
  onProgress = () => {},
  signal,
}: VerifyArchiveOptions): Promise<RestorePlan> {
  try {
    await verifyTables(archive, onProgress, signal);
    return await planRestore(database, models, archive, ignoredTables);
  } catch (error) {
    if (signal?.aborted) throw toBackupError(signal.reason);
    throw toBackupError(
      translateDatabaseError(error, { fallback: "INTERNAL", outcome: "Nothing has changed." }),
    );
  }
}

async function planRestore(
  database: Database,
  models: PrismaModels,
  archive: Archive,
  ignoredTables?: readonly TableName[],
): Promise<RestorePlan> {
  const client = await database.connect("check");
  try {
    const catalog = await readCatalog(client);
    const manifest = archive.manifestFor(catalog, models);
    const plan = planLoad(manifest, catalog, models, ignoredTables);
    const archived = new Set(manifest.tables.map(tableKey));
    const present = catalog.tables.filter((table) => archived.has(tableKey(table)));
    const counts = await countRows(client, present);
    const rowsNow = new Map(present.map((table, index) => [tableKey(table), counts[index]?.rows]));
    const withRowsNow = ({ schema, name, model, rows }: ManifestTable) => ({
      schema,
      name,
      model,
      rows,
      rowsNow: rowsNow.get(tableKey({ schema, name })) ?? 0,
    });
    const checks = [
      ...provenChecks(manifest, archive.isOriginal),
      ...checkLoadable(plan, archive.isOriginal),
      ...checkLeftAlone(manifest, catalog, archive.isOriginal),
      ...checkMaterializedViews(plan),
      checkMigrations(manifest, await readMigrations(client, catalog)),
    ];
    return {
      scope: { mode: "replace" },
      rehearsal: null,
      actorIsInBackup: null,
      migrations: [],
      safetyBackup: null,
      manifest: summariseManifest(manifest),
      checks,
      insertionOrder: plan.insertionOrder,
      drift: plan.drift,
      warnings: manifest.warnings,
      tables: [
        ...plan.loads.map((load) => ({
          ...withRowsNow(load.archived),
          action: "replace" as const,
        })),
        ...plan.skipped.map((skip) => ({
          ...withRowsNow(skip.archived),
          action: "skip" as const,
          reason: skip.reason,
        })),
      ],
      canStart: checks.every(({ state }) => state !== "failed"),
    };
  } finally {
    await client.end();
  }
}

const NAMED_TABLES = 5;

/** Only where there are tables that no backup of ours brings rows for. Of the original's it is among the warnings. */
function checkLeftAlone(manifest: Manifest, catalog: Catalog, isOriginal: boolean): Check[] {
  const archived = new Set(manifest.tables.map(tableKey));
  const left = catalog.tables.filter(
    (table) => !archived.has(tableKey(table)) && table.name !== MIGRATIONS_TABLE,
  );
  if (isOriginal || left.length === 0) return [];
  const names = left.slice(0, NAMED_TABLES).map(tableLabel).join(", ");
  const more = left.length > NAMED_TABLES ? ` and ${left.length - NAMED_TABLES} more` : "";
  return [
    {
      name: "left-alone",
      state: "warning",
      message: `Tables of the database that are not in the backup stay as they are: ${names}${more}.`,
    },
  ];
}

/** Only where there are some to be refreshed. */
function checkMaterializedViews({ materializedViews }: LoadPlan): Check[] {
  if (materializedViews.length === 0) return [];
  const name = "materialised-views";
  const labels = (views: readonly TableName[]) => views.map(tableLabel).join(", ");
  const refused = materializedViews.filter(({ canRefresh }) => !canRefresh);
  return refused.length === 0
    ? [
        {
          name,
          state: "passed",
          message: `Materialised views that the restore refreshes: ${labels(materializedViews)}.`,
        },
      ]
    : [
        {
          name,
          state: "warning",
          message: `The database role may not refresh materialised views, which will show what they show now: ${labels(refused)}. Their owner has to refresh them after the restore.`,
        },
      ];
}

function checkMigrations(
  manifest: Manifest,
  now: ReadonlyArray<{ name: string; finishedAt: string | null }>,
): Check {
  const name = "migrations";
  const applied = (migrations: ReadonlyArray<{ name: string; finishedAt: string | null }>) =>
    new Set(
      migrations.filter(({ finishedAt }) => finishedAt !== null).map((migration) => migration.name),
    );
  const then = applied(manifest.migrations);
  const today = applied(now);
  const missing = [...then].filter((it) => !today.has(it));
  const added = [...today].filter((it) => !then.has(it));
  if (missing.length === 0 && added.length === 0) {
    return {
      name,
      state: "passed",
      message:
        then.size === 0
          ? "Neither side records Prisma migrations."
          : `The same ${then.size} Prisma migrations are applied.`,
    };
  }
  const parts = [
    added.length > 0 && `applied since the backup: ${added.join(", ")}`,
    missing.length > 0 && `not applied here: ${missing.join(", ")}`,
  ].filter(Boolean);
  return {
    name,
    state: "warning",
    message: `The Prisma migrations differ (${parts.join("; ")}). They stay as they are; what counts is whether the columns fit.`,
  };
}
