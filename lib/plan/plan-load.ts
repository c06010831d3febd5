import type { Manifest, ManifestTable } from "../archive/manifest.ts";
import type { Catalog, CatalogTable } from "../schema/catalog.ts";
import { staleViews } from "../schema/materialized-views.ts";
import type { PendingDetach } from "../schema/pending-detach.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import type { TableName } from "../shared/api.ts";
import { nameOf, tableKey } from "../shared/table-name.ts";
import { insertionOrderOf } from "./dump-plan.ts";
import { orderedTables } from "./insertion-order.ts";
import { planForeignKeys } from "./load-foreign-keys.ts";
import { functionRank, type LoadPlan, type PlannedLoad } from "./load-plan.ts";
import { planSequences } from "./load-sequences.ts";
import { matchLoads } from "./match-loads.ts";
import { findMissingRights, findNotOwned } from "./missing-rights.ts";
import { chooseTables, isMerge, type RestoreSelection } from "./restore-scope.ts";

/**
 * Matches an archive with the database, without reading it. Obstacles are listed for the caller to judge.
 *
 * @throws BackupError REQUEST_INVALID if the scope does not fit the archive, or leaves out what exists nowhere
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
    // This way, a function that computes or checks a row finds the rows of all other tables.
    .toSorted((a, b) => functionRank(a.table) - functionRank(b.table));
  const tables = new Map(catalog.tables.map((table) => [tableKey(table), table]));
  const { sequences, sequenceWarnings, ...found } = planSequences({
    ...{ manifest, catalog, tables, isExcluded, platformOf },
    loads: matched.loads,
    isMerging: isMerge(scope.mode),
  });
  const keys = planForeignKeys(manifest, catalog, matched.loads, choice);
  const { foreignKeys, referring } = keys;
  const changed = { scope, loads, referring, sequences, foreignKeys };
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
    notOwned: [...findNotOwned(changed), ...matched.notOwned],
    withoutRights: findMissingRights(changed),
    superusersForeignKeys: database.isSuperuser
      ? []
      : foreignKeys.filter(({ hasAlteredTriggers }) => hasAlteredTriggers),
    hidingRows: loads.filter(({ table }) => table.hidesRows).map(({ table }) => nameOf(table)),
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

/** With partitions, and with the tables from which they inherit: a SELECT from those shows their rows. */
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

/**
 * Finds restored tables whose children are not restored, although a SELECT from the table showed the children's rows.
 */
function findChildrenLeftOut(
  archived: readonly ManifestTable[],
  tables: ReadonlyMap<string, CatalogTable>,
  { loads, skipped }: Pick<LoadPlan, "loads" | "skipped">,
): LoadPlan["childrenLeftOut"] {
  const isSkipped = new Set(skipped.map(({ archived: it }) => tableKey(it)));
  // Archives of older versions do not have this.
  const parentsOf = (table: ManifestTable): readonly TableName[] =>
    table.inherits ?? tables.get(tableKey(table))?.inherits ?? [];
  const links = archived.flatMap((child) =>
    parentsOf(child).map((parent) => ({ child, parent: tableKey(parent) })),
  );
  const byParent = Map.groupBy(links, ({ parent }) => parent);
  const childrenOf = (parent: TableName) =>
    (byParent.get(tableKey(parent)) ?? []).map(({ child }) => child);
  return loads.flatMap(({ archived: parent, places }) => {
    const below = new Set(childrenOf(parent));
    // A choice of single rows does not mean everything that the table shows.
    if (below.size === 0 || places) return [];
    for (const child of below) for (const it of childrenOf(child)) below.add(it);
    const left = archived.filter(
      (it) => below.has(it) && it.rows > 0 && isSkipped.has(tableKey(it)),
    );
    if (left.length === 0) return [];
    return [{ parent: nameOf(parent), children: left.map(nameOf) }];
  });
}
