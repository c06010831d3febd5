import { expect, test } from "vitest";
import { GENERATED_CLIENT } from "../testing/generated-client.ts";
import type { Catalog } from "./catalog.ts";
import { dmmfModelsSchema, findDmmfDrift, readDmmf } from "./dmmf.ts";
import { readPrismaModels, readViewNames } from "./prisma-models.ts";

/** Models as in Prisma 7, with only the name of a relation. */
const REDUCED = dmmfModelsSchema.parse(
  Object.entries(GENERATED_CLIENT._runtimeDataModel.models).map(([name, model]) => ({
    name,
    ...model,
  })),
);
const STORED_IN: Record<string, string[]> = {
  "Post.author": ["authorId"],
  "Post.reviewer": ["reviewerId"],
  "Part.post": ["postId"],
  "Part.chapter": ["chapterBook", "chapterNo"],
  "Summary.user": ["userId"],
};
/** Models as in Prisma 6. */
const FULL = REDUCED.map((model) => ({
  ...model,
  fields: model.fields.map((field) =>
    field.kind === "object"
      ? { ...field, relationFromFields: STORED_IN[`${model.name}.${field.name}`] ?? [] }
      : field,
  ),
}));
const views = readViewNames(GENERATED_CLIENT);

const EMPTY: Catalog = {
  database: {
    name: "",
    serverVersion: "",
    serverVersionNum: 0,
    encoding: "UTF8",
    sizeBytes: 0,
    isSuperuser: false,
    isStandby: false,
  },
  tables: [],
  foreignKeys: [],
  materializedViews: [],
  sequences: [],
  extensionTables: [],
  platformRelations: [],
  pendingDetaches: [],
  warnings: [],
  unreadable: [],
};

test("whole, the models say what the client's own schema says", () => {
  expect(readDmmf(FULL, views)).toEqual(readPrismaModels(GENERATED_CLIENT));
});

test("reduced, they give the same names of models and columns", () => {
  const names = ({ models }: ReturnType<typeof readDmmf>) =>
    models.map(({ name, table, columns }) => ({ name, table, columns }));
  expect(names(readDmmf(REDUCED, views))).toEqual(names(readPrismaModels(GENERATED_CLIENT)));
});

test("a view is no missing table, and only whole models tell of missing relations", () => {
  const missing = (models: typeof REDUCED) =>
    findDmmfDrift(models, views, EMPTY).map(({ kind, table }) => `${kind} ${table.name}`);
  const tables = ["users", "Post", "Tag", "Label", "Part", "chapters"].map(
    (name) => `table-missing ${name}`,
  );
  expect(missing(REDUCED)).toEqual(tables);
  const joins = ["_Friends", "_PostToTag", "_PostLabels"].map((name) => `relation-missing ${name}`);
  expect(missing(FULL)).toEqual([...tables, ...joins]);
});
