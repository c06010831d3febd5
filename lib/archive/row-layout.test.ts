import fc from "fast-check";
import { expect, it } from "vitest";
import { codeOf } from "../testing/archives.ts";
import { RowLayout } from "./row-layout.ts";

function count(text: string, cuts: number[] = []): number {
  const layout = new RowLayout();
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  for (const [index, place] of places.entries()) {
    layout.push(bytes.subarray(places[index - 1] ?? 0, place));
  }
  layout.end();
  return layout.rows;
}

it("counts rows, however they are cut into chunks", () => {
  const rows = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 20 });
  fc.assert(
    fc.property(rows, fc.array(fc.nat(), { maxLength: 20 }), (them, cuts) => {
      const lines = them.map((row) => JSON.stringify(row)).join("\n,");
      expect(count(lines === "" ? "[\n]\n" : `[${lines}\n]\n`, cuts)).toBe(them.length);
    }),
  );
});

it.each([
  "",
  "[",
  "[\n",
  "[\n]",
  "]\n",
  '{"a":1}\n',
  '[{"a":1}\n',
  '[{"a":1}]\n',
  '[{"a":1}\n]\n]\n',
  '[{"a":1}\n]\n,{"a":2}\n',
  '[{"a":1}\n{"a":2}\n]\n',
  '[\n,{"a":1}\n]\n',
  '[{"a":1}\n] \n',
  '[{"a":1}\n\n]\n',
])("refuses %j, which no backup of ours holds", async (text) => {
  expect(await codeOf((async () => count(text))())).toBe("ARCHIVE_INVALID");
});

it("refuses a row larger than PostgreSQL takes before it has ended, and holds none of it", async () => {
  const layout = new RowLayout();
  const chunk = Buffer.alloc(2 ** 20, " ");
  layout.push(Buffer.from("["));
  const push = async () => {
    for (let megabytes = 0; megabytes < 1025; megabytes++) layout.push(chunk);
  };
  expect(await codeOf(push())).toBe("ARCHIVE_INVALID");
});
