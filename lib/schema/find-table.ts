import { BackupError } from "../errors.ts";
import type { TableName } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { modelName, type PrismaModels } from "./prisma-models.ts";

/** The tables that a name may mean: a table's, `schema.table`, or a Prisma model's. */
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

/**
 * The one table that a name means.
 *
 * @param option the option that holds the name, for the error
 * @throws BackupError CONFIG_INVALID where no table or more than one is called so
 */
export function findTable(
  name: string,
  tables: readonly TableName[],
  models: PrismaModels,
  option: string,
): TableName {
  const found = tablesCalled(name, tables, models);
  if (found[0] && found.length === 1) return found[0];
  const labels = found.map(tableLabel).join(", ");
  throw new BackupError(
    "CONFIG_INVALID",
    found.length === 0
      ? `\`${option}\` names ${name}, and there is no such table or model. Nothing has changed.`
      : `\`${option}\` names ${name}, which may be ${labels}. Nothing has changed.`,
    {
      hint:
        found.length === 0
          ? "Name a Prisma model, or a table as in the database, upper and lower case as there. A partition is part of its partitioned table."
          : "Name the table with its schema, as schema.table.",
      details: { option, name },
    },
  );
}
