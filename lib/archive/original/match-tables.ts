/** Matches a backup's files with the database's tables. The original stored neither schemas nor types. Pure. */
import type { Catalog, CatalogTable } from "../../schema/catalog.ts";
import type { PrismaModels } from "../../schema/prisma-models.ts";
import type { TableName, Warning } from "../../shared/api.ts";
import { quote } from "../../shared/archive/entry-names.ts";
import { nameOf, tableKey, tableLabel } from "../../shared/table-name.ts";
import { invalidArchive } from "../archive-error.ts";
import type { ScannedFile } from "./scan-file.ts";

export interface MatchedTable extends TableName {
  table: CatalogTable | null;
  /** Several if 0.3.5's user had split a table, or an old PostgreSQL listed only the partitions. */
  files: ScannedFile[];
}

interface Relation extends TableName {
  /** The table that receives its rows. For a partition, the root table. Null: a restore does not change it. */
  table: CatalogTable | null;
  isPartition: boolean;
}

/** @throws ARCHIVE_INVALID if two files contain the same table */
export function matchTables(
  scanned: readonly ScannedFile[],
  catalog: Catalog,
  models: PrismaModels,
): { matched: MatchedTable[]; warnings: Warning[] } {
  const relations = relationsOf(catalog);
  const matched = new Map<string, MatchedTable & { isWhole: boolean }>();
  const warnings: Warning[] = [];
  const partitions: Array<{ file: ScannedFile; relation: Relation; root: CatalogTable }> = [];

  function take(file: ScannedFile, name: TableName, table: CatalogTable | null, isPart: boolean) {
    const key = tableKey(name);
    const other = matched.get(key);
    if (!other) {
      matched.set(key, { ...nameOf(name), table, files: [file], isWhole: !isPart });
    } else if (isPart && !other.isWhole) {
      other.files.push(file);
    } else {
      throw sameTable(name.name, [...other.files, file]);
    }
  }

  for (const file of scanned) {
    const { found, isSplit } = findRelations(file, relations, models);
    const relation = choose(found, file.tableName ?? file.name, warnings);
    if (!relation) {
      take(file, { schema: "public", name: file.tableName ?? file.name }, null, false);
    } else if (relation.table === null) {
      warnings.push(notRestored(relation));
    } else if (relation.isPartition) {
      partitions.push({ file, relation, root: relation.table });
    } else {
      take(file, relation.table, relation.table, isSplit);
    }
  }
  const roots = new Set(matched.keys());
  for (const { file, relation, root } of partitions) {
    // The original listed tables from PostgreSQL's statistics, which lacked partitioned tables before PostgreSQL 14.
    if (!roots.has(tableKey(root))) take(file, root, root, true);
    else warnings.push(partitionLeftOut(relation, root));
  }
  for (const table of matched.values()) {
    const { name, files } = table;
    if (files.length === 1) continue;
    const message = `${files.length} files together hold the rows of ${name}: ${namesOf(files)}.`;
    warnings.push({ code: "ORIGINAL_FILES_JOINED", message, table: nameOf(table) });
  }
  return { matched: [...matched.values()], warnings };
}

function relationsOf(catalog: Catalog): Relation[] {
  const leftOut = catalog.warnings.flatMap(({ code, table }) =>
    table && (code === "MATERIALIZED_VIEW" || code === "EXTENSION_TABLE")
      ? [{ ...table, table: null, isPartition: false }]
      : [],
  );
  const tables = catalog.tables.flatMap((table) => [
    { ...nameOf(table), table, isPartition: false },
    ...table.partitions.map((it) => ({ ...nameOf(it), table, isPartition: true })),
  ]);
  return [...tables, ...leftOut];
}

const lowerFirst = (name: string): string => name.slice(0, 1).toLowerCase() + name.slice(1);

/**
 * Finds a file's relation by the name that 0.4.0 wrote into every row, else by the file's name: a table's, or what the
 * user of 0.3.5 chose, usually the model's or its delegate's in Prisma Client.
 */
function findRelations(
  file: ScannedFile,
  relations: readonly Relation[],
  { models }: PrismaModels,
): { found: Relation[]; isSplit: boolean } {
  if (file.tableName !== null) {
    return { found: relations.filter(({ name }) => name === file.tableName), isSplit: false };
  }
  const ofModel = (isMeant: (model: string) => boolean) => {
    const meant = models.filter(({ name }) => isMeant(name)).map(({ table }) => table);
    return relations.filter((relation) =>
      meant.some(
        ({ schema, name }) =>
          name === relation.name && (schema === null || schema === relation.schema),
      ),
    );
  };
  const byName = (fileName: string): Relation[] =>
    [
      relations.filter(({ name }) => name === fileName),
      // A file's name may have been normalised since.
      relations.filter(({ name }) => fileNameOf(name) === fileName.normalize()),
      ofModel((model) => model === fileName),
      ofModel((model) => lowerFirst(model) === fileName),
      relations.filter(({ name }) => lowerFirst(name) === fileName),
    ].find(({ length }) => length > 0) ?? [];
  const found = byName(file.name);
  if (found.length > 0) return { found, isSplit: false };
  // 0.3.5's documentation splits large tables in this way: user_0, user_1 …
  const split = /^(.+)_\d+$/.exec(file.name)?.[1];
  return { found: split === undefined ? [] : byName(split), isSplit: true };
}

/** The original left out characters that some systems do not allow in file names. */
const fileNameOf = (tableName: string): string =>
  tableName
    .replaceAll(/[/?<>\\:*|"]|\p{Cc}/gu, "")
    .replaceAll(/\s/g, "_")
    .normalize();

/** The original read through the search_path, which is "public" for nearly all users. */
function choose(found: Relation[], name: string, warnings: Warning[]): Relation | null {
  if (found.length <= 1) return found[0] ?? null;
  const chosen = found.find(({ schema }) => schema === "public") ?? null;
  const labels = found.map(tableLabel).join(", ");
  warnings.push({
    code: "ORIGINAL_SCHEMA",
    message: chosen
      ? `The original stored no schemas, and the database has ${labels}: the rows of ${quote(name)} go to ${tableLabel(chosen)}.`
      : `The original stored no schemas, and the database has ${labels}: it is not known which table the rows of ${quote(name)} belong to.`,
    ...(chosen && { table: nameOf(chosen) }),
  });
  return chosen;
}

const namesOf = (files: readonly ScannedFile[]): string =>
  files.map(({ entry }) => quote(entry)).join(", ");

export const sameTable = (name: string, files: readonly ScannedFile[]) =>
  invalidArchive(`Two files hold the table ${quote(name)}: ${namesOf(files)}.`, {
    hint: "Leave only one of them in the backup.",
    details: { entries: files.map(({ entry }) => entry) },
  });

const notRestored = ({ schema, name }: Relation): Warning => ({
  code: "ORIGINAL_TABLE_LEFT_OUT",
  message: `${schema}.${name} is a materialised view, or belongs to an extension: its file is left out.`,
  table: { schema, name },
});

const partitionLeftOut = ({ schema, name }: Relation, root: CatalogTable): Warning => ({
  code: "ORIGINAL_PARTITION_LEFT_OUT",
  message: `${schema}.${name} is a partition: its rows are also in the file of ${tableLabel(root)}, so that its own is left out.`,
  table: { schema, name },
});
