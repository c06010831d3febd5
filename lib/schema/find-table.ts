import { BackupError } from "../errors.ts";
import type { Exclusion, TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Catalog } from "./catalog.ts";
import { modelName, type PrismaModels } from "./prisma-models.ts";

/** The tables that a name may mean: the name of a table, `schema.table`, or a Prisma model. */
export function tablesCalled(
  name: string,
  tables: readonly TableName[],
  models: PrismaModels,
): TableName[] {
  const meant = tables.filter((table) =>
    [table.name, tableLabel(table), modelName(models, table)].includes(name),
  );
  return [...new Map(meant.map((table) => [tableKey(table), table])).values()];
}

/** Finds what `include` names: schemas of the hosting platform, or tables. @throws CONFIG_INVALID */
export function findIncluded(
  names: readonly string[],
  {
    tables,
    platformRelations,
  }: { tables: readonly TableName[] } & Pick<Catalog, "platformRelations">,
  models: PrismaModels,
  outcome: string,
): Exclusion[] {
  return names.map((name) =>
    platformRelations.some(({ schema }) => schema === name)
      ? { schema: name }
      : findTable(name, tables, models, { option: "include", outcome }),
  );
}

/**
 * Finds the one table that a name means.
 *
 * @param option for the error: the option that contains the name
 * @param outcome for the error: whether anything changed
 * @throws BackupError CONFIG_INVALID if no table or more than one has this name
 */
export function findTable(
  name: string,
  tables: readonly TableName[],
  models: PrismaModels,
  { option, outcome = "Nothing was changed." }: { option: string; outcome?: string },
): TableName {
  const found = tablesCalled(name, tables, models);
  if (found[0] && found.length === 1) return found[0];
  const [problem, hint] =
    found.length === 0
      ? [
          "and there is no such table or model",
          "Name a Prisma model, or a table as in the database, upper and lower case as there. A partition is part of its partitioned table.",
        ]
      : [
          `which may be ${found.map(tableLabel).join(", ")}`,
          "Name the table with its schema, as schema.table.",
        ];
  throw new BackupError("CONFIG_INVALID", `\`${option}\` names ${name}, ${problem}. ${outcome}`, {
    hint,
    details: { option, name },
  });
}
