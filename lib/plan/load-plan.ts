import type { Manifest, ManifestTable } from "../archive/manifest.ts";
import type {
  Catalog,
  CatalogColumn,
  CatalogSequence,
  CatalogTable,
  ForeignKey,
} from "../schema/catalog.ts";
import { findTableDrift } from "../schema/drift.ts";
import { type MaterializedView, staleViews } from "../schema/materialized-views.ts";
import { MIGRATIONS_TABLE, type PrismaModels } from "../schema/prisma-models.ts";
import { widenedFrom } from "../schema/widened-type.ts";
import type { Drift, InsertionOrder, TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { insertionOrderOf } from "./dump-plan.ts";
import { orderedTables } from "./insertion-order.ts";

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
}

export interface PlannedSequence {
  sequence: CatalogSequence;
  lastValue: string;
  isCalled: boolean;
  /** Columns that take their values from it, as far as the role may read them: it must not be behind any of them. */
  columns: Array<{ table: CatalogTable; column: string }>;
}

/** What a restore will do. Names from an archive are only ever looked up here; SQL is made from the catalog's. */
export interface LoadPlan {
  /** In insertion order. */
  loads: PlannedLoad[];
  insertionOrder: InsertionOrder;
  /** Archived tables that stay as they are, and why. */
  skipped: Array<{ archived: ManifestTable; reason: string }>;
  /**
   * Between loaded tables, and from ignored ones to loaded ones: dropped before the load, and added again with
   * their exact definition after it. But for those that nothing enforces.
   */
  foreignKeys: ForeignKey[];
  /** Ignored tables that hold some of these foreign keys. To be locked as well. */
  referring: CatalogTable[];
  sequences: PlannedSequence[];
  /** Populated ones that may draw from loaded tables, in the order in which to refresh them. */
  materializedViews: MaterializedView[];
  drift: Drift[];
  /** Foreign keys of tables that are neither loaded nor ignored into tables that would be emptied. They block. */
  references: ForeignKey[];
  /** Tables, partitions and sequences to be changed that the role does not own. They block. */
  notOwned: TableName[];
  /** Foreign keys whose triggers only a superuser can put back to their state, and the role is none. They block. */
  superusersForeignKeys: ForeignKey[];
  /** Tables with row-level security that applies to the role. They block. */
  hidingRows: TableName[];
}

const MIGRATIONS_REASON =
  "Prisma's record of migrations describes the database's schema, which a restore does not change.";

const IGNORED_REASON = "It is among the tables to be ignored.";

/**
 * Matches an archive with the database. Pure: what stands in the way is in the plan, for the caller to judge.
 *
 * @param ignoredTables their rows stay as they are, although other tables are restored
 */
export function planLoad(
  manifest: Pick<Manifest, "tables" | "sequences">,
  catalog: Catalog,
  models: PrismaModels,
  ignoredTables: readonly TableName[] = [],
): LoadPlan {
  const ignored = new Set(ignoredTables.map(tableKey));
  const isIgnored = (table: TableName) => ignored.has(tableKey(table));
  const tables = new Map(catalog.tables.map((table) => [tableKey(table), table]));
  const skipped: LoadPlan["skipped"] = [];
  const drift: Drift[] = [];
  const loadable = new Map<string, PlannedLoad>();
  for (const archived of manifest.tables) {
    if (archived.name === MIGRATIONS_TABLE) {
      skipped.push({ archived, reason: MIGRATIONS_REASON });
      continue;
    }
    if (isIgnored(archived)) {
      skipped.push({ archived, reason: IGNORED_REASON });
      continue;
    }
    const table = tables.get(tableKey(archived));
    drift.push(...findTableDrift(archived, table));
    if (!table) continue;
    const columns = archived.columns.flatMap((it): LoadColumn[] => {
      const column = table.columns.find(({ name }) => name === it.name);
      if (!column) return [];
      const archivedType = column.type === it.type ? null : widenedFrom(it, column);
      return [archivedType === null ? column : { ...column, archivedType }];
    });
    loadable.set(tableKey(archived), { archived, table, columns });
  }

  const insertionOrder = insertionOrderOf(
    catalog,
    models,
    [...loadable.values()].map(({ table }) => table),
  );
  const loads = orderedTables(insertionOrder).flatMap((name) => loadable.get(tableKey(name)) ?? []);
  const isLoaded = (table: TableName) => loadable.has(tableKey(table));
  const states = new Map(manifest.sequences.map((state) => [tableKey(state), state]));
  const sequences = catalog.sequences.flatMap((sequence) => {
    const state = states.get(tableKey(sequence));
    const users = [...(sequence.owner ? [sequence.owner] : []), ...sequence.usedBy];
    if (!state || (users.length > 0 && users.every(({ table }) => isIgnored(table)))) return [];
    const columns = users.flatMap(({ table: name, column }) => {
      const table = tables.get(tableKey(name));
      return table?.canSelect && !table.hidesRows ? [{ table, column }] : [];
    });
    return [{ sequence, lastValue: state.lastValue, isCalled: state.isCalled, columns }];
  });
  for (const state of manifest.sequences) {
    if (catalog.sequences.some((sequence) => tableKey(sequence) === tableKey(state))) continue;
    const table = { schema: state.schema, name: state.name };
    drift.push({
      kind: "table-missing",
      table,
      blocks: false,
      message: `The database has no sequence ${tableLabel(table)}; its state is left out.`,
    });
  }

  const intoLoaded = catalog.foreignKeys.filter(({ to }) => isLoaded(to));
  const isMoved = ({ from }: ForeignKey) => isLoaded(from) || isIgnored(from);
  const referring = catalog.tables.filter(
    (table) =>
      isIgnored(table) && intoLoaded.some(({ from }) => tableKey(from) === tableKey(table)),
  );
  // Where nothing checks the rows, they need not be valid now: to add the foreign key again would check them.
  const moved = intoLoaded.filter(
    (foreignKey) =>
      isMoved(foreignKey) && !(foreignKey.insertsUnchecked && isLoaded(foreignKey.from)),
  );
  return {
    loads,
    insertionOrder,
    skipped,
    foreignKeys: moved,
    referring,
    sequences,
    materializedViews: staleViews(catalog.materializedViews, withAncestors(loads, tables)),
    drift,
    references: intoLoaded.filter((foreignKey) => !isMoved(foreignKey)),
    notOwned: [
      ...loads.flatMap(({ table }) => [
        table,
        ...table.partitions.filter(({ isForeign }) => !isForeign),
      ]),
      ...referring,
      ...sequences.map(({ sequence }) => sequence),
    ]
      .filter(({ isOwned }) => !isOwned)
      .map(({ schema, name }) => ({ schema, name })),
    superusersForeignKeys: catalog.database.isSuperuser
      ? []
      : moved.filter(({ hasAlteredTriggers }) => hasAlteredTriggers),
    hidingRows: loads
      .filter(({ table }) => table.hidesRows)
      .map(({ table: { schema, name } }) => ({ schema, name })),
  };
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
