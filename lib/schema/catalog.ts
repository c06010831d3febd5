/** What the catalog says of a database, as plain data. `readCatalog` reads it. */
import type { TableName, Warning } from "../shared/api.ts";
import type { MaterializedView } from "./materialized-views.ts";
import type { PendingDetach } from "./pending-detach.ts";
import type { PlatformRelation } from "./platform-relations.ts";
import type { SequenceUser } from "./sequence-users.ts";

/**
 * How a column's values stand in an archive's JSON.
 * json: as `row_to_json` writes them. jsonb: the value itself, JSON null wrapped. text: PostgreSQL's own text output.
 */
export type ColumnEncoding = "json" | "jsonb" | "text";

/** A type as its values are written: domains followed down to their base type, an array by its elements. */
interface ValueType {
  /** As in pg_type, `timestamptz`; null where it is not built in. */
  name: string | null;
  isArray: boolean;
  /** Digits after a second's point that the column keeps; null where the type has no time. */
  secondDigits: number | null;
  /** A domain among its types refuses NULL. */
  refusesNull: boolean;
}

export interface CatalogColumn {
  name: string;
  /** With its modifier, schema-qualified unless built in, as it stands in SQL: `character varying(20)`. */
  type: string;
  valueType: ValueType;
  encoding: ColumnEncoding;
  /** Read from a row by the type's output function instead of a cast to text, which may differ from it. */
  needsOutputFunction: boolean;
  /** `json_to_recordset` would not read its text; declared text and cast. */
  needsCast: boolean;
  notNull: boolean;
  /** Has a default, or is an identity column. */
  hasDefault: boolean;
  /** Never dumped or loaded: PostgreSQL computes it. */
  generated: boolean;
  /** Functions of the users' compute its values, or check them for a domain: these may depend on other rows. */
  callsFunctions: boolean;
  /** Of whose labels its values are, below domains and arrays. */
  enumType?: EnumType;
}

export interface Partition extends TableName {
  oid: number;
  /** Holds no rows itself: they are in the partitions below it. */
  isPartitioned: boolean;
  /** Its rows are on another server: never dumped, and never touched by a restore. */
  isForeign: boolean;
  isOwned: boolean;
  missingRights: string[];
  isUnlogged: boolean;
  parent: TableName;
}

export interface CatalogTable extends TableName {
  oid: number;
  kind: "table" | "partitioned table";
  /** 0: no function of the users' checks or computes its rows, or says where they belong. 2: one seems to read tables. */
  functionRank: 0 | 1 | 2;
  /** In their order. */
  columns: CatalogColumn[];
  /** The extension that it belongs to, which marks all of its rows as the user's; null for every other table. */
  extension: string | null;
  /** Every partition below a partitioned table, at any depth. Its rows are dumped and loaded through the root. */
  partitions: Partition[];
  /** Partitioned tables of an extension that it is a partition of, at any depth. Their foreign keys are enforced in it. */
  partOf: TableName[];
  /** The tables that it inherits from directly. A SELECT from them gives its rows too, unless it says ONLY. */
  inherits: TableName[];
  /** All that inherits from it, at any depth, whatever it is: a SELECT from it gives their rows too. No partitions. */
  heirs: TableName[];
  /** The planner's estimate; -1 where it has none. */
  estimatedRows: number;
  /** With indexes, TOAST and partitions; of a locked table only what the last VACUUM or ANALYZE saw of its own. */
  sizeBytes: number;
  /** Another session holds or awaits an exclusive lock: whoever reads the table waits. */
  isLocked: boolean;
  /** It, or a partition, is unlogged, and this server is a standby: it has none of these rows, and refuses to read them. */
  isOnPrimaryOnly: boolean;
  canSelect: boolean;
  /** Row-level security applies to the role: some rows may be hidden from it, even from the owner. */
  hidesRows: boolean;
  /** Owner, or member of the owner: may alter its constraints and disable its triggers. */
  isOwned: boolean;
  /** Such as TRUNCATE; USAGE is its schema's. Even an owner may lack some: they can be revoked from it. */
  missingRights: string[];
}

export interface ForeignKey {
  constraint: string;
  /** The table that holds the constraint; a partition, where the partition alone has it. */
  table: TableName;
  /** As tables of the catalog: for a partition, its root. */
  from: TableName;
  to: TableName;
  columns: string[];
  referencedColumns: string[];
  onDelete: string;
  /** `FOREIGN KEY (…) REFERENCES … `, whole, with NOT VALID, DEFERRABLE and the like. */
  definition: string;
  comment: string | null;
  /** Where it is NOT VALID: what partitions of its table have validated for themselves. Possible since PostgreSQL 18. */
  validatedBelow: Array<{ table: TableName; constraint: string }>;
  /**
   * Nothing checks what is inserted, but adding it again would: a superuser has disabled its triggers. One that is
   * NOT ENFORCED has no triggers, and adding it checks nothing; where it stays, PostgreSQL 18 does not let its tables
   * be truncated.
   */
  insertsUnchecked: boolean;
  /** A superuser has disabled some of the triggers that enforce it, or set them to fire at other times. */
  hasAlteredTriggers: boolean;
}

export interface CatalogSequence extends TableName {
  oid: number;
  /** As it stands in SQL. */
  quoted: string;
  /** The extension that it belongs to. */
  extension: string | null;
  owner: SequenceUser | null;
  /** Columns whose default draws from it. An identity column has no such default, only an owner. */
  usedBy: SequenceUser[];
  /** Functions, views or rules draw from it: into what, nobody knows. */
  isDrawnByCode: boolean;
  /** Or some draw from a sequence that their text does not name. */
  mayBeDrawnByCode: boolean;
  start: bigint;
  increment: bigint;
  minimum: bigint;
  maximum: bigint;
  cycles: boolean;
  /** Unlogged, and this server is a standby. */
  isOnPrimaryOnly: boolean;
  canSelect: boolean;
  isOwned: boolean;
  missingRights: string[];
}

/** An enum: `public.mood`, as it stands in SQL, and its labels in their order. */
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
  /** Holds rows itself. Those of a partitioned table are its partitions'. */
  holdsRows: boolean;
  /** Whether the extension marks its rows as the user's: all, those that a condition tells, or none. */
  userRows: "all" | "some" | "none";
  /** `WHERE …`, which tells them; an extension's words, which only a superuser can have put there. */
  condition: string | null;
}

/** A name with bytes that are no character in the database's encoding, so that it cannot be read, nor what bears it. */
export interface UnreadableName {
  /** What bears it, other bytes than ASCII's as `\235`: `column b\235 of public.t`. */
  what: string;
  /** Gives it another name. */
  remedy: string;
  /** Tables that cannot be backed up because of it, other bytes likewise. */
  tables: TableName[];
  /** What the catalog is read without: relations of any kind. */
  hidden: number[];
  /** Belongs to no table, and yet to a backup of all. */
  isFreeSequence: boolean;
}

/** What is in the database, as far as a backup is concerned. */
export interface Catalog {
  database: {
    name: string;
    serverVersion: string;
    serverVersionNum: number;
    encoding: string;
    sizeBytes: number;
    /** Whether the role is. Nothing needs it, but what only a superuser can have set, only one can put back. */
    isSuperuser: boolean;
    /** A replica, which takes no writes. */
    isStandby: boolean;
  };
  tables: CatalogTable[];
  foreignKeys: ForeignKey[];
  sequences: CatalogSequence[];
  materializedViews: MaterializedView[];
  /** Tables of extensions that are not among the tables. */
  extensionTables: ExtensionTable[];
  /** What the hosting platform keeps here for itself; its tables are among the tables. */
  platformRelations: PlatformRelation[];
  /** Partitions, of any table, that are half detached. */
  pendingDetaches: PendingDetach[];
  warnings: Warning[];
  /** The catalog is read without what bears them. */
  unreadable: readonly UnreadableName[];
}
