import type { ManifestTable } from "../archive/manifest.ts";
import type {
  CatalogColumn,
  CatalogSequence,
  CatalogTable,
  ForeignKey,
} from "../schema/catalog.ts";
import type { MaterializedView } from "../schema/materialized-views.ts";
import type { PendingDetach } from "../schema/pending-detach.ts";
import type { Drift, InsertionOrder, RestoreScope, TableName, Warning } from "../shared/api.ts";
import type { ArchivedSequence } from "./archived-sequences.ts";

export interface LoadColumn extends CatalogColumn {
  /** The type that the column had, if the present type holds more. Never text from an archive. */
  archivedType?: string;
}

export interface PlannedLoad {
  archived: ManifestTable;
  table: CatalogTable;
  /** The archived columns that the database still has, in the archive's order. */
  columns: LoadColumn[];
  /** Row numbers in the archive, from 1, if only some rows are restored. */
  places?: ReadonlySet<number>;
}

export interface PlannedSequence {
  sequence: CatalogSequence;
  /** Null if the archive has no state of the sequence, or one outside its present range. */
  archived: Pick<ArchivedSequence, "lastValue" | "isCalled"> | null;
  /**
   * The state from which it starts. `further`: whichever of the backup's and the present one has advanced more, because
   * values may have been drawn that cannot be compared.
   */
  basis: "archived" | "live" | "further";
  /** Columns that take their values from it and can be compared. The sequence must not be behind any of them. */
  columns: Array<{ table: CatalogTable; column: string }>;
  /** No column of a loaded table draws from it. It may still be expected to come back. */
  isFree: boolean;
  /** The backup lacks a column that draws from it, so the load itself draws from it. */
  isDrawnByLoad: boolean;
}

/** What a restore will do. Names from an archive are only looked up here; SQL contains only names from the catalog. */
export interface LoadPlan {
  scope: RestoreScope;
  /** Blocks the restore. */
  isStandby: boolean;
  /** In table order, but tables whose rows user-defined functions compute or check come last. */
  loads: PlannedLoad[];
  insertionOrder: InsertionOrder;
  skipped: Array<{ archived: ManifestTable; reason: string }>;
  /** The hosting platform to which a table is left. */
  platformOf(table: TableName): string | undefined;
  /**
   * Between loaded tables, and from ignored tables to loaded ones that lose rows. They are dropped before the load and
   * added again afterwards with their exact definition. Those that are not enforced stay as they are.
   */
  foreignKeys: ForeignKey[];
  /** Sentences about what foreign keys mean for tables that were not chosen. */
  consequences: string[];
  /** Loaded tables, each with the skipped tables that inherit from it and have rows in the archive. */
  childrenLeftOut: Array<{ parent: TableName; children: TableName[] }>;
  /** Ignored tables that have some of these foreign keys. They are locked, too. */
  referring: CatalogTable[];
  sequences: PlannedSequence[];
  /** Sequences whose state in the backup is not restored, as far as it is known in advance. */
  sequenceWarnings: Warning[];
  /** In the order in which to refresh them. */
  materializedViews: MaterializedView[];
  drift: Drift[];
  /** Of loaded tables or their partitions. They block: rows would not get where the backup has them. */
  pendingDetaches: PendingDetach[];
  /** To partitioned tables of an extension, if loaded tables are partitions of these. They block. */
  toExtensions: ForeignKey[];
  /** From tables that are neither loaded nor ignored into tables that would be emptied. They block. */
  references: ForeignKey[];
  /** To be changed, but not owned by the role. They block. */
  notOwned: TableName[];
  /** Owned by the role, but without rights that a restore needs. They block. */
  withoutRights: Array<{ relation: TableName; rights: string[] }>;
  /** Their triggers' state can only be restored by a superuser, and the role is none. They block. */
  superusersForeignKeys: ForeignKey[];
  /** Row-level security applies to the role. They block. */
  hidingRows: TableName[];
}

/**
 * A higher rank is loaded later; 0: no user-defined function is called. A checked domain inside another type is not
 * seen.
 */
export const functionRank = (table: CatalogTable): number =>
  table.columns.some((it) => it.callsFunctions && !it.generated) ? 2 : table.functionRank;

/** Whether user-defined functions compute some of its columns. */
export const isComputed = ({ columns }: CatalogTable): boolean =>
  columns.some(({ generated, callsFunctions }) => generated && callsFunctions);
