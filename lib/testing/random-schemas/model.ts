import type { ColumnType } from "./types.ts";

/**
 * A schema and its rows as plain data that shrinks well. References to tables are numbers, taken modulo the number of
 * tables. The renderer leaves out what is impossible, for example a foreign key into a table without a key. So every
 * model is a valid schema, and every part of it can be removed.
 */
export interface SchemaModel {
  /** In addition to `public`. */
  schemas: Name[];
  tables: TableModel[];
  /** Tables that refer to each other in a cycle: the first ones, as many as exist. */
  ring: RingModel | null;
  foreignKeys: ForeignKeyModel[];
  sequences: SequenceModel[];
  triggers: TriggerModel[];
  views: ViewModel[];
}

/** How the schema is backed up, restored and compared. */
export interface Way {
  kind: "zip" | "folder";
  encrypted: boolean;
  /** Also restores into another database with the same schema and no rows. */
  intoCopy: boolean;
  /** On PostgreSQL 15, if a suitable pg_dump is installed. */
  byPgDump: boolean;
}

/** Used as it is if it is free, else with a number appended. */
export type Name = string;

export interface TableModel {
  schema: number;
  name: Name;
  kind:
    | { kind: "plain"; unlogged: boolean }
    | { kind: "partitioned"; partitions: PartitionModel }
    /** Inherits from earlier tables. */
    | { kind: "heir"; parents: number[] };
  key: { type: KeyType; composite: boolean; deferrable: boolean } | null;
  columns: ColumnModel[];
  unique: "constraint" | "deferred" | "partial" | "nulls not distinct" | null;
  exclusion: "immediate" | "deferred" | "partial" | null;
  generated: "stored" | "virtual" | null;
  check: "valid" | "not valid" | null;
  comment: boolean;
  /** A seed for each row's values. 0 gives the simplest ones. */
  rows: number[];
  mess: "delete all" | "delete one" | "update" | "insert" | "nothing";
}

export const KEY_TYPES = [
  "int8",
  "serial",
  "identity always",
  "identity by default",
  "descending",
  "shared",
  "text",
  "uuid",
  "domain",
] as const;
export type KeyType = (typeof KEY_TYPES)[number];

export interface ColumnModel {
  name: Name;
  type: ColumnType;
  notNull: boolean;
  dropped: boolean;
  seed: number;
}

export interface PartitionModel {
  strategy: "list" | "range" | "hash";
  parts: Array<{
    /** Created separately, with its columns in another order, and then attached. */
    attached: boolean;
    schema: number;
    partitions: PartitionModel | null;
  }>;
}

export const ACTIONS = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"] as const;

interface ForeignKeyOptions {
  notNull: boolean;
  deferrable: "" | "DEFERRABLE" | "DEFERRABLE INITIALLY DEFERRED";
  onDelete: (typeof ACTIONS)[number];
  onUpdate: (typeof ACTIONS)[number];
  matchFull: boolean;
  comment: boolean;
}

export interface ForeignKeyModel extends ForeignKeyOptions {
  from: number;
  to: number;
  toUnique: boolean;
  name: Name;
  /** If it is not valid, rows may refer to nothing. "not enforced" needs PostgreSQL 18. */
  validity: "valid" | "not valid" | "not enforced";
  seed: number;
}

interface RingModel extends ForeignKeyOptions {
  length: number;
}

interface SequenceModel {
  schema: number;
  name: Name;
  type: "bigint" | "integer" | "smallint";
  increment: number;
  cycles: boolean;
  unlogged: boolean;
  calls: number;
}

export const STATES = ["ENABLE", "DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS"] as const;
type State = (typeof STATES)[number];

export interface TriggerModel {
  table: number;
  name: Name;
  kind:
    | "BEFORE INSERT ROW"
    | "AFTER INSERT ROW"
    | "AFTER INSERT STATEMENT"
    | "BEFORE TRUNCATE"
    | "CONSTRAINT"
    | "RULE INSTEAD"
    | "RULE ALSO";
  state: State;
  /** The state in the first partition, if there is one. */
  partitionState: State;
  comment: boolean;
}

interface ViewModel {
  table: number;
  name: Name;
  kind: "view" | "materialized" | "materialized, not populated";
}
