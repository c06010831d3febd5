import { BackupError } from "../errors.ts";
import type { Catalog, CatalogSequence, CatalogTable, UnreadableName } from "../schema/catalog.ts";
import { describeUnreadable } from "../schema/describe-unreadable.ts";
import { whyLeftOut } from "../schema/extension-tables.ts";
import { heirsOf } from "../schema/heirs.ts";
import { pendingDetachWarning } from "../schema/pending-detach.ts";
import {
  isKnownToPrisma,
  MIGRATIONS_TABLE,
  modelName,
  type PrismaModels,
  relationName,
} from "../schema/prisma-models.ts";
import type { Exclusion, InsertionOrder, TableName, Warning } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { selectSequences } from "./dump-sequences.ts";
import { leaveOut, matcherOf, partitionWarnings, requireKnown } from "./exclusion.ts";
import { computeInsertionOrder, orderedTables } from "./insertion-order.ts";
import { notChosenWarning } from "./not-chosen.ts";
import { leftToPlatforms, platformWarnings } from "./platform-schemas.ts";

/** Which tables to back up. By default all of them. */
export interface TableSelection {
  /** Only these tables. */
  tables?: readonly TableName[];
  /** Without these tables and everything in these schemas. */
  exclude?: readonly Exclusion[];
  /** Also these, although they belong to the hosting platform. */
  include?: readonly Exclusion[];
}

export interface PlannedTable extends CatalogTable {
  model: string | null;
}

/** What a backup dumps. */
export interface DumpPlan {
  /** In table order: parents before children. */
  tables: PlannedTable[];
  insertionOrder: InsertionOrder;
  /** The sequences of the planned tables, and those from which code other than a column's default may draw. */
  sequences: CatalogSequence[];
  warnings: Warning[];
  /** Number of tables that it would dump if none was left out. */
  tablesInDatabase: number;
  /**
   * Tables that inherit from a planned table but were not chosen. A SELECT from the planned table includes their rows.
   */
  childrenLeftOut: Array<{ parent: TableName; children: CatalogTable[] }>;
}

/**
 * Plans a backup.
 *
 * @throws BackupError REQUEST_INVALID if a selected table is not in the database, a schema without tables is left out,
 *   or no table remains
 * @throws BackupError INSUFFICIENT_PRIVILEGE with the names of all tables and sequences that the role may not read, or
 *   may read only in part
 */
export function planDump(
  catalog: Catalog,
  models: PrismaModels,
  selection: TableSelection = {},
): DumpPlan {
  const left = leftToPlatforms(catalog, selection);
  const tables = catalog.tables.filter((table) => !left.platformOf(table));
  const chosen = selectTables(catalog, tables, selection);
  requireOnServer(chosen, selection);
  const selected = chosen.filter((table) => !table.isOnPrimaryOnly);
  const isNamed = matcherOf(selection.exclude);
  const isExcluded = (it: TableName) => isNamed(it) || left.platformOf(it) !== undefined;
  const insertionOrder = insertionOrderOf(catalog, models, selected);
  const byKey = new Map(selected.map((table) => [tableKey(table), table]));
  const complete = tables.every(
    (table) =>
      table.name === MIGRATIONS_TABLE || table.isOnPrimaryOnly || byKey.has(tableKey(table)),
  );
  const { sequences, warnings } = selectSequences(catalog, byKey, complete, isExcluded);
  requireReadable(selected, sequences);
  requireAllRows(selected);
  return {
    tables: orderedTables(insertionOrder).flatMap((name) => {
      const table = byKey.get(tableKey(name));
      return table ? [{ ...table, model: modelName(models, table) }] : [];
    }),
    insertionOrder,
    sequences,
    warnings: [
      ...notChosenWarning(tables, chosen),
      ...platformWarnings(left.relations, "the backup"),
      ...warningsOf(catalog, chosen, { isWhole: !selection.tables, isExcluded }),
      ...warnings,
      ...partitionWarnings(catalog.tables, selection.exclude ?? [], selected),
      ...leftOutParents(catalog, byKey),
      ...unmappedTables(models, selected),
    ],
    tablesInDatabase: tables.length,
    childrenLeftOut: leftOutChildren(catalog, selected),
  };
}

/** Computes the table order of some tables of a catalog. Its edges have the names of Prisma's relations. */
export function insertionOrderOf(
  catalog: Catalog,
  models: PrismaModels,
  tables: readonly TableName[],
): InsertionOrder {
  return computeInsertionOrder(
    tables.map(({ schema, name }) => ({ schema, name })),
    catalog.foreignKeys.map((foreignKey) => ({
      constraint: foreignKey.constraint,
      from: foreignKey.from,
      to: foreignKey.to,
      columns: foreignKey.columns,
      referencedColumns: foreignKey.referencedColumns,
      onDelete: foreignKey.onDelete,
      relation: relationName(models, foreignKey),
    })),
  );
}

/** A predicate: true for chosen tables. Tables left to a platform must be excluded separately. */
export function selectionOf({ tables, exclude = [] }: TableSelection): (it: TableName) => boolean {
  const included = tables && new Set(tables.map(tableKey));
  const isExcluded = matcherOf(exclude);
  return (table) => (included?.has(tableKey(table)) ?? true) && !isExcluded(table);
}

/** @param all the tables that are not left to a platform */
function selectTables(
  { tables: known, sequences, extensionTables, unreadable, database }: Catalog,
  all: readonly CatalogTable[],
  { tables, exclude = [], include = [] }: TableSelection,
): CatalogTable[] {
  requireBackedUp(tables ?? [], extensionTables);
  requireKnown(
    [...(tables ?? []), ...exclude, ...include],
    {
      // Tables of extensions may be named here; they are left out anyway.
      tables: [...known, ...extensionTables, ...unreadable.flatMap((name) => name.tables)],
      sequences,
      roots: known,
    },
    (things) => `The database has no ${things}. No backup was made.`,
  );
  const isSelected = selectionOf({ tables, exclude });
  const selected = all.filter(isSelected);
  requireNames(
    unreadable.filter(
      (name) =>
        name.tables.some(isSelected) || (name.isFreeSequence && !tables && exclude.length === 0),
    ),
    database.encoding,
    selected,
  );
  if (selected.length === 0) {
    throw new BackupError("REQUEST_INVALID", "There is no table to back up. No backup was made.", {
      hint:
        all.length === 0
          ? "The database has no tables yet."
          : exclude.length > 0
            ? "Leave fewer tables out."
            : "Choose at least one table.",
    });
  }
  return selected;
}

/** @throws DUMP_FAILED with what must be renamed first */
function requireNames(
  unreadable: readonly UnreadableName[],
  encoding: string,
  others: readonly TableName[],
): void {
  if (unreadable.length === 0) return;
  const { what, remedy } = describeUnreadable(unreadable);
  const tables = unreadable.flatMap((name) => name.tables);
  throw new BackupError(
    "DUMP_FAILED",
    `Names have bytes that are no character in the database's encoding, ${encoding}: ${what}. No backup was made.`,
    {
      hint: `Rename them, or choose tables without them: ${remedy}`,
      details: { ...leaveOut(tables, [...tables, ...others]) },
    },
  );
}

/**
 * A standby has no rows of unlogged tables. If other tables remain, a backup leaves these out, unless somebody named
 * them. A partitioned table with only some of its rows here is refused: its backup could not be restored.
 *
 * @throws DUMP_FAILED
 */
function requireOnServer(tables: readonly CatalogTable[], selection: TableSelection): void {
  const absent = tables.filter(({ isOnPrimaryOnly }) => isOnPrimaryOnly);
  const isOptional = ({ kind }: CatalogTable) => kind === "table" && !selection.tables;
  if (absent.every(isOptional) && absent.length < tables.length) return;
  const refused = absent.filter((table) => !isOptional(table));
  const named = refused.length > 0 ? refused : absent;
  throw new BackupError(
    "DUMP_FAILED",
    `This server is a standby, which has no rows of unlogged tables and partitions: ${formatSome(named.map(tableLabel))}. No backup was made.`,
    {
      hint: "Make the backup from the primary server, or leave these tables out.",
      details: leaveOut(named, tables),
    },
  );
}

/** @throws INSUFFICIENT_PRIVILEGE with the names of everything that the role may not read */
export function requireReadable(
  tables: readonly CatalogTable[],
  sequences: readonly CatalogSequence[],
): void {
  const isUnreadable = ({ canSelect }: { canSelect: boolean }) => !canSelect;
  const unreadable = [...tables, ...sequences]
    .filter(isUnreadable)
    .map(({ schema, name }) => ({ schema, name }));
  if (unreadable.length === 0) return;
  throw new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    `The database role may not read ${formatSome(unreadable.map(tableLabel))}. No backup was made.`,
    {
      hint: "Grant it SELECT on these tables and sequences, or leave the tables out of the backup.",
      details: {
        privilege: "SELECT",
        relations: unreadable,
        ...leaveOut(tables.filter(isUnreadable), tables),
      },
    },
  );
}

/**
 * Refuses tables with row-level security: without the hidden rows, a backup would look complete.
 *
 * @throws INSUFFICIENT_PRIVILEGE
 */
export function requireAllRows(tables: readonly CatalogTable[]): void {
  const hiding = tables
    .filter((table) => table.hidesRows)
    .map(({ schema, name }) => ({ schema, name }));
  if (hiding.length === 0) return;
  throw new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    `Row-level security may hide rows of ${formatSome(hiding.map(tableLabel))} from the database role. No backup was made.`,
    {
      hint: `${ROW_SECURITY_HINT} Or leave these tables out of the backup.`,
      details: { privilege: "BYPASSRLS", relations: hiding, ...leaveOut(hiding, tables) },
    },
  );
}

export const ROW_SECURITY_HINT =
  "Connect as a role with BYPASSRLS, or as the tables' owner if row-level security is not forced for the owner.";

/** @throws REQUEST_INVALID for an extension's table whose rows no backup contains, with the reason */
function requireBackedUp(
  tables: readonly TableName[],
  extensionTables: Catalog["extensionTables"],
): void {
  const chosen = new Set(tables.map(tableKey));
  const found = extensionTables.filter((table) => chosen.has(tableKey(table)));
  if (found.length === 0) return;
  throw new BackupError(
    "REQUEST_INVALID",
    `${found.map((table) => `${tableLabel(table)} ${whyLeftOut(table)}: its rows cannot be in a backup.`).join(" ")} No backup was made.`,
    {
      hint: "Leave it out, and keep its rows by other means, such as a script that makes them again.",
      details: { tables: found.map(({ schema, name }) => ({ schema, name })) },
    },
  );
}

/** The catalog's warnings about the chosen tables. */
function warningsOf(
  catalog: Catalog,
  selected: readonly CatalogTable[],
  { isWhole, isExcluded }: { isWhole: boolean; isExcluded: (it: TableName) => boolean },
): Warning[] {
  const isTable = new Set(catalog.tables.map(tableKey));
  const chosen = new Set(selected.map(tableKey));
  // Choosing a table means everything that a SELECT from it returns.
  const seen = new Set(
    selected.flatMap(({ partitions, heirs }) => [...partitions, ...heirs]).map(tableKey),
  );
  const isAbout = (table: TableName) =>
    isTable.has(tableKey(table))
      ? chosen.has(tableKey(table))
      : (isWhole || seen.has(tableKey(table))) && !isExcluded(table);
  const parts = new Set(selected.flatMap((it) => [it, ...it.partitions]).map(tableKey));
  return [
    ...catalog.pendingDetaches
      .filter(
        ({ parent, partition }) => parts.has(tableKey(parent)) || chosen.has(tableKey(partition)),
      )
      .map((it) => pendingDetachWarning(it, chosen.has(tableKey(it.partition)))),
    ...catalog.warnings.filter(
      ({ code, table }) => code !== "PARTITION_DETACH_PENDING" && (!table || isAbout(table)),
    ),
  ];
}

/** Finds children that were not chosen, although a SELECT from a chosen table includes their rows. */
function leftOutChildren(
  { tables }: Catalog,
  selected: readonly CatalogTable[],
): DumpPlan["childrenLeftOut"] {
  const chosen = new Set(selected.map(tableKey));
  return selected.flatMap(({ schema, name, heirs }) => {
    const children = heirsOf({ heirs }, tables).filter((it) => !chosen.has(tableKey(it)));
    return children.length > 0 ? [{ parent: { schema, name }, children }] : [];
  });
}

function leftOutParents(catalog: Catalog, selected: ReadonlyMap<string, unknown>): Warning[] {
  return catalog.foreignKeys
    .filter(({ from, to }) => selected.has(tableKey(from)) && !selected.has(tableKey(to)))
    .map(({ from, to, constraint }) => ({
      code: "PARENT_LEFT_OUT",
      message: `${tableLabel(from)} refers to ${tableLabel(to)} (${constraint}), which is not in the backup. A restore needs the rows there to exist.`,
      table: from,
    }));
}

function unmappedTables(models: PrismaModels, tables: readonly CatalogTable[]): Warning[] {
  if (models.models.length === 0) return [];
  return tables
    .filter((table) => !isKnownToPrisma(models, table))
    .map(({ schema, name }) => ({
      code: "UNMAPPED_TABLE",
      message: `No Prisma model maps ${schema}.${name}. It is in the backup all the same.`,
      table: { schema, name },
    }));
}
