import type { Drift } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { Catalog, CatalogTable, ColumnEncoding } from "./catalog.ts";
import { findModel, isKnownToPrisma, isTableOf, type PrismaModels } from "./prisma-models.ts";

/** Where schema.prisma and the database disagree. Nothing of it blocks a backup: the catalog is the truth. */
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
  for (const { schema, name, columns } of catalog.tables) {
    const table = { schema, name };
    const model = findModel(models, table);
    if (!model) {
      if (!isKnownToPrisma(models, table)) {
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
}

/** Where an archive's table and the database's disagree. What cannot be loaded without losing or inventing data blocks. */
export function findTableDrift(archived: ArchivedTable, table: CatalogTable | undefined): Drift[] {
  const name = { schema: archived.schema, name: archived.name };
  if (!table) {
    return [
      {
        kind: "table-missing",
        table: name,
        blocks: true,
        message: `The database has no table ${tableLabel(name)}.`,
      },
    ];
  }
  const drift: Drift[] = [];
  for (const column of archived.columns) {
    const found = table.columns.find((it) => it.name === column.name);
    if (!found || found.generated) {
      drift.push({
        kind: "column-missing",
        table: name,
        column: column.name,
        blocks: true,
        message: found
          ? `The column ${column.name} of ${tableLabel(name)} is now generated, so that the backup's values cannot be put there.`
          : `${tableLabel(name)} has no column ${column.name} any more.`,
      });
    } else if (found.type !== column.type || found.encoding !== column.encoding) {
      drift.push({
        kind: "type-changed",
        table: name,
        column: column.name,
        blocks: true,
        message: `The column ${column.name} of ${tableLabel(name)} was ${column.type} and is ${found.type} now.`,
      });
    }
  }
  for (const column of table.columns) {
    if (column.generated || archived.columns.some((it) => it.name === column.name)) continue;
    const blocks = column.notNull && !column.hasDefault;
    drift.push({
      kind: "column-added",
      table: name,
      column: column.name,
      blocks,
      message: blocks
        ? `The column ${column.name} of ${tableLabel(name)} is required and not in the backup.`
        : `The column ${column.name} of ${tableLabel(name)} is not in the backup and gets its default in every row.`,
    });
  }
  return drift;
}
