import type { Manifest, ManifestTable } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import type {
  Catalog,
  CatalogColumn,
  CatalogTable,
  ForeignKey,
  Partition,
} from "../schema/catalog.ts";
import { findTableDrift } from "../schema/drift.ts";
import { type MaterializedView, staleViews } from "../schema/materialized-views.ts";
import { explainMissingTable } from "../schema/missing-table.ts";
import type { PendingDetach } from "../schema/pending-detach.ts";
import { MIGRATIONS_TABLE, type PrismaModels } from "../schema/prisma-models.ts";
import { widenedFrom } from "../schema/widened-type.ts";
import type { Drift, InsertionOrder, RestoreScope, TableName, Warning } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { findChildrenLeftOut } from "./children-left-out.ts";
import { insertionOrderOf } from "./dump-plan.ts";
import { matcherOf, requireKnown } from "./exclusion.ts";
import { orderedTables } from "./insertion-order.ts";
import { type PlannedSequence, planSequences } from "./load-sequences.ts";
import { leftToPlatforms } from "./platform-schemas.ts";
import { isMerge, type RestoreSelection, resolveScope } from "./restore-scope.ts";

/** A column as the database has it, and how the archive's values of it are read. */
export interface LoadColumn extends CatalogColumn {
  /** The type that the column had, where it holds more now; never an archive's own words. */
  archivedType?: string;
}

/** One table of the archive and the table of the database that takes its rows. */
export interface PlannedLoad {
  archived: ManifestTable;
  table: CatalogTable;
  /** Those archived columns that the database still has, in the archive's order. */
  columns: LoadColumn[];
  /** Places in the archive, from 1, of the only rows that are restored. */
  places?: ReadonlySet<number>;
}

/** What a restore will do. Names from an archive are only ever looked up here; SQL is made from the catalog's. */
export interface LoadPlan {
  scope: RestoreScope;
  /** The server takes no writes. It blocks. */
  isStandby: boolean;
  /** In insertion order; but those whose rows functions of the users' compute or check come last. */
  loads: PlannedLoad[];
  insertionOrder: InsertionOrder;
  /** Archived tables that stay as they are, and why. */
  skipped: Array<{ archived: ManifestTable; reason: string }>;
  /** Whose a table is that is left to the hosting platform. */
  platformOf(table: TableName): string | undefined;
  /**
   * Between loaded tables, and from ignored ones to loaded ones that lose rows: dropped before the load, and added again with
   * their exact definition after it. But for those that nothing enforces.
   */
  foreignKeys: ForeignKey[];
  /** What foreign keys mean for tables that were not chosen, in sentences. */
  consequences: string[];
  /** Loaded tables, each with those that inherit from it, have rows in the archive, and are skipped. */
  childrenLeftOut: Array<{ parent: TableName; children: TableName[] }>;
  /** Ignored tables that hold some of these foreign keys. To be locked as well. */
  referring: CatalogTable[];
  sequences: PlannedSequence[];
  /** Sequences whose state in the backup is not restored, as far as that is known beforehand. */
  sequenceWarnings: Warning[];
  /** Populated ones that may draw from loaded tables, in the order in which to refresh them. */
  materializedViews: MaterializedView[];
  drift: Drift[];
  /** Of loaded tables, or of partitions of theirs. They block: rows do not get where a backup has them. */
  pendingDetaches: PendingDetach[];
  /** Foreign keys to partitioned tables of an extension, of which loaded tables are partitions. They block. */
  toExtensions: ForeignKey[];
  /** Foreign keys of tables that are neither loaded nor ignored into tables that would be emptied. They block. */
  references: ForeignKey[];
  /** Tables, partitions and sequences to be changed that the role does not own. They block. */
  notOwned: TableName[];
  /** Those of them that the role owns, and yet may not do everything with that a restore does. They block. */
  withoutRights: Array<{ relation: TableName; rights: string[] }>;
  /** Foreign keys whose triggers only a superuser can put back to their state, and the role is none. They block. */
  superusersForeignKeys: ForeignKey[];
  /** Tables with row-level security that applies to the role. They block. */
  hidingRows: TableName[];
}

const MIGRATIONS_REASON =
  "Prisma's record of migrations describes the database's schema, which a restore does not change.";

const EXCLUDED_REASON = "It was left out of the restore.";
const NOT_CHOSEN_REASON = "It was not chosen.";

/**
 * Matches an archive with the database. Pure: what stands in the way is in the plan, for the caller to judge.
 *
 * @throws BackupError REQUEST_INVALID for a scope that does not fit the archive, or leaves out what nobody has
 */
export function planLoad(
  manifest: Pick<Manifest, "tables" | "sequences" | "enums"> &
    Partial<Pick<Manifest, "formatVersion">>,
  catalog: Catalog,
  models: PrismaModels,
  selection: RestoreSelection = {},
): LoadPlan {
  const { scope, isChoice, isChosen, placesIn, ...resolved } = resolveScope(
    selection.scope,
    manifest.tables,
  );
  requireKnown(
    [...(scope.exclude ?? []), ...(scope.include ?? [])],
    {
      tables: [...manifest.tables, ...catalog.tables, ...catalog.extensionTables],
      sequences: [...manifest.sequences, ...catalog.sequences],
      roots: catalog.tables,
    },
    (things) => `Neither the backup nor the database has a ${things}. Nothing has changed.`,
  );
  const tables = new Map(catalog.tables.map((table) => [tableKey(table), table]));
  const archivedByKey = new Map(manifest.tables.map((table) => [tableKey(table), table]));
  const platformOf = platformsOf(catalog, scope);
  const isExcluded = (it: TableName) => resolved.isExcluded(it) || platformOf(it) !== undefined;
  const reasonFor = (archived: TableName): string => {
    if (!isChosen(archived)) return NOT_CHOSEN_REASON;
    const platform = resolved.isExcluded(archived) ? undefined : platformOf(archived);
    return platform === undefined
      ? EXCLUDED_REASON
      : `It was left out with ${platform}'s own schemas.`;
  };
  const labels = new Map(manifest.enums?.map((it) => [it.type, it.labels]));
  const skipped: LoadPlan["skipped"] = [];
  const drift: Drift[] = [];
  const notOwnedMembers: TableName[] = [];
  const loadable = new Map<string, PlannedLoad>();
  for (const archived of manifest.tables) {
    if (archived.name === MIGRATIONS_TABLE) {
      skipped.push({ archived, reason: MIGRATIONS_REASON });
      continue;
    }
    if (!isChosen(archived) || isExcluded(archived)) {
      skipped.push({ archived, reason: reasonFor(archived) });
      continue;
    }
    const table = tables.get(tableKey(archived));
    if (!table && isMemberOfOthers(archived, catalog)) {
      notOwnedMembers.push({ schema: archived.schema, name: archived.name });
      continue;
    }
    const explained = table ? null : explainMissingTable(archived, archivedByKey, catalog);
    drift.push(...(explained ? [explained] : findTableDrift(archived, table, labels)));
    if (!table) continue;
    const columns = archived.columns.flatMap((it): LoadColumn[] => {
      const column = table.columns.find(({ name }) => name === it.name);
      if (!column) return [];
      const archivedType = column.type === it.type ? null : widenedFrom(it, column);
      return [archivedType === null ? column : { ...column, archivedType }];
    });
    const places = placesIn(archived);
    loadable.set(tableKey(archived), { archived, table, columns, ...(places && { places }) });
  }

  const platforms = new Set(skipped.flatMap(({ archived }) => platformOf(archived) ?? []));
  const someAreLeft = scope.exclude || platforms.size > 0;
  if (someAreLeft && loadable.size === 0 && !drift.some(({ blocks }) => blocks)) {
    throw new BackupError("REQUEST_INVALID", "No table is left to restore. Nothing has changed.", {
      hint:
        platforms.size === 0
          ? "Leave fewer tables out."
          : `Tables of ${[...platforms].join(", ")} are only restored where they are chosen.`,
    });
  }
  const insertionOrder = insertionOrderOf(
    catalog,
    models,
    [...loadable.values()].map(({ table }) => table),
  );
  const loads = orderedTables(insertionOrder)
    .flatMap((name) => loadable.get(tableKey(name)) ?? [])
    // A function that computes or checks a row finds those of all other tables then.
    .toSorted((a, b) => functionRank(a.table) - functionRank(b.table));
  const isLoaded = (table: TableName) => loadable.has(tableKey(table));
  const isArchived = (table: TableName) => archivedByKey.has(tableKey(table));
  // Who replaces the whole archive has not said that tables outside of it may stay.
  const othersStay = isChoice || scope.mode !== "replace";
  const isIgnored = (table: TableName) => isExcluded(table) || (othersStay && !isLoaded(table));
  const isMerging = isMerge(scope.mode);
  const { sequences, sequenceWarnings, ...found } = planSequences({
    manifest,
    catalog,
    tables,
    loads: loadable,
    isMerging,
    isExcluded,
    platformOf,
  });
  drift.push(...found.drift);

  const intoLoaded = catalog.foreignKeys.filter(
    // Where every row stays, nothing that refers to one has to be checked. But one that is computed anew is taken out
    // for a moment, and no ON DELETE may follow.
    ({ from, to }) => {
      const load = loadable.get(tableKey(to));
      return load && (scope.mode !== "keep-existing" || isLoaded(from) || isComputed(load.table));
    },
  );
  const isMoved = ({ from }: ForeignKey) => isLoaded(from) || isIgnored(from);
  const referring = catalog.tables.filter(
    (table) =>
      isIgnored(table) && intoLoaded.some(({ from }) => tableKey(from) === tableKey(table)),
  );
  // Where nothing checks the rows, they need not be valid now: to add the foreign key again would check them.
  // But rows that are deleted one by one may still take others with them.
  const moved = intoLoaded.filter(
    (foreignKey) =>
      isMoved(foreignKey) &&
      !(foreignKey.insertsUnchecked && isLoaded(foreignKey.from) && scope.mode !== "overwrite"),
  );
  return {
    scope,
    isStandby: catalog.database.isStandby,
    loads,
    insertionOrder,
    skipped,
    platformOf,
    foreignKeys: moved,
    consequences: findConsequences(catalog, scope, {
      isLoaded,
      isIgnored: isChoice || scope.exclude ? isIgnored : (table) => platformOf(table) !== undefined,
      isArchived,
    }),
    childrenLeftOut: findChildrenLeftOut(manifest.tables, tables, { loads, skipped }),
    referring,
    sequences,
    sequenceWarnings,
    materializedViews: staleViews(catalog.materializedViews, withAncestors(loads, tables)),
    drift,
    pendingDetaches: findPendingDetaches(catalog, loads),
    toExtensions: findKeysToExtensions(catalog, loads),
    references: intoLoaded.filter((foreignKey) => !isMoved(foreignKey)),
    notOwned: [
      ...loads.flatMap(({ table }) => [table, ...ownPartitions(table)]),
      ...referring,
      ...sequences.map(({ sequence }) => sequence),
    ]
      .filter(({ isOwned }) => !isOwned)
      .map(({ schema, name }) => ({ schema, name }))
      .concat(notOwnedMembers),
    withoutRights: findMissingRights({ scope, loads, referring, sequences, foreignKeys: moved }),
    superusersForeignKeys: catalog.database.isSuperuser
      ? []
      : moved.filter(({ hasAlteredTriggers }) => hasAlteredTriggers),
    hidingRows: loads
      .filter(({ table }) => table.hidesRows)
      .map(({ table: { schema, name } }) => ({ schema, name })),
  };
}

/** Of what is in the backup alone, its schema tells. */
function platformsOf(
  catalog: Catalog,
  { tables: chosen, rows, include }: RestoreScope,
): LoadPlan["platformOf"] {
  const asked = { tables: chosen ?? rows, include };
  const { relations, platformOf } = leftToPlatforms(catalog, asked);
  const isAskedFor = matcherOf([...(asked.tables ?? []), ...(include ?? [])]);
  const live = new Set([...catalog.tables, ...catalog.sequences].map(tableKey));
  const schemas = new Map(relations.map(({ schema, platform }) => [schema, platform]));
  return (it) =>
    live.has(tableKey(it)) || isAskedFor(it) ? platformOf(it) : schemas.get(it.schema);
}

/** A domain that is checked by one may be within another type, where nothing tells of it. */
const functionRank = (table: CatalogTable): number =>
  table.columns.some((it) => it.callsFunctions && !it.generated) ? 2 : table.functionRank;

/** Has columns that functions of the users' compute, so that rows may have to be computed anew. */
export const isComputed = ({ columns }: CatalogTable): boolean =>
  columns.some(({ generated, callsFunctions }) => generated && callsFunctions);

/** An extension's table that another role could restore. */
const isMemberOfOthers = (archived: TableName, { extensionTables }: Catalog): boolean =>
  extensionTables.some(
    (it) => tableKey(it) === tableKey(archived) && it.userRows === "all" && !it.isOwned,
  );

function findPendingDetaches(
  { pendingDetaches }: Catalog,
  loads: readonly PlannedLoad[],
): PendingDetach[] {
  const loaded = new Set(
    loads.flatMap(({ table }) => [table, ...table.partitions].map((it) => tableKey(it))),
  );
  return pendingDetaches.filter(
    ({ parent, partition }) => loaded.has(tableKey(parent)) || loaded.has(tableKey(partition)),
  );
}

/** They go on being enforced in the partitions, whose rows are all that a restore replaces. */
function findKeysToExtensions(
  { foreignKeys }: Catalog,
  loads: readonly PlannedLoad[],
): ForeignKey[] {
  const above = new Set(loads.flatMap(({ table }) => table.partOf).map(tableKey));
  return foreignKeys.filter(({ to }) => above.has(tableKey(to)));
}

const ownPartitions = ({ partitions }: CatalogTable): Partition[] =>
  partitions.filter(({ isForeign }) => !isForeign);

/** Which rights are asked of each relation, from the statements of a load; ALTER asks for the owner alone. */
function findMissingRights({
  scope: { mode },
  loads,
  referring,
  sequences,
  foreignKeys,
}: Pick<
  LoadPlan,
  "scope" | "loads" | "referring" | "sequences" | "foreignKeys"
>): LoadPlan["withoutRights"] {
  const referred = new Set(foreignKeys.map(({ to }) => tableKey(to)));
  const emptying = isMerge(mode) ? (mode === "overwrite" ? ["DELETE"] : []) : ["TRUNCATE"];
  return [
    ...loads.flatMap(({ table }) => {
      // Rows that are computed anew are taken out of where they are, and put in again.
      const computing = isComputed(table) ? ["SELECT", "INSERT", "DELETE"] : [];
      const rights = [...new Set(["USAGE", "SELECT", "INSERT", ...emptying, ...computing])];
      if (referred.has(tableKey(table))) rights.push("REFERENCES");
      // Beside one on another server, each partition is read and emptied itself.
      const isSplit = table.partitions.some(({ isForeign }) => isForeign);
      const below = [
        ...new Set(["USAGE", ...(isSplit ? ["SELECT", ...emptying] : []), ...computing]),
      ];
      return [
        { it: table, rights },
        ...ownPartitions(table).map((it) => ({ it, rights: it.isPartitioned ? ["USAGE"] : below })),
      ];
    }),
    ...referring.map((it) => ({ it, rights: ["USAGE", "SELECT"] })),
    ...sequences.map(({ sequence: it }) => ({ it, rights: ["USAGE", "SELECT", "UPDATE"] })),
  ].flatMap(({ it, rights }) => {
    if (!it.isOwned) return [];
    const { schema, name, missingRights } = it;
    const missing = rights.filter((right) => missingRights.includes(right));
    // Who has none of them may not even lock the table.
    const mayLock = "start" in it || LOCKING.some((right) => !missingRights.includes(right));
    if (!mayLock && !missing.some((right) => LOCKING.includes(right))) missing.push("UPDATE");
    return missing.length > 0 ? [{ relation: { schema, name }, rights: missing }] : [];
  });
}

const LOCKING = ["UPDATE", "DELETE", "TRUNCATE"];

/** What a person should know who chose some tables or left some out: which rows others have to have. */
function findConsequences(
  { foreignKeys }: Catalog,
  { mode }: RestoreScope,
  is: Record<"isLoaded" | "isIgnored" | "isArchived", (table: TableName) => boolean>,
): string[] {
  const what = isMerge(mode) ? "gets rows from the backup" : "is replaced";
  const otherwise = (table: TableName) =>
    `the restore fails and nothing changes.${is.isArchived(table) ? ` Restore ${tableLabel(table)} as well to avoid that.` : ""}`;
  return foreignKeys.flatMap(({ from, to, columns, constraint, insertsUnchecked }) => {
    const by = `by ${columns.join(", ")} (${constraint})`;
    if (is.isLoaded(from) && is.isIgnored(to) && !insertsUnchecked) {
      return `${tableLabel(from)} ${what}, and refers ${by} to ${tableLabel(to)}, which stays as it is. If it does not have a row that one of the backup refers to, ${otherwise(to)}`;
    }
    // The others keep every row: those that are there keep their keys.
    if (mode === "replace" && is.isLoaded(to) && is.isIgnored(from)) {
      return `${tableLabel(from)} stays as it is, and refers ${by} to ${tableLabel(to)}, which is replaced. If the backup does not have a row that one of ${tableLabel(from)} refers to, ${otherwise(from)}`;
    }
    return [];
  });
}

/** Oids of the loaded tables, their partitions, and all that they inherit from: a SELECT from these gives their rows too. */
function withAncestors(
  loads: readonly PlannedLoad[],
  tables: ReadonlyMap<string, CatalogTable>,
): Set<number> {
  const oids = new Set<number>();
  const open = loads.map(({ table }) => table);
  for (const table of open) {
    if (oids.has(table.oid)) continue;
    for (const { oid } of [table, ...table.partitions]) oids.add(oid);
    open.push(...table.inherits.flatMap((parent) => tables.get(tableKey(parent)) ?? []));
  }
  return oids;
}
