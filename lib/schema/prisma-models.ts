import type { TableName } from "../shared/api.ts";
import type { ForeignKey } from "./catalog.ts";
import { type RuntimeDataModel, readInlineSchema, readRuntimeDataModel } from "./prisma-client.ts";

interface PrismaModel {
  name: string;
  /** `schema` is null if the Prisma schema names none. Then the connection's own schema applies. */
  table: { schema: string | null; name: string };
  /** Field and column names of the fields that are stored in a column. */
  columns: Array<{ field: string; column: string }>;
  /** The relations whose columns are in this model's table, and the model that each refers to. */
  relations: Array<{ field: string; columns: string[]; model: string | null }>;
}

/** Names from schema.prisma, which people know. They are only labels; the catalog remains authoritative. */
export interface PrismaModels {
  models: PrismaModel[];
  /** Join tables of implicit many-to-many relations, which have no model. */
  implicitTables: Array<{ schema: string | null; name: string; relation: string }>;
}

/** Used without a Prisma client. The database can be backed up all the same. */
export const NO_PRISMA_MODELS: PrismaModels = { models: [], implicitTables: [] };

/** Reads the names of models, tables, fields and relations from a PrismaClient. Empty if it is not one that we know. */
export function readPrismaModels(prisma: unknown): PrismaModels {
  const dataModel = readRuntimeDataModel(prisma);
  if (!dataModel) return NO_PRISMA_MODELS;
  return toPrismaModels(dataModel.models, parseDeclarations(readInlineSchema(prisma) ?? ""));
}

/** The names of the models that are views, if the client has the text of schema.prisma. */
export const readViewNames = (prisma: unknown): Set<string> =>
  new Set(
    [...parseDeclarations(readInlineSchema(prisma) ?? "")].flatMap(([name, { keyword }]) =>
      keyword === "view" ? [name] : [],
    ),
  );

/** @param declarations what the data model leaves out: views, and the fields that store a relation */
export function toPrismaModels(
  dataModels: RuntimeDataModel["models"],
  declarations: ReadonlyMap<string, Declaration>,
): PrismaModels {
  const dataModelsOfTables = Object.entries(dataModels).filter(
    ([name]) => declarations.get(name)?.keyword !== "view",
  );
  const models = dataModelsOfTables.map(([name, model]): PrismaModel => {
    const columnOf = new Map(
      model.fields
        .filter(({ kind }) => kind !== "object")
        .map((field) => [field.name, field.dbName ?? field.name]),
    );
    return {
      name,
      table: { schema: model.schema ?? null, name: model.dbName ?? name },
      columns: [...columnOf].map(([field, column]) => ({ field, column })),
      relations: (declarations.get(name)?.relations ?? []).map(({ field, fields }) => ({
        field,
        columns: fields.map((it) => columnOf.get(it) ?? it),
        model: model.fields.find(({ name }) => name === field)?.type ?? null,
      })),
    };
  });

  const sides = dataModelsOfTables.flatMap(([model, { schema = null, fields }]) =>
    fields
      .filter(({ kind, relationName }) => kind === "object" && relationName)
      .map(({ name: field, relationName }) => ({ model, schema, field, relationName })),
  );
  const hasColumns = ({ model, field }: (typeof sides)[number]) =>
    declarations.get(model)?.relations.some((it) => it.field === field);
  const implicitTables = [...Map.groupBy(sides, ({ relationName }) => relationName)]
    // If there is only one side, the other is a view.
    .filter(([, both]) => both.length === 2 && !both.some(hasColumns))
    .map(([relationName, both]) => ({
      schema: both[0]?.schema ?? null,
      name: `_${relationName}`,
      relation: both.map(({ model, field }) => `${model}.${field}`).join(" ↔ "),
    }));
  return { models, implicitTables };
}

/** Whether a table has this name. Without a schema, it may be in any. */
export const fits = (
  { schema, name }: { schema: string | null; name: string },
  table: TableName,
): boolean => name === table.name && (schema === null || schema === table.schema);

export const isTableOf = (model: PrismaModel, table: TableName): boolean =>
  fits(model.table, table);

/** The model of a table, or null. */
export function findModel(models: PrismaModels, table: TableName): PrismaModel | null {
  return models.models.find((model) => isTableOf(model, table)) ?? null;
}

export const modelName = (models: PrismaModels, table: TableName): string | null =>
  findModel(models, table)?.name ?? null;

/** True if the table is known to Prisma: as a model, an implicit join table, or its own migrations table. */
export function isKnownToPrisma(models: PrismaModels, table: TableName): boolean {
  return (
    findModel(models, table) !== null ||
    models.implicitTables.some((implicit) => fits(implicit, table)) ||
    table.name === MIGRATIONS_TABLE
  );
}

/** Prisma's record of applied migrations. It is backed up, but never restored over the database's own. */
export const MIGRATIONS_TABLE = "_prisma_migrations";

/** The relation of a foreign key: `Post.author`, or `Post.tags ↔ Tag.posts` for a join table; null if there is none. */
export function relationName(models: PrismaModels, foreignKey: ForeignKey): string | null {
  const model = findModel(models, foreignKey.from);
  if (!model) {
    return (
      models.implicitTables.find((implicit) => fits(implicit, foreignKey.from))?.relation ?? null
    );
  }
  const columns = foreignKey.columns.join();
  const relation = model.relations.find((it) => it.columns.join() === columns);
  return relation ? `${model.name}.${relation.field}` : null;
}

interface Declaration {
  keyword: "model" | "view";
  relations: Array<{ field: string; fields: string[] }>;
}

/**
 * Reads what only the text of schema.prisma tells: which relation fields store the columns, and which models are views.
 * Prisma has formatted the text, so a block ends at the first `}` at the start of a line.
 */
function parseDeclarations(schema: string): Map<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  const withoutComments = schema.replaceAll(/^\s*\/\/.*$/gm, "");
  for (const [, keyword, name, body] of withoutComments.matchAll(
    /^(model|view)\s+(\w+)\s*\{([\s\S]*?)^\}/gm,
  )) {
    const relations = [
      ...(body ?? "").matchAll(/^\s*(\w+)\s+\w[^\n]*?@relation\([^)]*?fields:\s*\[([^\]]+)\]/gm),
    ];
    declarations.set(name ?? "", {
      keyword: keyword === "view" ? "view" : "model",
      relations: relations.map(([, field, fields]) => ({
        field: field ?? "",
        fields: (fields ?? "").split(",").map((it) => it.trim()),
      })),
    });
  }
  return declarations;
}
