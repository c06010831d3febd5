import { expect, test } from "vitest";
import { MAX_ENUM_LABELS } from "../shared/archive-format.ts";
import { enumsOf } from "./enums.ts";

const column = (type: string, labels?: string[], generated = false) =>
  ({ type, generated, ...(labels && { enumType: { type: "public.mood", labels } }) }) as Parameters<
    typeof enumsOf
  >[0][number]["columns"][number];

test("each type once, by the name that columns have, without what makes it an array", () => {
  const tables = [
    { columns: [column("integer"), column("public.mood", ["a"]), column("public.mood[]", ["a"])] },
    { columns: [column("public.mood_domain", ["a"]), column("x.y", ["a"], true)] },
  ];
  expect(enumsOf(tables)).toEqual([
    { type: "public.mood", labels: ["a"] },
    { type: "public.mood_domain", labels: ["a"] },
  ]);
});

test("more labels than a manifest takes are left out, and others are not", () => {
  const many = Array.from({ length: MAX_ENUM_LABELS }, String);
  const columns = [column("public.a", ["x"]), column("public.b", many), column("public.c", ["y"])];
  expect(enumsOf([{ columns }]).map(({ type }) => type)).toEqual(["public.a", "public.c"]);
});
