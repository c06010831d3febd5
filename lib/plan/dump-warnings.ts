/** What to know about a backup of some tables. */
import type { Catalog, CatalogTable } from "../schema/catalog.ts";
import { pendingDetachWarning } from "../schema/pending-detach.ts";
import { isKnownToPrisma, type PrismaModels } from "../schema/prisma-models.ts";
import type { Exclusion, TableName, Warning } from "../shared/api.ts";
import { formatNoun, formatSome } from "../shared/format.ts";
import { nameOf, tableKey, tableLabel } from "../shared/table-name.ts";

/** A backup of some tables is not a backup of all. */
export function notChosenWarning(
  all: readonly CatalogTable[],
  chosen: readonly CatalogTable[],
): Warning[] {
  const isChosen = new Set(chosen);
  const others = all.filter((table) => !isChosen.has(table)).map(tableLabel);
  if (others.length === 0) return [];
  const message = `This is a backup of ${chosen.length} of ${formatNoun(all.length, "table")}. Not in it, as was chosen: ${formatSome(others)}.`;
  return [{ code: "TABLES_NOT_CHOSEN", message }];
}

/** The catalog's warnings about the chosen tables. */
export function catalogWarnings(
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

/**
 * Warns that a partition goes with its table, whatever schema it is in, because somebody who leaves out a schema may not
 * expect it.
 */
export function partitionWarnings(
  tables: readonly CatalogTable[],
  exclude: readonly Exclusion[],
  selected: readonly CatalogTable[],
): Warning[] {
  const schemas = new Set(
    exclude.filter(({ name }) => name === undefined).map(({ schema }) => schema),
  );
  const isSelected = new Set(selected);
  return tables.flatMap((table) => {
    const isOut = schemas.has(table.schema);
    if (isOut === isSelected.has(table)) return [];
    const others = table.partitions
      .filter((it) => !it.isPartitioned && !it.isForeign && schemas.has(it.schema) !== isOut)
      .map(tableLabel);
    if (others.length === 0) return [];
    const why = `partitions go with their table, ${tableLabel(table)}`;
    return [
      {
        code: isOut ? "PARTITIONS_LEFT_OUT" : "PARTITIONS_NOT_LEFT_OUT",
        message: isOut
          ? `The rows of ${formatSome(others)} are not in the backup: ${why}, which was left out with its schema.`
          : `The rows of ${formatSome(others)} are in the backup, although their schema was left out: ${why}. Leave that out to have no rows of theirs.`,
        table: nameOf(table),
      },
    ];
  });
}

export function parentWarnings(
  { foreignKeys }: Catalog,
  selected: ReadonlyMap<string, unknown>,
): Warning[] {
  return foreignKeys
    .filter(({ from, to }) => selected.has(tableKey(from)) && !selected.has(tableKey(to)))
    .map(({ from, to, constraint }) => ({
      code: "PARENT_LEFT_OUT",
      message: `${tableLabel(from)} refers to ${tableLabel(to)} (${constraint}), which is not in the backup. A restore needs the rows there to exist.`,
      table: from,
    }));
}

export function unmappedWarnings(models: PrismaModels, tables: readonly CatalogTable[]): Warning[] {
  if (models.models.length === 0) return [];
  return tables
    .filter((table) => !isKnownToPrisma(models, table))
    .map((table) => ({
      code: "UNMAPPED_TABLE",
      message: `No Prisma model maps ${tableLabel(table)}. It is in the backup all the same.`,
      table: nameOf(table),
    }));
}
