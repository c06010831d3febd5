import type { Major } from "../../../scripts/postgres-package.ts";
import { Random } from "../../../scripts/seed/random.ts";
import type { Name, SchemaModel, TableModel } from "./model.ts";
import { Names, quoteName } from "./names.ts";

export interface Row {
  ordinal: number;
  /** 0 for the simplest values. */
  seed: number;
}

export interface Column {
  /** The name as written in SQL. */
  name: string;
  type: string;
  notNull: boolean;
  /** What follows the type: an identity, a default. */
  definition: string;
  generated: boolean;
  /** Null for NULL. Not called for a generated column. */
  value(row: Row): string | null;
}

export interface Table {
  model: TableModel;
  /** The name as written in SQL. */
  name: string;
  schema: string;
  parents: Table[];
  /** The table's own columns, without inherited ones. */
  columns: Column[];
  /** What foreign keys can refer to: a primary key, a unique column. */
  key: Column[] | null;
  uniqueColumn: Column | null;
  isUnlogged: boolean;
  /** Partitions at any depth that are not partitioned themselves. */
  leaves: string[];
  rows: Row[];
  /** For ALTER TABLE … ADD. */
  constraints: string[];
  /** CREATE INDEX … */
  indexes: string[];
  /** Sequences of serial and identity columns. */
  sequences: Array<{ value: string; column: Column; isDescending: boolean }>;
}

/** The intermediate result, built piece by piece from a model. */
export interface Rendering {
  major: Major;
  names: Names;
  /** Unquoted. The first is `public`. */
  schemas: string[];
  tables: Table[];
  /** Types and tables. */
  create: string[];
  /** The features that the schema has, of all possible ones. */
  features: Set<string>;
}

export function startRendering(model: SchemaModel, major: Major): Rendering {
  const names = new Names();
  const schemas = ["public", ...model.schemas].map((schema) => names.give("schemas", schema));
  return { major, names, schemas, tables: [], create: [], features: new Set() };
}

/** Returns one of the things. Any number is a valid index. */
export function at<T>(things: readonly T[], index: number): T {
  const thing = things[index % things.length];
  if (thing === undefined) throw new RangeError("there is nothing to choose from");
  return thing;
}

/** Returns a new name for a relation or type, as written in SQL. */
export function newName(
  { names, schemas }: Rendering,
  schemaIndex: number,
  wanted: Name,
): { name: string; schema: string; bare: string } {
  const schema = at(schemas, schemaIndex);
  const bare = names.give(`in ${schema}`, wanted);
  return { name: `${quoteName(schema)}.${quoteName(bare)}`, schema, bare };
}

/** Mixes two seeds, so that the values of one column do not depend on which other columns exist. */
export const mixed = (one: number, other: number): Random =>
  new Random(Math.imul(one ^ 0x1e3779b9, 0x85ebca6b) ^ Math.imul(other ^ 0x42b2ae35, 0x27d4eb2f));

/** Returns the columns with inherited ones, each once. */
export function allColumns(table: Table): Column[] {
  const columns = [...table.parents.flatMap(allColumns), ...table.columns];
  return [...new Map(columns.map((column) => [column.name, column])).values()];
}
