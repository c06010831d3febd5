/** The models of Prisma's DMMF, from `Prisma.dmmf.datamodel.models`: complete before Prisma 7, reduced since. */
import { z } from "zod";
import type { Drift } from "../shared/api.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { Catalog, CatalogTable } from "./catalog.ts";
import { findPrismaDrift } from "./drift.ts";
import { runtimeModelSchema } from "./prisma-client.ts";
import { findModel, fits, isTableOf, type PrismaModels, toPrismaModels } from "./prisma-models.ts";

export const dmmfModelsSchema = z.array(
  runtimeModelSchema.extend({
    name: z.string(),
    fields: z.array(
      runtimeModelSchema.shape.fields.element.extend({
        relationFromFields: z.array(z.string()).nullish(),
      }),
    ),
  }),
);
type DmmfModels = z.infer<typeof dmmfModelsSchema>;

/** False for Prisma 7, which leaves out the fields that store a relation. */
const hasRelations = (models: DmmfModels): boolean =>
  models.some(({ fields }) => fields.some(({ relationFromFields }) => relationFromFields?.length));

/** Reads names from the DMMF. @param views the models that are views, which it does not say */
export function readDmmf(models: DmmfModels, views: ReadonlySet<string>): PrismaModels {
  return toPrismaModels(
    Object.fromEntries(models.map((model) => [model.name, model])),
    new Map(
      models.map(({ name, fields }) => [
        name,
        {
          keyword: views.has(name) ? "view" : "model",
          relations: fields.flatMap(({ name: field, relationFromFields }) =>
            relationFromFields?.length ? [{ field, fields: relationFromFields }] : [],
          ),
        },
      ]),
    ),
  );
}

/**
 * Finds the differences between the models and the database: tables, columns and, if the models have them, relations.
 * None of these blocks anything: the database's own foreign keys decide the order of a restore.
 */
export function findDmmfDrift(
  dmmf: DmmfModels,
  views: ReadonlySet<string>,
  catalog: Catalog,
): Drift[] {
  const models = readDmmf(dmmf, views);
  const drift = findPrismaDrift(models, catalog);
  if (!hasRelations(dmmf)) return drift;
  for (const model of models.models) {
    const table = catalog.tables.find((it) => isTableOf(model, it));
    if (!table) continue;
    for (const relation of model.relations) {
      if (relation.model !== null && views.has(relation.model)) continue;
      if (hasForeignKey(catalog, table, models, relation)) continue;
      const { schema, name } = table;
      const message = `${model.name}.${relation.field} has no foreign key (${relation.columns.join(", ")}) in ${tableLabel(table)}.`;
      drift.push({ kind: "relation-missing", table: { schema, name }, blocks: false, message });
    }
  }
  for (const { schema, name, relation } of models.implicitTables) {
    if (catalog.tables.some((table) => fits({ schema, name }, table))) continue;
    const table = { schema: schema ?? "public", name };
    const message = `${relation} has no join table ${tableLabel(table)} in the database.`;
    drift.push({ kind: "relation-missing", table, blocks: false, message });
  }
  return drift;
}

function hasForeignKey(
  { foreignKeys }: Catalog,
  table: CatalogTable,
  models: PrismaModels,
  relation: PrismaModels["models"][number]["relations"][number],
): boolean {
  const columns = relation.columns.toSorted().join();
  return foreignKeys.some(
    ({ from, to, columns: its }) =>
      tableKey(from) === tableKey(table) &&
      its.toSorted().join() === columns &&
      findModel(models, to)?.name === relation.model,
  );
}
