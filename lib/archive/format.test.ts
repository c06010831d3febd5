import fc from "fast-check";
import { expect, it } from "vitest";
import { tableEntryName } from "../shared/archive-format.ts";
import { readmeText } from "./readme.ts";

it("names entries so that a person recognises the table", () => {
  expect(tableEntryName({ schema: "public", name: "User" }, "passphrase")).toBe(
    "tables/public.User.json.zst.age",
  );
  expect(tableEntryName({ schema: "my shop", name: "Ä.b/..\\c" }, "none")).toBe(
    "tables/my%20shop.%C3%84%2Eb%2F%2E%2E%5Cc.json",
  );
});

it("never gives two tables the same entry, and encodes so that any URL decoder reads the name", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  const table = fc.record({ schema: name, name });
  fc.assert(
    fc.property(table, (table) => {
      const match = /^tables\/([^.]+)\.([^.]+)\.json$/.exec(tableEntryName(table, "none"));
      const decoded = match?.slice(1).map((part) => decodeURIComponent(part));
      expect(decoded).toEqual([table.schema, table.name]);
    }),
  );
});

it.each(
  (["passphrase", "recipients", "none"] as const).flatMap((mode) =>
    (["zip", "folder"] as const).map((kind) => ({ mode, kind })),
  ),
)("explains itself in mode $mode, as a $kind", ({ mode, kind }) => {
  const readme = readmeText(mode, new Date("2026-01-02T03:04:05Z"), kind);
  expect(readme.includes("unzip")).toBe(kind === "zip");
  // Plain ASCII looks the same in every editor and terminal.
  expect(readme).toMatch(/^[\x20-\x7e\n]+$/);
  expect(readme.includes("age -d")).toBe(mode !== "none");
  expect(readme.includes("age -d key.age")).toBe(mode === "passphrase");
});
