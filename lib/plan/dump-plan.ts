import { BackupError } from "../errors.ts";
import type { Catalog, CatalogSequence, CatalogTable } from "../schema/catalog.ts";
import { heirsOf } from "../schema/heirs.ts";
import {
  MIGRATIONS_TABLE,
  modelName,
  type PrismaModels,
  relationName,
} from "../schema/prisma-models.ts";
import type { Exclusion, InsertionOrder, TableName, Warning } from "../shared/api.ts";
import { nameOf, tableKey } from "../shared/table-name.ts";
import { selectSequences } from "./dump-sequences.ts";
import {
  catalogWarnings,
  notChosenWarning,
  parentWarnings,
  partitionWarnings,
  unmappedWarnings,
} from "./dump-warnings.ts";
import { matcherOf, requireKnown } from "./exclusion.ts";
import { computeInsertionOrder, orderedTables } from "./insertion-order.ts";
import { leftToPlatforms, platformWarnings } from "./platform-schemas.ts";
import {
  requireAllRows,
  requireBackedUp,
  requireNames,
  requireOnServer,
  requireReadable,
} from "./require-dumpable.ts";

/** By default all tables. */
export interface TableSelection {
  tables?: readonly TableName[];
  /** Without these tables and everything in these schemas. */
  exclude?: readonly Exclusion[];
  /** Also these, although they belong to the hosting platform. */
  include?: readonly Exclusion[];
}

export interface PlannedTable extends CatalogTable {
  model: string | null;
}

export interface DumpPlan {
  /** In table order: parents before children. */
  tables: PlannedTable[];
  insertionOrder: InsertionOrder;
  /** Those of the planned tables, and those from which code other than a column's default may draw. */
  sequences: CatalogSequence[];
  warnings: Warning[];
  /** How many tables it would dump if none was left out. */
  tablesInDatabase: number;
  /** Tables that were not chosen, although a SELECT from a planned table shows their rows. */
  childrenLeftOut: Array<{ parent: TableName; children: CatalogTable[] }>;
}

/**
 * Plans a backup.
 *
 * @throws BackupError REQUEST_INVALID if a selected table is not in the database, a schema without tables is left out,
 *   or no table remains; INSUFFICIENT_PRIVILEGE with all tables and sequences that the role may not read whole
 */
export function planDump(
  catalog: Catalog,
  models: PrismaModels,
  selection: TableSelection = {},
): DumpPlan {
  const left = leftToPlatforms(catalog, selection);
  const tables = catalog.tables.filter((table) => !left.platformOf(table));
  const chosen = selectTables(catalog, tables, selection);
  requireOnServer(chosen, selection.tables !== undefined);
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
      ...catalogWarnings(catalog, chosen, { isWhole: !selection.tables, isExcluded }),
      ...warnings,
      ...partitionWarnings(catalog.tables, selection.exclude ?? [], selected),
      ...parentWarnings(catalog, byKey),
      ...unmappedWarnings(models, selected),
    ],
    tablesInDatabase: tables.length,
    childrenLeftOut: childrenNotChosen(catalog, selected),
  };
}

/** The table order of some tables. Its edges have the names of Prisma's relations. */
export function insertionOrderOf(
  catalog: Catalog,
  models: PrismaModels,
  tables: readonly TableName[],
): InsertionOrder {
  const links = catalog.foreignKeys.map((foreignKey) => {
    const { constraint, from, to, columns, referencedColumns, onDelete } = foreignKey;
    const relation = relationName(models, foreignKey);
    return { constraint, from, to, columns, referencedColumns, onDelete, relation };
  });
  return computeInsertionOrder(tables.map(nameOf), links);
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

function childrenNotChosen(
  { tables }: Catalog,
  selected: readonly CatalogTable[],
): DumpPlan["childrenLeftOut"] {
  const chosen = new Set(selected.map(tableKey));
  return selected.flatMap(({ schema, name, heirs }) => {
    const children = heirsOf({ heirs }, tables).filter((it) => !chosen.has(tableKey(it)));
    return children.length > 0 ? [{ parent: { schema, name }, children }] : [];
  });
}
