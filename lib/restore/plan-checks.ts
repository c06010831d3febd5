/** The checks of a plan, one finding after the other. */
import type { Manifest } from "../archive/manifest.ts";
import type { LoadPlan } from "../plan/load-plan.ts";
import { describeSchemas } from "../plan/platform-schemas.ts";
import { isMerge } from "../plan/restore-scope.ts";
import type { RowCount } from "../postgres/count-rows.ts";
import { whyUnreadable } from "../postgres/errors/damage.ts";
import type { Catalog, CatalogTable } from "../schema/catalog.ts";
import { MIGRATIONS_TABLE } from "../schema/prisma-models.ts";
import type { Check, RestorePlan } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { listNames } from "../shared/name-list.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { archiveChecks, passed, warning } from "./archive-checks.ts";
import type { ReadPlan } from "./read-plan.ts";
import { checkLoadable } from "./require-loadable.ts";
import { childrenWarnings } from "./result-warnings.ts";

interface Facts {
  manifest: Manifest;
  catalog: Catalog;
  countNow: ReadonlyMap<CatalogTable, RowCount>;
  migrations: RestorePlan["migrations"];
}

/** @returns what is right and what prevents the restore, in the order in which a person reads it */
export function checkPlan(
  plan: ReadPlan,
  { manifest, catalog, countNow, migrations }: Facts,
): Check[] {
  return [
    ...archiveChecks(manifest),
    ...checkLoadable(plan),
    ...checkReadable(plan, countNow),
    ...(plan.encodings === null ? [] : [warning("encoding", plan.encodings)]),
    ...checkLeftAlone(manifest, catalog, plan),
    ...checkPlatforms(catalog, plan),
    ...checkMaterializedViews(plan),
    ...checkIndexes(plan, catalog),
    ...plan.sequenceWarnings.map(({ message }) => warning("sequences", message)),
    ...checkSequences(plan),
    ...plan.consequences.map((message) => warning("foreign-keys", message)),
    ...childrenWarnings(plan).map(({ message }) => warning("children", message)),
    checkMigrations(migrations),
  ];
}

/** Rows that are replaced need not be readable. */
const checkReadable = ({ loads }: ReadPlan, counts: Facts["countNow"]): Check[] =>
  loads.flatMap(({ table }) => {
    const error = counts.get(table)?.error;
    if (!error) return [];
    return warning(
      "readable",
      `The current rows of ${tableLabel(table)} cannot be read: ${whyUnreadable(error)}. They can be neither saved in a safety backup nor compared. A restore that replaces these rows does not need them.`,
    );
  });

const NAMED_TABLES = 5;

/** Tables for which a backup of ours contains no rows. For a backup by the original, the warnings name them. */
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
  const names = formatSome(left.map(tableLabel), ", ", NAMED_TABLES);
  return [
    warning(
      "left-alone",
      `Tables of the database that are not in the backup stay as they are: ${names}.`,
    ),
  ];
}

function checkPlatforms({ tables }: Catalog, { platformOf, skipped }: LoadPlan): Check[] {
  const ofPlatforms = tables.filter((table) => platformOf(table));
  return [...Map.groupBy(ofPlatforms, platformOf)].map(([platform, its]) => {
    const archived = skipped
      .filter((it) => platformOf(it.archived) === platform)
      .map((it) => tableLabel(it.archived));
    const them = archived.length === 1 ? "it" : "them";
    const choose =
      archived.length === 0
        ? ""
        : ` The backup holds ${formatSome(archived)}: choose ${them} as well to restore ${them}.`;
    return warning(
      "platform",
      `${platform}'s own schemas stay as they are: ${describeSchemas(its)}.${choose}`,
    );
  });
}

/** Only sequences whose result depends on the load itself. The backup's warnings name the others. */
function checkSequences({ sequences, isOriginal, scope }: ReadPlan): Check[] {
  if (isOriginal || isMerge(scope.mode)) return [];
  return sequences
    .filter(({ archived, columns }) => !archived && columns.length > 0)
    .map(({ sequence }) =>
      warning(
        "sequences",
        `The sequence ${tableLabel(sequence)} has no state in the backup that it could take: it stays where it is, and goes on to the highest value of its columns if it would be behind it.`,
      ),
    );
}

function checkMaterializedViews({ materializedViews }: LoadPlan): Check[] {
  if (materializedViews.length === 0) return [];
  const name = "materialised-views";
  const labels = materializedViews.map(tableLabel).join(", ");
  const refused = materializedViews.filter(({ canRefresh }) => !canRefresh).map(tableLabel);
  return [
    refused.length === 0
      ? passed(name, `Materialised views that the restore refreshes: ${labels}.`)
      : warning(
          name,
          `The database role may not refresh these materialised views, which keep their current rows: ${refused.join(", ")}. Their owner has to refresh them after the restore.`,
        ),
  ];
}

/** Warnings that apply to no other database. For the current one, a check reports them. */
export const OF_ITS_DATABASE = ["INVALID_INDEX", "PARTITION_DETACH_PENDING"];

function checkIndexes({ loads }: LoadPlan, { warnings }: Catalog): Check[] {
  const loaded = new Set(loads.map(({ table }) => tableKey(table)));
  return warnings
    .filter(({ code, table }) => code === "INVALID_INDEX" && table && loaded.has(tableKey(table)))
    .map(({ message }) => warning("indexes", message));
}

type Migrations = ReadonlyArray<{ name: string; finishedAt: string | null }>;

export function compareMigrations(manifest: Manifest, now: Migrations): RestorePlan["migrations"] {
  const applied = (migrations: Migrations) =>
    new Set(migrations.filter(({ finishedAt }) => finishedAt !== null).map(({ name }) => name));
  const then = applied(manifest.migrations);
  const today = applied(now);
  return [...new Set([...then, ...today])]
    .toSorted()
    .map((name) => ({ name, inBackup: then.has(name), inDatabase: today.has(name) }));
}

function checkMigrations(migrations: RestorePlan["migrations"]): Check {
  const missing = migrations.filter((it) => !it.inDatabase).map((it) => it.name);
  const added = migrations.filter((it) => !it.inBackup).map((it) => it.name);
  if (missing.length === 0 && added.length === 0) {
    return passed(
      "migrations",
      migrations.length === 0
        ? "Neither side records Prisma migrations."
        : `The same ${migrations.length} Prisma migrations are applied.`,
    );
  }
  const parts = [
    added.length > 0 && `applied since the backup: ${listNames(added)}`,
    missing.length > 0 && `not applied here: ${listNames(missing)}`,
  ].filter(Boolean);
  return warning(
    "migrations",
    `The Prisma migrations differ (${parts.join("; ")}). They stay as they are. A restore only needs columns that fit.`,
  );
}
