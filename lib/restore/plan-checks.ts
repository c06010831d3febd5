/** The checks of a plan, one finding after the other. */
import type { Manifest } from "../archive/manifest.ts";
import type { LoadPlan } from "../plan/load-plan.ts";
import { describeSchemas } from "../plan/platform-schemas.ts";
import { isMerge } from "../plan/restore-scope.ts";
import type { RowCount } from "../postgres/count-rows.ts";
import { whyUnreadable } from "../postgres/errors/damage.ts";
import type { Catalog } from "../schema/catalog.ts";
import { MIGRATIONS_TABLE } from "../schema/prisma-models.ts";
import type { Check, RestorePlan, TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { listNames } from "../shared/name-list.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { provenChecks } from "./proven-checks.ts";
import type { ReadPlan } from "./read-plan.ts";
import { checkLoadable } from "./require-loadable.ts";
import { childrenWarnings } from "./result-warnings.ts";

interface Facts {
  manifest: Manifest;
  catalog: Catalog;
  /** By `tableKey`. */
  countNow: ReadonlyMap<string, RowCount | undefined>;
  migrations: RestorePlan["migrations"];
}

/** @returns what is right and what prevents the restore, in the order in which a person reads it */
export function checkPlan(
  plan: ReadPlan,
  { manifest, catalog, countNow, migrations }: Facts,
): Check[] {
  return [
    ...provenChecks(manifest),
    ...checkLoadable(plan),
    ...checkReadable(plan, countNow),
    ...checkEncodings(plan),
    ...checkLeftAlone(manifest, catalog, plan),
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
}

/** Only if rows cannot be read. Rows that are replaced need not be readable. */
const checkReadable = ({ loads }: ReadPlan, counts: ReadonlyMap<string, RowCount | undefined>) =>
  loads.flatMap(({ table: { schema, name } }): Check[] => {
    const error = counts.get(tableKey({ schema, name }))?.error;
    if (!error) return [];
    return [
      {
        name: "readable",
        state: "warning",
        message: `The current rows of ${tableLabel({ schema, name })} cannot be read: ${whyUnreadable(error)}. They can be neither saved in a safety backup nor compared. A restore that replaces these rows does not need them.`,
      },
    ];
  });

/** Only if some text may not fit. */
const checkEncodings = ({ encodings }: ReadPlan): Check[] =>
  encodings === null ? [] : [{ name: "encoding", state: "warning", message: encodings }];

const NAMED_TABLES = 5;

/**
 * Only if there are tables for which a backup of ours contains no rows. For a backup by the original, the warnings name
 * them.
 */
function checkLeftAlone(
  manifest: Manifest,
  catalog: Catalog,
  { platformOf, isOriginal }: ReadPlan,
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

/** Only if the database has tables of a platform. */
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

/** Only sequences whose result depends on the load itself. The backup's warnings name the others. */
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

/** Only if there are some to refresh. */
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
          message: `The database role may not refresh these materialised views, which keep their current rows: ${labels(refused)}. Their owner has to refresh them after the restore.`,
        },
      ];
}

/**
 * Warnings about the backup's database that do not apply to another one. For the current database, a check reports
 * them.
 */
export const OF_ITS_DATABASE = ["INVALID_INDEX", "PARTITION_DETACH_PENDING"];

/** Only if there are invalid indexes that may still reject rows. */
function checkIndexes({ loads }: LoadPlan, { warnings }: Catalog): Check[] {
  const loaded = new Set(loads.map(({ table }) => tableKey(table)));
  return warnings
    .filter(({ code, table }) => code === "INVALID_INDEX" && table && loaded.has(tableKey(table)))
    .map(({ message }) => ({ name: "indexes", state: "warning" as const, message }));
}

/** Compares the migrations that are applied in the backup or in the database. */
export function compareMigrations(
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
    message: `The Prisma migrations differ (${parts.join("; ")}). They stay as they are. A restore only needs columns that fit.`,
  };
}
