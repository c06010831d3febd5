import type { Drift, TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Catalog, CatalogColumn, CatalogTable, ColumnEncoding } from "./catalog.ts";
import { addLabels, lostLabels, lostSentence } from "./lost-labels.ts";
import { elementOf, findMove } from "./moved-type.ts";
import { findModel, isKnownToPrisma, isTableOf, type PrismaModels } from "./prisma-models.ts";
import { widenedFrom } from "./widened-type.ts";

/**
 * Finds the differences between schema.prisma and the database. None of these blocks a backup, which follows the
 * catalog.
 */
export function findPrismaDrift(models: PrismaModels, catalog: Catalog): Drift[] {
  if (models.models.length === 0) return [];
  const drift: Drift[] = [];
  for (const model of models.models) {
    if (catalog.tables.some((table) => isTableOf(model, table))) continue;
    const table = { schema: model.table.schema ?? "public", name: model.table.name };
    drift.push({
      kind: "table-missing",
      table,
      blocks: false,
      message: `The model ${model.name} has no table ${tableLabel(table)} in the database.`,
    });
  }
  const platforms = new Set(catalog.platformRelations.map(tableKey));
  const isPlatforms = (table: TableName) => platforms.has(tableKey(table));
  for (const { schema, name, columns } of catalog.tables) {
    const table = { schema, name };
    const model = findModel(models, table);
    if (!model) {
      if (!isKnownToPrisma(models, table) && !isPlatforms(table)) {
        drift.push({
          kind: "table-added",
          table,
          blocks: false,
          message: `No Prisma model maps the table ${tableLabel(table)}. It is backed up and restored all the same.`,
        });
      }
      continue;
    }
    for (const { field, column } of model.columns) {
      if (columns.some((it) => it.name === column)) continue;
      drift.push({
        kind: "column-missing",
        table,
        column,
        blocks: false,
        message: `${model.name}.${field} has no column ${column} in ${tableLabel(table)}.`,
      });
    }
    for (const column of columns) {
      if (model.columns.some((it) => it.column === column.name)) continue;
      drift.push({
        kind: "column-added",
        table,
        column: column.name,
        blocks: false,
        message: `No field of ${model.name} maps the column ${column.name} of ${tableLabel(table)}. It is backed up and restored all the same.`,
      });
    }
  }
  return drift;
}

/** A table as an archive describes it. */
export interface ArchivedTable {
  schema: string;
  name: string;
  columns: Array<{ name: string; type: string; encoding: ColumnEncoding }>;
  /** The tables that it inherits from. Not every archive has this. */
  inherits?: TableName[] | undefined;
}

/** The labels that an enum, or a domain over one, had at the backup. The key is the type without array brackets. */
export type ArchivedLabels = ReadonlyMap<string, readonly string[]>;

/**
 * Finds the differences between an archive's table and the database's. A difference that can be mapped without loss of
 * data needs confirmation. One for which data would have to be invented or altered blocks, and the message says what to
 * do.
 */
export function findTableDrift(
  archived: ArchivedTable,
  table: CatalogTable | undefined,
  labels: ArchivedLabels = new Map(),
): Drift[] {
  const name = { schema: archived.schema, name: archived.name };
  const label = tableLabel(name);
  if (!table) {
    return [
      {
        kind: "table-missing",
        table: name,
        blocks: true,
        message: `The database has no table ${label}.`,
        remedy:
          "Make the table again by the migrations of the time of the backup, restore, then migrate forward; or leave the table out of the restore.",
      },
    ];
  }
  return [
    ...archived.columns.flatMap((column) => findColumnDrift(column, table, name, labels) ?? []),
    ...table.columns.flatMap((column) => findAddedColumn(column, archived, name) ?? []),
  ];
}

function findColumnDrift(
  archived: ArchivedTable["columns"][number],
  table: CatalogTable,
  name: TableName,
  labels: ArchivedLabels,
): Drift | null {
  const { name: column, type } = archived;
  const label = tableLabel(name);
  const found = table.columns.find((it) => it.name === column);
  if (!found) {
    // Backups of the original software do not tell whether such a column ever existed.
    const blocks = type === "unknown";
    return {
      kind: "column-missing",
      table: name,
      column,
      blocks,
      message: `The column ${column} of ${label} is not there any more${blocks ? "" : ": the backup's values of it are left out"}.`,
      remedy:
        "If it was renamed, or its values are needed, give the table this column again, restore, then migrate forward.",
    };
  }
  if (found.generated) {
    return {
      kind: "column-missing",
      table: name,
      column,
      blocks: true,
      message: `The column ${column} of ${label} is now generated, so that the backup's values cannot be put there.`,
      remedy:
        "Make it an ordinary column again (ALTER COLUMN … DROP EXPRESSION), restore, then migrate forward.",
    };
  }
  const isRead = found.encoding === archived.encoding;
  const archivedLabels = labels.get(elementOf(type));
  const lost = isRead ? lostLabels(archivedLabels, found.enumType) : [];
  if (found.type === type && isRead && lost.length === 0) return null;
  const ofColumn = { kind: "type-changed" as const, table: name, column };
  if (found.type === type && isRead) {
    return {
      ...ofColumn,
      blocks: false,
      message: `The column ${column} of ${label} ${lostSentence(lost)}`,
      remedy: addLabels(lost, found.enumType),
    };
  }
  const move = isRead ? findMove(type, found.type) : null;
  const isEnumYet = !archivedLabels || found.enumType !== undefined;
  const change = `The column ${column} of ${label} was ${type} and is ${found.type} now`;
  if (found.type !== type && widenedFrom(archived, found) !== null) {
    return {
      ...ofColumn,
      blocks: false,
      message: `${change}, which holds every value of the backup.`,
    };
  }
  if (move && !move.isRenamed && isEnumYet) {
    const moved = `${change}: the same type in another schema`;
    return lost.length === 0
      ? {
          ...ofColumn,
          blocks: false,
          message: `${moved}. The backup's values are read as its own.`,
        }
      : {
          ...ofColumn,
          blocks: false,
          message: `${moved}, by its name. It ${lostSentence(lost)}`,
          remedy: addLabels(lost, found.enumType),
        };
  }
  if (move && archivedLabels && found.enumType && lost.length === 0) {
    return { ...ofColumn, blocks: false, message: `${change}, which has all of its labels.` };
  }
  const convert = `Give it the type ${type} again, restore, then migrate forward, so that PostgreSQL converts the values or says which it cannot.`;
  return {
    ...ofColumn,
    blocks: true,
    message: `${change}${lost.length > 0 ? `, which ${lostSentence(lost)}` : "."}`,
    remedy: move
      ? `If it is the same type by another name: ${[addLabels(lost, found.enumType), ...move.statements].filter(Boolean).join(" ")} Restore, and name it back. Otherwise: ${convert}`
      : convert,
  };
}

function findAddedColumn(
  { name: column, generated, notNull, hasDefault }: CatalogColumn,
  archived: ArchivedTable,
  name: TableName,
): Drift | null {
  if (generated || archived.columns.some((it) => it.name === column)) return null;
  const label = tableLabel(name);
  if (notNull && !hasDefault) {
    return {
      kind: "column-added",
      table: name,
      column,
      blocks: true,
      message: `The column ${column} of ${label} is required and not in the backup.`,
      remedy:
        "Give it a default, or let it be NULL, restore, then fill it in and require it again.",
    };
  }
  return {
    kind: "column-added",
    table: name,
    column,
    blocks: false,
    message: hasDefault
      ? `The column ${column} of ${label} is not in the backup and gets its default in every row.`
      : `The column ${column} of ${label} is not in the backup and will be NULL in every row.`,
  };
}
