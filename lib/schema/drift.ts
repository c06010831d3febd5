import type { Drift, TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Catalog, CatalogColumn, CatalogTable, ColumnEncoding, EnumType } from "./catalog.ts";
import { elementOf, findMove } from "./moved-type.ts";
import { findModel, isKnownToPrisma, isTableOf, type PrismaModels } from "./prisma-models.ts";
import { widenedFrom } from "./widened-type.ts";

/** Compares schema.prisma with the database. No difference blocks a backup, which follows the catalog. */
export function findPrismaDrift(models: PrismaModels, catalog: Catalog): Drift[] {
  if (models.models.length === 0) return [];
  const drift: Drift[] = [];
  for (const model of models.models) {
    if (catalog.tables.some((table) => isTableOf(model, table))) continue;
    const table = { schema: model.table.schema ?? "public", name: model.table.name };
    const message = `The model ${model.name} has no table ${tableLabel(table)} in the database.`;
    drift.push({ kind: "table-missing", table, blocks: false, message });
  }
  const platforms = new Set(catalog.platformRelations.map(tableKey));
  for (const { schema, name, columns } of catalog.tables) {
    const table = { schema, name };
    const label = tableLabel(table);
    const allTheSame = "It is backed up and restored all the same.";
    const model = findModel(models, table);
    if (!model) {
      if (isKnownToPrisma(models, table) || platforms.has(tableKey(table))) continue;
      const message = `No Prisma model maps the table ${label}. ${allTheSame}`;
      drift.push({ kind: "table-added", table, blocks: false, message });
      continue;
    }
    for (const { field, column } of model.columns) {
      if (columns.some((it) => it.name === column)) continue;
      const message = `${model.name}.${field} has no column ${column} in ${label}.`;
      drift.push({ kind: "column-missing", table, column, blocks: false, message });
    }
    for (const { name: column } of columns) {
      if (model.columns.some((it) => it.column === column)) continue;
      const message = `No field of ${model.name} maps the column ${column} of ${label}. ${allTheSame}`;
      drift.push({ kind: "column-added", table, column, blocks: false, message });
    }
  }
  return drift;
}

interface ArchivedColumn {
  name: string;
  type: string;
  encoding: ColumnEncoding;
}

/** A table as an archive describes it. */
export interface ArchivedTable {
  schema: string;
  name: string;
  columns: ArchivedColumn[];
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
  const { schema, name } = archived;
  const label = tableLabel(archived);
  const driftOf = (column: string | undefined, change: Change | null): Drift[] =>
    change ? [{ table: { schema, name }, column, ...change }] : [];
  if (!table) {
    return driftOf(undefined, {
      kind: "table-missing",
      blocks: true,
      message: `The database has no table ${label}.`,
      remedy:
        "Make the table again by the migrations of the time of the backup, restore, then migrate forward; or leave the table out of the restore.",
    });
  }
  return [
    ...archived.columns.flatMap((column) => {
      const found = table.columns.find((it) => it.name === column.name);
      const what = `The column ${column.name} of ${label}`;
      return driftOf(
        column.name,
        found ? changeOf(column, found, what, labels) : gone(column, what),
      );
    }),
    ...table.columns
      .filter((column) => !archived.columns.some((it) => it.name === column.name))
      .flatMap((column) =>
        driftOf(column.name, added(column, `The column ${column.name} of ${label}`)),
      ),
  ];
}

type Change = Omit<Drift, "table" | "column">;

function gone({ type }: ArchivedColumn, what: string): Change {
  // Backups of the original software do not tell whether such a column ever existed.
  const blocks = type === "unknown";
  return {
    kind: "column-missing",
    blocks,
    message: `${what} is not there any more${blocks ? "" : ": the backup's values of it are left out"}.`,
    remedy:
      "If it was renamed, or its values are needed, give the table this column again, restore, then migrate forward.",
  };
}

function changeOf(
  archived: ArchivedColumn,
  found: CatalogColumn,
  what: string,
  labels: ArchivedLabels,
): Change | null {
  if (found.generated) {
    return {
      kind: "column-missing",
      blocks: true,
      message: `${what} is now generated, so that the backup's values cannot be put there.`,
      remedy:
        "Make it an ordinary column again (ALTER COLUMN … DROP EXPRESSION), restore, then migrate forward.",
    };
  }
  const { type } = archived;
  const isRead = found.encoding === archived.encoding;
  const before = labels.get(elementOf(type));
  const lost = isRead ? lostLabels(before, found.enumType) : [];
  const add = addLabels(lost, found.enumType);
  const kind = "type-changed";
  const mapped = (message: string, remedy?: string): Change => ({
    kind,
    blocks: false,
    message,
    remedy,
  });
  if (found.type === type && isRead)
    return lost.length === 0 ? null : mapped(`${what} ${lostSentence(lost)}`, add);
  const change = `${what} was ${type} and is ${found.type} now`;
  if (found.type !== type && widenedFrom(archived, found) !== null)
    return mapped(`${change}, which holds every value of the backup.`);
  const move = isRead ? findMove(type, found.type) : null;
  if (move && !move.isRenamed && (!before || found.enumType)) {
    const moved = `${change}: the same type in another schema`;
    return lost.length === 0
      ? mapped(`${moved}. The backup's values are read as its own.`)
      : mapped(`${moved}, by its name. It ${lostSentence(lost)}`, add);
  }
  if (move && before && found.enumType && lost.length === 0)
    return mapped(`${change}, which has all of its labels.`);
  const convert = `Give it the type ${type} again, restore, then migrate forward, so that PostgreSQL converts the values or says which it cannot.`;
  return {
    kind,
    blocks: true,
    message: `${change}${lost.length > 0 ? `, which ${lostSentence(lost)}` : "."}`,
    remedy: move
      ? `If it is the same type by another name: ${[add, ...move.statements].filter(Boolean).join(" ")} Restore, and name it back. Otherwise: ${convert}`
      : convert,
  };
}

function added({ generated, notNull, hasDefault }: CatalogColumn, what: string): Change | null {
  if (generated) return null;
  if (notNull && !hasDefault) {
    return {
      kind: "column-added",
      blocks: true,
      message: `${what} is required and not in the backup.`,
      remedy:
        "Give it a default, or let it be NULL, restore, then fill it in and require it again.",
    };
  }
  const values = hasDefault ? "gets its default" : "will be NULL";
  return {
    kind: "column-added",
    blocks: false,
    message: `${what} is not in the backup and ${values} in every row.`,
  };
}

/** How many labels are named. */
const NAMED = 5;

/** Labels that values in the backup may have but the enum no longer has. */
function lostLabels(archived: readonly string[] | undefined, now: EnumType | undefined): string[] {
  if (!archived || !now) return [];
  const labels = new Set(now.labels);
  return archived.filter((label) => !labels.has(label));
}

/** The rest of a sentence that begins with the type or one of its columns. */
function lostSentence(lost: readonly string[]): string {
  const named = lost.slice(0, NAMED).map((label) => `“${label}”`);
  const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : "";
  const noun = lost.length === 1 ? "label" : "labels";
  return `does not take the ${noun} ${named.join(", ")}${more} any more: a row of the backup with ${lost.length === 1 ? "it" : "one of them"} makes the restore fail.`;
}

/** The statements that add the first few labels. */
const addLabels = (lost: readonly string[], { type }: EnumType = { type: "", labels: [] }) =>
  lost
    .slice(0, NAMED)
    .map((label) => `ALTER TYPE ${type} ADD VALUE '${label.replaceAll("'", "''")}';`)
    .join(" ");
