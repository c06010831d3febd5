import type { Archive } from "../archive/archive-reader.ts";
import { type Manifest, type ManifestTable, summariseManifest } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import { freeOwn } from "../own-memory.ts";
import type { LoadPlan } from "../plan/load-plan.ts";
import { describeSchemas } from "../plan/platform-schemas.ts";
import { isMerge, type RestoreSelection } from "../plan/restore-scope.ts";
import type { Database } from "../postgres/connection.ts";
import { countRows, type RowCount } from "../postgres/count-rows.ts";
import { isStorageDamage, whyUnreadable } from "../postgres/damage.ts";
import { translateDatabaseError } from "../postgres/database-error.ts";
import { readMigrations } from "../postgres/migrations.ts";
import type { Catalog } from "../schema/catalog.ts";
import { MIGRATIONS_TABLE, type PrismaModels } from "../schema/prisma-models.ts";
import type { Check, RestorePlan, TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { listNames } from "../shared/name-list.ts";
import { type OnProgress, reportTable, waitingTable } from "../shared/progress.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { toBackupError } from "../to-backup-error.ts";
import { boundPlan } from "./bound-plan.ts";
import { provenChecks } from "./proven-checks.ts";
import { type ReadPlan, readPlan } from "./read-plan.ts";
import { checkLoadable } from "./require-loadable.ts";
import { childrenWarnings } from "./result-warnings.ts";
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
      freeOwn(chunk);
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

export interface VerifyArchiveOptions extends RestoreSelection {
  database: Database;
  models: PrismaModels;
  /** Unlocked. */
  archive: Archive;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** A plan, and what tells whether the database is still the one that it was made for. */
export interface CheckedPlan extends RestorePlan {
  /** For `runRestore`. */
  fingerprint: string;
}

/**
 * Proves an archive and says what restoring it into this database would do. Changes nothing.
 * What stands in the way is a failed check of the plan; a damaged archive is an error.
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

/** Says the same of an archive that was proven before, without reading it again: a restore does so anyhow. */
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
        outcome: "Nothing has changed.",
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
    const checks: Check[] = [
      ...provenChecks(manifest, archive.isOriginal),
      ...checkLoadable(plan, archive.isOriginal),
      ...checkReadable(plan, countNow),
      ...checkEncodings(plan),
      ...checkLeftAlone(manifest, catalog, plan, archive.isOriginal),
      ...checkPlatforms(catalog, plan),
      ...checkMaterializedViews(plan),
      ...checkIndexes(plan, catalog),
      ...plan.sequenceWarnings.map(({ message }) => ({
        name: "sequences",
        state: "warning" as const,
        message,
      })),
      ...checkSequences(plan),
      ...plan.consequences.map((message) => ({
        name: "foreign-keys",
        state: "warning" as const,
        message,
      })),
      ...childrenWarnings(plan).map(({ message }) => ({
        name: "children",
        state: "warning" as const,
        message,
      })),
      checkMigrations(migrations),
    ];
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

/** Only where there are some that cannot be read. What is replaced need not be. */
const checkReadable = ({ loads }: ReadPlan, counts: ReadonlyMap<string, RowCount | undefined>) =>
  loads.flatMap(({ table: { schema, name } }): Check[] => {
    const error = counts.get(tableKey({ schema, name }))?.error;
    if (!error) return [];
    return [
      {
        name: "readable",
        state: "warning",
        message: `What is there now in ${tableLabel({ schema, name })} cannot be read: ${whyUnreadable(error)}. It can be neither kept in a safety backup nor compared. A restore that replaces its rows does not need it.`,
      },
    ];
  });

/** Only where some text may not fit. */
const checkEncodings = ({ encodings }: ReadPlan): Check[] =>
  encodings === null ? [] : [{ name: "encoding", state: "warning", message: encodings }];

const NAMED_TABLES = 5;

/** Only where there are tables that no backup of ours brings rows for. Of the original's it is among the warnings. */
function checkLeftAlone(
  manifest: Manifest,
  catalog: Catalog,
  { platformOf }: LoadPlan,
  isOriginal: boolean,
): Check[] {
  const archived = new Set(manifest.tables.map(tableKey));
  const left = catalog.tables.filter(
    (table) =>
      !archived.has(tableKey(table)) && table.name !== MIGRATIONS_TABLE && !platformOf(table),
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

/** Only where a platform keeps something here. */
function checkPlatforms({ tables }: Catalog, { platformOf, skipped }: LoadPlan): Check[] {
  const names = skipped.map(({ archived }) => archived);
  return [
    ...Map.groupBy(
      tables.filter((table) => platformOf(table)),
      (table) => platformOf(table),
    ),
  ].map(([platform, its]) => {
    const archived = names.filter((table) => platformOf(table) === platform).map(tableLabel);
    return {
      name: "platform",
      state: "warning",
      message: `${platform}'s own schemas stay as they are: ${describeSchemas(its)}.${archived.length === 0 ? "" : ` The backup holds ${formatSome(archived)}: choose ${archived.length === 1 ? "it" : "them"} as well to restore ${archived.length === 1 ? "it" : "them"}.`}`,
    };
  });
}

/** Those that only the load itself can tell: the others, the backup has named. */
function checkSequences({ sequences, isOriginal, scope }: ReadPlan): Check[] {
  if (isOriginal || isMerge(scope.mode)) return [];
  return sequences
    .filter(({ archived, columns }) => !archived && columns.length > 0)
    .map(({ sequence }) => ({
      name: "sequences",
      state: "warning",
      message: `The sequence ${tableLabel(sequence)} has no state in the backup that it could take: it stays where it is, and goes on to the highest value of its columns if it would be behind it.`,
    }));
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

/** What was so then is no matter of another database; what is so here, a check names. */
const OF_ITS_DATABASE = ["INVALID_INDEX", "PARTITION_DETACH_PENDING"];

/** Only where there are some that may refuse rows although they are not valid. */
function checkIndexes({ loads }: LoadPlan, { warnings }: Catalog): Check[] {
  const loaded = new Set(loads.map(({ table }) => tableKey(table)));
  return warnings
    .filter(({ code, table }) => code === "INVALID_INDEX" && table && loaded.has(tableKey(table)))
    .map(({ message }) => ({ name: "indexes", state: "warning" as const, message }));
}

/** Those that are applied, here or there. */
function compareMigrations(
  manifest: Manifest,
  now: ReadonlyArray<{ name: string; finishedAt: string | null }>,
): RestorePlan["migrations"] {
  const applied = (migrations: ReadonlyArray<{ name: string; finishedAt: string | null }>) =>
    new Set(
      migrations.filter(({ finishedAt }) => finishedAt !== null).map((migration) => migration.name),
    );
  const then = applied(manifest.migrations);
  const today = applied(now);
  return [...new Set([...then, ...today])]
    .toSorted()
    .map((name) => ({ name, inBackup: then.has(name), inDatabase: today.has(name) }));
}

function checkMigrations(migrations: RestorePlan["migrations"]): Check {
  const name = "migrations";
  const missing = migrations.filter((it) => !it.inDatabase).map((it) => it.name);
  const added = migrations.filter((it) => !it.inBackup).map((it) => it.name);
  if (missing.length === 0 && added.length === 0) {
    return {
      name,
      state: "passed",
      message:
        migrations.length === 0
          ? "Neither side records Prisma migrations."
          : `The same ${migrations.length} Prisma migrations are applied.`,
    };
  }
  const parts = [
    added.length > 0 && `applied since the backup: ${listNames(added)}`,
    missing.length > 0 && `not applied here: ${listNames(missing)}`,
  ].filter(Boolean);
  return {
    name,
    state: "warning",
    message: `The Prisma migrations differ (${parts.join("; ")}). They stay as they are; what counts is whether the columns fit.`,
  };
}
