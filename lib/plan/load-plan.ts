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

/** A column as the database has it, and how the archive's values of it are read. */
export interface LoadColumn extends CatalogColumn {
  /** The type that the column had, if it holds more now. Never an archive's own words. */
  archivedType?: string;
}

/** One table of the archive and the table of the database that takes its rows. */
export interface PlannedLoad {
  archived: ManifestTable;
  table: CatalogTable;
  /** The archived columns that the database still has, in the archive's order. */
  columns: LoadColumn[];
  /** If only some rows are restored: their places in the archive, from 1. */
  places?: ReadonlySet<number>;
}

export interface PlannedSequence {
  sequence: CatalogSequence;
  /** Null if the archive has no state of it, or one outside of its present range. */
  archived: Pick<ArchivedSequence, "lastValue" | "isCalled"> | null;
  /**
   * The state from which it starts, before the columns count. archived: the backup's. live: the present one. further:
   * whichever of the two has gone further, because somebody may draw from it whose values nobody can compare.
   */
  basis: "archived" | "live" | "further";
  /** Columns that take their values from it and can be compared. It must not be behind any of them. */
  columns: Array<{ table: CatalogTable; column: string }>;
  /** No column of a loaded table draws from it. Somebody may expect it to come back all the same. */
  isFree: boolean;
  /** The backup lacks a column that draws from it, so that the load itself does. */
  isDrawnByLoad: boolean;
}

/** What a restore will do. Names from an archive are only looked up here. SQL is made from the catalog's names. */
export interface LoadPlan {
  scope: RestoreScope;
  /** The server takes no writes. It blocks. */
  isStandby: boolean;
  /** In insertion order. Tables whose rows user functions compute or check come last. */
  loads: PlannedLoad[];
  insertionOrder: InsertionOrder;
  /** Archived tables that are not restored, and why. */
  skipped: Array<{ archived: ManifestTable; reason: string }>;
  /** The hosting platform to which a table is left. Undefined if it is not left to any. */
  platformOf(table: TableName): string | undefined;
  /**
   * Foreign keys between loaded tables, and from ignored tables to loaded ones that lose rows. They are dropped before the
   * load, and added again after it with their exact definition. Those that nothing enforces are not touched.
   */
  foreignKeys: ForeignKey[];
  /** Sentences on what foreign keys mean for tables that were not chosen. */
  consequences: string[];
  /** Loaded tables, each with the skipped tables that inherit from it and have rows in the archive. */
  childrenLeftOut: Array<{ parent: TableName; children: TableName[] }>;
  /** Ignored tables that hold some of these foreign keys. They are locked as well. */
  referring: CatalogTable[];
  sequences: PlannedSequence[];
  /** Sequences whose state in the backup is not restored, as far as that is known beforehand. */
  sequenceWarnings: Warning[];
  /** The populated ones that may draw from loaded tables, in the order in which to refresh them. */
  materializedViews: MaterializedView[];
  drift: Drift[];
  /** Of loaded tables or their partitions. They block: the rows would not get where the backup has them. */
  pendingDetaches: PendingDetach[];
  /** Foreign keys to partitioned tables of an extension, of which loaded tables are partitions. They block. */
  toExtensions: ForeignKey[];
  /** Foreign keys of tables that are neither loaded nor ignored into tables that would be emptied. They block. */
  references: ForeignKey[];
  /** Tables, partitions and sequences to be changed that the role does not own. They block. */
  notOwned: TableName[];
  /** Relations to be changed that the role owns, but lacks rights on that a restore needs. They block. */
  withoutRights: Array<{ relation: TableName; rights: string[] }>;
  /** Foreign keys whose triggers only a superuser can put back to their state. The role is none. They block. */
  superusersForeignKeys: ForeignKey[];
  /** Tables with row-level security that applies to the role. They block. */
  hidingRows: TableName[];
}
