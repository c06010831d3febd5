import type { Manifest, ManifestTable } from "../archive/manifest.ts";
import type { Catalog, CatalogColumn, CatalogTable, ForeignKey } from "../schema/catalog.ts";
import { type MaterializedView, staleViews } from "../schema/materialized-views.ts";
import type { PendingDetach } from "../schema/pending-detach.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { Drift, InsertionOrder, RestoreScope, TableName, Warning } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import { findChildrenLeftOut } from "./children-left-out.ts";
import { chooseTables } from "./choose-tables.ts";
import { functionRank } from "./computed-tables.ts";
import { insertionOrderOf } from "./dump-plan.ts";
import { orderedTables } from "./insertion-order.ts";
import { planForeignKeys } from "./load-foreign-keys.ts";
import { type PlannedSequence, planSequences } from "./load-sequences.ts";
import { matchLoads } from "./match-loads.ts";
import { findMissingRights, findNotOwned } from "./missing-rights.ts";
import { isMerge, type RestoreSelection } from "./restore-scope.ts";

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
  const { database } = catalog;
  const choice = chooseTables(manifest, catalog, selection.scope);
  const { scope, platformOf, isExcluded } = choice;
  const matched = matchLoads(manifest, catalog, choice);
  const { skipped } = matched;
  const loaded = [...matched.loads.values()].map(({ table }) => table);
  const insertionOrder = insertionOrderOf(catalog, models, loaded);
  const loads = orderedTables(insertionOrder)
    .flatMap((name) => matched.loads.get(tableKey(name)) ?? [])
    // A function that computes or checks a row then finds the rows of all other tables.
    .toSorted((a, b) => functionRank(a.table) - functionRank(b.table));
  const tables = new Map(catalog.tables.map((table) => [tableKey(table), table]));
  const { sequences, sequenceWarnings, ...found } = planSequences({
    ...{ manifest, catalog, tables, isExcluded, platformOf },
    loads: matched.loads,
    isMerging: isMerge(scope.mode),
  });
  const keys = planForeignKeys(manifest, catalog, matched.loads, choice);
  const { foreignKeys, referring } = keys;
  return {
    ...keys,
    scope,
    isStandby: database.isStandby,
    loads,
    insertionOrder,
    skipped,
    platformOf,
    childrenLeftOut: findChildrenLeftOut(manifest.tables, tables, { loads, skipped }),
    sequences,
    sequenceWarnings,
    materializedViews: staleViews(catalog.materializedViews, withAncestors(loads, tables)),
    drift: [...matched.drift, ...found.drift],
    pendingDetaches: findPendingDetaches(catalog, loads),
    notOwned: [...findNotOwned({ loads, referring, sequences }), ...matched.notOwned],
    withoutRights: findMissingRights({ scope, loads, referring, sequences, foreignKeys }),
    superusersForeignKeys: database.isSuperuser
      ? []
      : foreignKeys.filter(({ hasAlteredTriggers }) => hasAlteredTriggers),
    hidingRows: loads
      .filter(({ table }) => table.hidesRows)
      .map(({ table: { schema, name } }) => ({ schema, name })),
  };
}

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
