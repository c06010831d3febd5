/** The content of a database's catalog as plain data. `readCatalog` reads it. */
import type { TableName, Warning } from "../shared/api.ts";
import type { MaterializedView } from "./materialized-views.ts";
import type { PendingDetach } from "./pending-detach.ts";
import type { PlatformRelation } from "./platform-relations.ts";
import type { SequenceUser } from "./sequence-users.ts";

/**
 * How a column's values are stored in an archive's JSON.
 * - json: as `row_to_json` writes them.
 * - jsonb: the value itself, with a JSON null wrapped.
 * - text: PostgreSQL's own text output.
 */
export type ColumnEncoding = "json" | "jsonb" | "text";

/** The type that decides how values are written: the base type of a domain, the element type of an array. */
interface ValueType {
  /** As in pg_type, for example `timestamptz`; null if it is not built in. */
  name: string | null;
  isArray: boolean;
  /** Fractional digits of a second that the column keeps; null if the type has no time. */
  secondDigits: number | null;
  /** True if one of the domains involved refuses NULL. */
  refusesNull: boolean;
}

export interface CatalogColumn {
  name: string;
  /** As in SQL, with its modifier, schema-qualified unless built in: `character varying(20)`. */
  type: string;
  valueType: ValueType;
  encoding: ColumnEncoding;
  /** Read with the type's output function, because a cast to text may give another result. */
  needsOutputFunction: boolean;
  /** `json_to_recordset` cannot read the type's text, so the column is declared as text and cast. */
  needsCast: boolean;
  notNull: boolean;
  /** Has a default, or is an identity column. */
  hasDefault: boolean;
  /** PostgreSQL computes the column. It is never dumped or loaded. */
  generated: boolean;
  /** User-defined functions compute its values or check them for a domain. These may depend on other rows. */
  callsFunctions: boolean;
  /** The enum behind the column's values, below domains and arrays. */
  enumType?: EnumType;
}

export interface Partition extends TableName {
  oid: number;
  /** Has no rows itself: they are in the partitions below it. */
  isPartitioned: boolean;
  /** Its rows are on another server. It is never dumped, and a restore never changes it. */
  isForeign: boolean;
  isOwned: boolean;
  missingRights: string[];
  isUnlogged: boolean;
  parent: TableName;
}

export interface CatalogTable extends TableName {
  oid: number;
  kind: "table" | "partitioned table";
  /** Whether user-defined functions check, compute or place its rows: 0: none. 2: one seems to read tables. */
  functionRank: 0 | 1 | 2;
  /** In the table's order. */
  columns: CatalogColumn[];
  /** The extension that it belongs to and that marks all rows as the user's. Otherwise null. */
  extension: string | null;
  /** Every partition of a partitioned table, at any depth. The rows are dumped and loaded through the root. */
  partitions: Partition[];
  /** An extension's tables of which it is a partition, at any depth. Their foreign keys also apply to it. */
  partOf: TableName[];
  /** The tables that it inherits from directly. A SELECT from them also returns its rows, unless it says ONLY. */
  inherits: TableName[];
  /** What inherits from it, at any depth, except partitions. A SELECT from it also returns their rows. */
  heirs: TableName[];
  /** The planner's estimate; -1 if there is none. */
  estimatedRows: number;
  /** With indexes, TOAST and partitions. For a locked table, only its own size at the last VACUUM or ANALYZE. */
  sizeBytes: number;
  /** Another session holds or awaits an exclusive lock, so reading the table would wait. */
  isLocked: boolean;
  /** This server is a standby, and the table or a partition is unlogged. A standby cannot read its rows. */
  isOnPrimaryOnly: boolean;
  canSelect: boolean;
  /** Row-level security applies to the role. Some rows may be hidden from it, even from the owner. */
  hidesRows: boolean;
  /** The role is the owner or a member of it: it may alter constraints and disable triggers. */
  isOwned: boolean;
  /** For example TRUNCATE; USAGE is about the schema. Even an owner may lack some that were revoked. */
  missingRights: string[];
}

export interface ForeignKey {
  constraint: string;
  /** The table with the constraint. It is a partition if only the partition has the constraint. */
  table: TableName;
  /** Tables of the catalog: the root instead of a partition. */
  from: TableName;
  to: TableName;
  columns: string[];
  referencedColumns: string[];
  onDelete: string;
  /** The complete `FOREIGN KEY (…) REFERENCES …`, including NOT VALID, DEFERRABLE and the like. */
  definition: string;
  comment: string | null;
  /** For a NOT VALID foreign key: its validated counterparts on partitions. Possible since PostgreSQL 18. */
  validatedBelow: Array<{ table: TableName; constraint: string }>;
  /**
   * A superuser has disabled its triggers: inserts are not checked, but adding it again would check every row. A NOT
   * ENFORCED foreign key has no triggers, and adding it checks nothing. If it stays, PostgreSQL 18 refuses to truncate
   * its tables.
   */
  insertsUnchecked: boolean;
  /** A superuser has disabled some of its triggers, or set them to fire at other times. */
  hasAlteredTriggers: boolean;
}

export interface CatalogSequence extends TableName {
  oid: number;
  /** The quoted name as in SQL. */
  quoted: string;
  /** The extension that it belongs to. */
  extension: string | null;
  owner: SequenceUser | null;
  /** Columns whose default draws from it. An identity column has no such default, only an owner. */
  usedBy: SequenceUser[];
  /** Functions, views or rules draw from it. It is unknown for which columns. */
  isDrawnByCode: boolean;
  /** True if `isDrawnByCode`, or if some code draws from a sequence that it does not name. */
  mayBeDrawnByCode: boolean;
  start: bigint;
  increment: bigint;
  minimum: bigint;
  maximum: bigint;
  cycles: boolean;
  /** The sequence is unlogged, and this server is a standby. */
  isOnPrimaryOnly: boolean;
  canSelect: boolean;
  isOwned: boolean;
  missingRights: string[];
}

/** An enum type, with its name as in SQL (`public.mood`) and its labels in order. */
export interface EnumType {
  type: string;
  labels: string[];
}

/** A table or materialised view of an extension whose rows are neither in a backup nor changed by a restore. */
export interface ExtensionTable
  extends Pick<
    CatalogTable,
    | ("schema" | "name" | "kind" | "columns" | "partitions")
    | ("estimatedRows" | "sizeBytes" | "canSelect" | "hidesRows" | "isLocked" | "isOwned")
  > {
  extension: string;
  /** Has rows itself. The rows of a partitioned table are in its partitions. */
  holdsRows: boolean;
  /** Which rows the extension marks as the user's: all, those selected by `condition`, or none. */
  userRows: "all" | "some" | "none";
  /** The `WHERE …` that selects them. It comes from the extension, so only a superuser can have written it. */
  condition: string | null;
}

/** A name with bytes that are not valid in the database's encoding. Neither the name nor its object can be read. */
export interface UnreadableName {
  /** The object with this name, with bytes other than ASCII in the form `\235`: `column b\235 of public.t`. */
  what: string;
  /** SQL that renames the object. */
  remedy: string;
  /** Tables that cannot be backed up because of it. Bytes other than ASCII are written in the same form. */
  tables: TableName[];
  /** OIDs of relations of any kind that the catalog is read without. */
  hidden: number[];
  /** A sequence that belongs to no table, but to a backup of everything. */
  isFreeSequence: boolean;
}

/** The content of the database, as far as it matters for a backup. */
export interface Catalog {
  database: {
    name: string;
    serverVersion: string;
    serverVersionNum: number;
    encoding: string;
    sizeBytes: number;
    /** Nothing requires a superuser, but only one can restore what a superuser has set. */
    isSuperuser: boolean;
    /** A replica, which takes no writes. */
    isStandby: boolean;
  };
  tables: CatalogTable[];
  foreignKeys: ForeignKey[];
  sequences: CatalogSequence[];
  materializedViews: MaterializedView[];
  /** Tables of extensions that are not among `tables`. */
  extensionTables: ExtensionTable[];
  /** What the hosting platform keeps in the database for itself. Its tables are among `tables`. */
  platformRelations: PlatformRelation[];
  /** Partitions of any table whose detaching was interrupted. */
  pendingDetaches: PendingDetach[];
  warnings: Warning[];
  /** Names that cannot be read. The catalog is read without their objects. */
  unreadable: readonly UnreadableName[];
}
