import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CatalogColumn } from "../../schema/catalog.ts";
import { CopyToJson } from "./copy-to-json.ts";
import { JsonToCopy } from "./json-to-copy.ts";

const column = (name: string, type: string, encoding: CatalogColumn["encoding"]) => ({
  name,
  encoding,
  type,
  valueType: { name: type, isArray: false, secondDigits: null, refusesNull: false },
  needsOutputFunction: false,
  needsCast: false,
  notNull: false,
  hasDefault: false,
  generated: false,
  callsFunctions: false,
});

const COLUMNS = [
  column('a "name"\n', "text", "json"),
  column("number", "float8", "json"),
  column("truth", "bool", "json"),
  column("document", "jsonb", "jsonb"),
];

function jsonToCopy(json: Buffer, columns: readonly CatalogColumn[]): Buffer | null {
  const toCopy = new JsonToCopy(columns);
  try {
    return toCopy.convert(json);
  } finally {
    toCopy.close();
  }
}

/** Parses COPY text as PostgreSQL's manual describes it. */
function readCopy(text: string): Array<Array<string | null>> {
  const letters: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
  const read = (value: string) =>
    value === "\\N" ? null : value.replace(/\\(.)/gs, (_, it: string) => letters[it] ?? it);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t").map(read));
}

/** Rows as PostgreSQL writes them: JSON.stringify escapes the same characters in the same way. */
const batch = (rows: readonly object[]) =>
  Buffer.from(
    `${rows.map((row, i) => `${i === 0 ? "[" : ","}${JSON.stringify(row)}\n`).join("")}]`,
  );

const anyText = fc.string({ unit: "binary" }).filter((it) => !it.includes("\0"));
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 5 });
const rowsOf = fc.array(
  fc.record({
    'a "name"\n': orNull(anyText),
    number: orNull(fc.double({ noNaN: true, noDefaultInfinity: true })),
    truth: orNull(fc.boolean()),
    document: orNull(
      fc.object({ key: anyText, values: [anyText, fc.integer(), fc.constant(null)] }),
    ),
  }),
  { minLength: 1 },
);

test("random rows are read by COPY as the values that they were", () => {
  let taken = 0;
  fc.assert(
    fc.property(rowsOf, (rows) => {
      const copied = jsonToCopy(batch(rows), COLUMNS);
      if (copied === null) return;
      taken++;
      const found = readCopy(copied.toString());
      const expected = rows.map((row) =>
        COLUMNS.map(({ name, encoding }) => {
          const value = (row as Record<string, unknown>)[name];
          if (value === null) return null;
          return encoding === "jsonb"
            ? JSON.stringify(value)
            : String(Object.is(value, -0) ? 0 : value);
        }),
      );
      expect(found).toEqual(expected);
    }),
    { numRuns: 500 },
  );
  expect(taken).toBeGreaterThan(250);
}, 60_000);

test("what COPY's text became, becomes COPY's text again", async () => {
  const copied =
    'a\\\\b\\n"\\tc\u0001\t1.5\tt\t{"a": "\\\\n\\\\\\\\"}\n\\N\tNaN\tf\t"\\\\""\n\\\\N\t\\N\t\\N\t\\N\n';
  const lines = await buffer(Readable.from([Buffer.from(copied)]).pipe(new CopyToJson(COLUMNS)));
  lines[0] = "[".charCodeAt(0);
  const json = Buffer.concat([lines, Buffer.from("]")]);
  expect(jsonToCopy(json, COLUMNS)?.toString()).toBe(
    copied.replace("\tt\t", "\ttrue\t").replace("\tf\t", "\tfalse\t"),
  );
});

test.each([["null"], ['{"$json": 1}'], ['{"a": [{"$json": "}"}], "$json": {"$json": null}}']])(
  "a wrapped %s is itself again",
  (value) => {
    const rows = Buffer.from(`[{"a":{"$json": ${value}}}\n,{"a":null}\n]`);
    const copied = jsonToCopy(rows, [column("a", "jsonb", "jsonb")]);
    expect(copied?.toString()).toBe(`${value}\n\\N\n`);
  },
);

describe("what is not just as ours is left to PostgreSQL", () => {
  const one = [column("a", "text", "json")];
  const json = [column("a", "jsonb", "jsonb")];
  test.each([
    ["blanks", '[{"a": "x"}\n]'],
    ["another key", '[{"b":"x"}\n]'],
    ["a key too many", '[{"a":"x","b":1}\n]'],
    ["a key too few", "[{}\n]"],
    ["no comma", '[{"a":"x"}\n{"a":"x"}\n]'],
    ["no end", '[{"a":"x"}\n'],
    ["an end too early", '[{"a":"x"}]\n]'],
    ["a string that does not end", '[{"a":"x}\n]'],
    ["a control character", '[{"a":"\u0001"}\n]'],
    ["an escape of a character", '[{"a":"\\u0041"}\n]'],
    ["half a pair", '[{"a":"\\ud83d"}\n]'],
    ["no character", '[{"a":"\\u0000"}\n]'],
    ["an escape that is none", '[{"a":"\\x"}\n]'],
    ["a number with a zero before", '[{"a":01}\n]'],
    ["two numbers", '[{"a":1-2}\n]'],
    ["a word", '[{"a":NaN}\n]'],
    ["nothing", '[{"a":}\n]'],
    ["an object for a text", '[{"a":{}}\n]'],
    ["an array for a text", '[{"a":[1]}\n]'],
  ])("%s", (_, text) => {
    expect(jsonToCopy(Buffer.from(text), one)).toBeNull();
  });

  test.each([
    ["a wrapping of two", '[{"a":{"$json": 1, "b": 2}}\n]'],
    ["a wrapping that is not the first", '[{"a":{"a": 1, "$json": 2}}\n]'],
    ["a wrapping without a blank", '[{"a":{"$json":null}}\n]'],
    ["a wrapping that does not end", '[{"a":{"$json": null\n]'],
    ["a wrapping that ends otherwise", '[{"a":{"$json": null]}\n]'],
    ["the wrapping's name, escaped", '[{"a":{"\\u0024json": null}}\n]'],
    ["an object that does not end", '[{"a":{"b":1}\n]'],
    ["a bracket too many", '[{"a":{}}}\n]'],
  ])("%s", (_, text) => {
    expect(jsonToCopy(Buffer.from(text), json)).toBeNull();
  });

  test("no columns", () => {
    expect(jsonToCopy(Buffer.from("[{}\n]"), [])).toBeNull();
  });
});
