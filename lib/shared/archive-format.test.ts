import { expect, it } from "vitest";
import { tableEntryName, tableFileName } from "./archive-format.ts";

const csv = (schema: string, name: string) => tableFileName({ schema, name }, "csv");

it("gives a table a file that lies in no other folder", () => {
  expect(csv("public", "User")).toBe("public.User.csv");
  expect(csv("public", "../../x")).toBe("public.%2E%2E%2F%2E%2E%2Fx.csv");
  expect(csv("..", "/x")).toBe("%2E%2E.%2Fx.csv");
  expect(csv("a/b", "C:\\x")).toBe("a%2Fb.C%3A%5Cx.csv");
});

it("gives different tables different files", () => {
  const names = [
    ["a.b", "c"],
    ["a", "b.c"],
    ["a%2Eb", "c"],
    ["a", "b%2Ec"],
    ["é", "c"],
    ["e\u0301", "c"],
    ["%C3%A9", "c"],
  ] as const;
  expect(new Set(names.map(([schema, name]) => csv(schema, name))).size).toBe(names.length);
});

it("names an archive's entries in the same way", () => {
  const table = { schema: "public", name: "a/b" };
  expect(tableEntryName(table, "none")).toBe("tables/public.a%2Fb.json");
  expect(tableEntryName(table, "passphrase")).toBe("tables/public.a%2Fb.json.zst.age");
});
