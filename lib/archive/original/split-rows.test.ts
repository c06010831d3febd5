import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_ORIGINAL_DEPTH } from "../../shared/archive/original-files.ts";
import { codeOf } from "../../testing/archives.ts";
import { splitRows } from "./split-rows.ts";

async function split(text: string | Buffer, cuts: number[] = []): Promise<string[]> {
  const rows: string[] = [];
  for await (const some of splitRows(chunks(Buffer.from(text), cuts), "T.json")) {
    rows.push(...some.map(String));
  }
  return rows;
}

async function* chunks(bytes: Buffer, cuts: number[]): AsyncGenerator<Buffer> {
  const ends = [...new Set([...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
    (a, b) => a - b,
  );
  let from = 0;
  for (const end of ends) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

const rowsArbitrary = fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()));

test("rows come out as JSON.parse sees them, wherever chunks end", async () => {
  await fc.assert(
    fc.asyncProperty(
      rowsArbitrary,
      fc.constantFrom(undefined, 2, "\t"),
      fc.boolean(),
      fc.array(fc.nat(400)),
      async (rows, indent, hasMark, cuts) => {
        const text = `${hasMark ? "\ufeff" : ""}${JSON.stringify(rows, null, indent)}\n`;
        const found = await split(text, cuts);
        expect(found.map((row) => JSON.parse(row))).toEqual(JSON.parse(JSON.stringify(rows)));
      },
    ),
  );
});

test("a chunk may end at any byte", async () => {
  const text = '\ufeff[ {"a\\"]}":"ž😀\\\\"} ,\r\n\t{"b":[{"c":["]",{}]}]},{}]';
  const rows = ['{"a\\"]}":"ž😀\\\\"}', '{"b":[{"c":["]",{}]}]}', "{}"];
  const length = Buffer.byteLength(text);
  for (let cut = 0; cut <= length; cut++) expect(await split(text, [cut])).toEqual(rows);
  expect(await split(text, [...Array(length).keys()])).toEqual(rows);
});

test("a file that was cut off anywhere is never taken for whole", async () => {
  const text = '[{"a":"x]"},{"b":[1]}]';
  for (let end = 0; end < text.length; end++) {
    expect(await codeOf(split(text.slice(0, end)))).toBe("ARCHIVE_TRUNCATED");
  }
});

test.for([
  ["an object", '{"a":1}'],
  ["something else", "hello"],
  ["not objects", "[1]"],
  ["arrays", "[[]]"],
  ["no comma", "[{}{}]"],
  ["a comma too many", "[{},]"],
  ["a comma too early", "[,{}]"],
  ["more after the end", "[{}]x"],
  ["UTF-16", Buffer.from("\ufeff[{}]", "utf16le")],
  ["too deep", `[{"a":${"[".repeat(MAX_ORIGINAL_DEPTH)}${"]".repeat(MAX_ORIGINAL_DEPTH)}}]`],
] as const)("refused: %s", async ([, text]) => {
  expect(await codeOf(split(text))).toBe("ARCHIVE_INVALID");
});
