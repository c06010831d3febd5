import { describe, expect, test } from "vitest";
import { GENERATED_CLIENT } from "../testing/generated-client.ts";
import type { ForeignKey } from "./catalog.ts";
import {
  isKnownToPrisma,
  modelName,
  NO_PRISMA_MODELS,
  readPrismaModels,
  relationName,
} from "./prisma-models.ts";

const models = readPrismaModels(GENERATED_CLIENT);
const table = (name: string, schema = "public") => ({ schema, name });
const foreignKey = (from: string, columns: string[]): ForeignKey => ({
  constraint: "fk",
  table: table(from),
  from: table(from),
  to: table("users", "other"),
  columns,
  referencedColumns: [],
  onDelete: "NO ACTION",
  definition: "",
  comment: null,
  validatedBelow: [],
  insertsUnchecked: false,
  hasAlteredTriggers: false,
});

describe("models of a generated client", () => {
  test("are found by the names of their tables, in their schema", () => {
    expect(modelName(models, table("users", "other"))).toBe("User");
    expect(modelName(models, table("users"))).toBeNull();
    expect(modelName(models, table("User", "other"))).toBeNull();
    expect(modelName(models, table("Post"))).toBe("Post");
  });

  test("have columns for what is stored, by their names in the database", () => {
    const post = models.models.find(({ name }) => name === "Post");
    expect(post?.columns).toEqual([
      { field: "id", column: "id" },
      { field: "authorId", column: "author_id" },
      { field: "reviewerId", column: "reviewer_id" },
    ]);
  });

  test("do not include views, nor what only a comment says", () => {
    expect(models.models.map(({ name }) => name)).toEqual([
      "User",
      "Post",
      "Tag",
      "Label",
      "Part",
      "Chapter",
    ]);
  });
});

test("each of several relations between two models is found by its columns", () => {
  expect(relationName(models, foreignKey("Post", ["author_id"]))).toBe("Post.author");
  expect(relationName(models, foreignKey("Post", ["reviewer_id"]))).toBe("Post.reviewer");
  expect(relationName(models, foreignKey("Part", ["chapter_book", "chapter_no"]))).toBe(
    "Part.chapter",
  );
  expect(relationName(models, foreignKey("Post", ["id"]))).toBeNull();
  expect(relationName(models, foreignKey("unknown", ["id"]))).toBeNull();
});

test("implicit many-to-many relations are known by their join tables, and nothing else is", () => {
  expect(models.implicitTables).toEqual([
    { schema: "other", name: "_Friends", relation: "User.friends ↔ User.friendOf" },
    { schema: "public", name: "_PostToTag", relation: "Post.tags ↔ Tag.posts" },
    { schema: "public", name: "_PostLabels", relation: "Post.labels ↔ Label.posts" },
  ]);
  expect(relationName(models, foreignKey("_PostToTag", ["A"]))).toBe("Post.tags ↔ Tag.posts");
  expect(isKnownToPrisma(models, table("_PostToTag"))).toBe(true);
  expect(isKnownToPrisma(models, table("_prisma_migrations"))).toBe(true);
  expect(isKnownToPrisma(models, table("_SummaryToUser"))).toBe(false);
});

test.for([
  ["nothing", undefined],
  ["null", null],
  ["another object", { models: [] }],
  ["another version's data model", { _runtimeDataModel: { models: { A: { fields: "?" } } } }],
] as const)("%s has no models, and is no error", ([, prisma]) => {
  expect(readPrismaModels(prisma)).toEqual(NO_PRISMA_MODELS);
});

test("a client without its schema's text still names models and columns", () => {
  const { models: found } = readPrismaModels({
    _runtimeDataModel: GENERATED_CLIENT._runtimeDataModel,
  });
  expect(found.map(({ name }) => name)).toContain("Post");
});
