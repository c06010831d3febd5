import type { Manifest, ManifestTable } from "../archive/manifest.ts";
import type {
  Catalog,
  CatalogColumn,
  CatalogSequence,
  CatalogTable,
  ForeignKey,
} from "../schema/catalog.ts";
import { findTableDrift } from "../schema/drift.ts";
import { MIGRATIONS_TABLE, type PrismaModels } from "../schema/prisma-models.ts";
import type { Drift, InsertionOrder, TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { insertionOrderOf } from "./dump-plan.ts";
import { orderedTables } from "./insertion-order.ts";

/** One table of the archive and the table of the database that takes its rows. */
export interface PlannedLoad {
  archived: ManifestTable;
  table: CatalogTable;
  /** The archived columns, as the database has them, in the archive's order. */
  columns: CatalogColumn[];
}

export interface PlannedSequence {
  sequence: CatalogSequence;
  lastValue: string;
  isCalled: boolean;
  /** Columns that take their values from it, as far as the role may read them: it must not be behind any of them. */
  columns: Array<{ table: TableName; column: string }>;
}

/** What a restore will do. Names from an archive are only ever looked up here; SQL is made from the catalog's. */
export interface LoadPlan {
  /** In insertion order. */
  loads: PlannedLoad[];
  insertionOrder: InsertionOrder;
  /** Archived tables that stay as they are, and why. */
  skipped: Array<{ archived: ManifestTable; reason: string }>;
  /** Between loaded tables: dropped before the load, and added again with their exact definition after it. */
  foreignKeys: ForeignKey[];
  sequences: PlannedSequence[];
  drift: Drift[];
  /** Foreign keys of tables outside of the archive into tables that would be emptied. They block. */
  references: ForeignKey[];
  /** Tables and sequences that the role does not own. They block. */
  notOwned: TableName[];
  /** Partitions on other servers, which a restore could neither empty nor load in its transaction. They block. */
  foreignPartitions: TableName[];
  /** Tables with row-level security that applies to the role. They block. */
  hidingRows: TableName[];
}

const MIGRATIONS_REASON =
  "Prisma's record of migrations describes the database's schema, which a restore does not change.";

/** Matches an archive with the database. Pure: what stands in the way is in the plan, for the caller to judge. */
export function planLoad(manifest: Manifest, catalog: Catalog, models: PrismaModels): LoadPlan {
  const tables = new Map(catalog.tables.map((table) => [tableKey(table), table]));
  const skipped: LoadPlan["skipped"] = [];
  const drift: Drift[] = [];
  const loadable = new Map<string, PlannedLoad>();
  for (const archived of manifest.tables) {
    if (archived.name === MIGRATIONS_TABLE) {
      skipped.push({ archived, reason: MIGRATIONS_REASON });
      continue;
    }
    const table = tables.get(tableKey(archived));
    drift.push(...findTableDrift(archived, table));
    if (!table) continue;
    const columns = archived.columns.flatMap(
      ({ name }) => table.columns.find((column) => column.name === name) ?? [],
    );
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
    if (!state) return [];
    const columns = [...(sequence.owner ? [sequence.owner] : []), ...sequence.usedBy].filter(
      ({ table }) =>
        tables.get(tableKey(table))?.canSelect && !tables.get(tableKey(table))?.hidesRows,
    );
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

  return {
    loads,
    insertionOrder,
    skipped,
    foreignKeys: catalog.foreignKeys.filter(({ from, to }) => isLoaded(from) && isLoaded(to)),
    sequences,
    drift,
    references: catalog.foreignKeys.filter(({ from, to }) => !isLoaded(from) && isLoaded(to)),
    notOwned: [...loads.map(({ table }) => table), ...sequences.map(({ sequence }) => sequence)]
      .filter(({ isOwned }) => !isOwned)
      .map(({ schema, name }) => ({ schema, name })),
    foreignPartitions: loads
      .flatMap(({ table }) => table.partitions)
      .filter(({ isForeign }) => isForeign)
      .map(({ schema, name }) => ({ schema, name })),
    hidingRows: loads
      .filter(({ table }) => table.hidesRows)
      .map(({ table: { schema, name } }) => ({ schema, name })),
  };
}
