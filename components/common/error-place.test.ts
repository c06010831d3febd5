import { expect, it } from "vitest";
import { errorPlace } from "./error-place.ts";

const report = (details: Record<string, unknown>) => ({
  code: "CONSTRAINT_VIOLATED" as const,
  message: "m",
  details,
});

it("names table, row, column and constraint, as far as the server has said them", () => {
  const table = { schema: "public", name: "reviews" };
  expect(errorPlace(report({ table, rows: [7, 7], constraint: "stars" }))).toEqual([
    { label: "Table", value: "public.reviews" },
    { label: "Row of the backup", value: "7" },
    { label: "Constraint", value: "stars" },
  ]);
  expect(errorPlace(report({ table, rows: [1, 500], column: "rating" }))).toContainEqual({
    label: "Rows of the backup",
    value: "1 to 500",
  });
});

it("names the rows by their keys, and what they collide with or lack", () => {
  const table = { schema: "public", name: "reviews" };
  const found = { key: "id = 7", otherKeys: ["id = 9", "id = 12"], violatingRows: 1234 };
  expect(errorPlace(report({ table, ...found, missing: "user_id = 3" }))).toEqual([
    { label: "Table", value: "public.reviews" },
    { label: "Key", value: "id = 7" },
    { label: "Other rows", value: "id = 9; id = 12" },
    { label: "Rows in all", value: "1,234" },
    { label: "Not there", value: "user_id = 3" },
  ]);
  expect(errorPlace(report({ table, key: "id = 7", conflictsWith: "id = 8" }))).toContainEqual({
    label: "The row in its way",
    value: "id = 8",
  });
});

it("repeats nothing that the message says alone, and trusts no other shape", () => {
  expect(errorPlace(report({ table: { schema: "public", name: "reviews" } }))).toEqual([]);
  expect(errorPlace(report({ table: "reviews", rows: ["1"], column: 3 }))).toEqual([]);
  expect(errorPlace({ code: "INTERNAL", message: "m" })).toEqual([]);
});
