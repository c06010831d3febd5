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

/** A column of the database, and how to read the archive's values for it. */
export interface LoadColumn extends CatalogColumn {
  /** The type that the column had, if the present type holds more. Never text from an archive. */
  archivedType?: string;
}

/** A table of the archive, and the table of the database that takes its rows. */
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
   * The state from which it starts, before the columns count.
   * - archived: the backup's state.
   * - live: the present state.
   * - further: whichever has advanced more, because values may have been drawn that cannot be compared.
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
  /** The server takes no writes. This blocks the restore. */
  isStandby: boolean;
  /** In table order, but tables whose rows user-defined functions compute or check come last. */
  loads: PlannedLoad[];
  insertionOrder: InsertionOrder;
  /** Archived tables that are not restored, and why. */
  skipped: Array<{ archived: ManifestTable; reason: string }>;
  /** The hosting platform to which a table is left. Undefined if it is not left to any. */
  platformOf(table: TableName): string | undefined;
  /**
   * Foreign keys between loaded tables, and from ignored tables to loaded ones that lose rows. They are dropped before
   * the load and added again afterwards with their exact definition. Foreign keys that are not enforced stay as they
   * are.
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
  /** Populated views that may draw from loaded tables, in the order in which to refresh them. */
  materializedViews: MaterializedView[];
  drift: Drift[];
  /**
   * Interrupted detaches of loaded tables or their partitions. They block: rows would not get where the backup has
   * them.
   */
  pendingDetaches: PendingDetach[];
  /** Foreign keys to partitioned tables of an extension, if loaded tables are partitions of these. They block. */
  toExtensions: ForeignKey[];
  /** Foreign keys of tables that are neither loaded nor ignored into tables that would be emptied. They block. */
  references: ForeignKey[];
  /** Tables, partitions and sequences to be changed that the role does not own. They block. */
  notOwned: TableName[];
  /** Relations to be changed that the role owns, but on which it lacks rights that a restore needs. They block. */
  withoutRights: Array<{ relation: TableName; rights: string[] }>;
  /**
   * Foreign keys whose triggers only a superuser can restore to their state, if the role is no superuser. They block.
   */
  superusersForeignKeys: ForeignKey[];
  /** Tables with row-level security that applies to the role. They block. */
  hidingRows: TableName[];
}
