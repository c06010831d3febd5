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

it("repeats nothing that the message says alone, and trusts no other shape", () => {
  expect(errorPlace(report({ table: { schema: "public", name: "reviews" } }))).toEqual([]);
  expect(errorPlace(report({ table: "reviews", rows: ["1"], column: 3 }))).toEqual([]);
  expect(errorPlace({ code: "INTERNAL", message: "m" })).toEqual([]);
});
