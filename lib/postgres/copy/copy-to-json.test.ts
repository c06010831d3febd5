import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CatalogColumn } from "../../schema/catalog.ts";
import { CopyToJson } from "./copy-to-json.ts";

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
  column("big", "int8", "text"),
];

/** Escapes as PostgreSQL's manual describes for COPY. Each control character may come escaped or not. */
const LETTERS: Record<string, string> = { "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t" };
const escapeCopy = (value: string | null): string =>
  value === null
    ? "\\N"
    : value
        .replaceAll("\\", "\\\\")
        .replaceAll("\v", "\\v")
        .replace(/[\b\f\n\r\t]/g, (it) => `\\${LETTERS[it]}`);

const line = (...values: Array<string | null>) => `${values.map(escapeCopy).join("\t")}\n`;

async function convert(copied: string, pieceBytes: number, columns = COLUMNS): Promise<string> {
  const bytes = Buffer.from(copied);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
    bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  );
  return text(Readable.from(pieces).pipe(new CopyToJson(columns)));
}

/** The error message of the conversion, or "no error". */
const outcomeOf = (copied: string) =>
  new Promise<string>((resolve) => {
    const stream = new CopyToJson(COLUMNS);
    stream.on("error", (error) => resolve(error.message)).on("end", () => resolve("no error"));
    stream.resume().end(copied);
  });

const anyText = fc.string({ unit: "binary" }).filter((it) => !it.includes("\0"));
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 5 });

test("random rows, in pieces of any length, are what JSON.stringify makes of their values", async () => {
  const row = fc.tuple(
    orNull(anyText),
    orNull(fc.double()),
    orNull(fc.boolean()),
    orNull(fc.jsonValue()),
    orNull(fc.bigInt()),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 50 }), async (rows, pieceBytes) => {
      const copied = rows.map(([a, number, truth, document, big]) =>
        line(
          a,
          number === null ? null : String(number),
          truth === null ? null : truth ? "t" : "f",
          // A JSON null is already wrapped at this point; otherwise its text would be that of a string.
          document === null ? null : JSON.stringify(document),
          big === null ? null : String(big),
        ),
      );
      const expected = rows.map(([a, number, truth, document, big]) => {
        const isPlain = number === null || Number.isFinite(number);
        const values = [
          a,
          // As PostgreSQL writes numbers: -0 unchanged, NaN and infinities as strings.
          isPlain ? number : String(number),
          truth,
          document,
          big === null ? null : String(big),
        ];
        const texts = values.map((value, i) =>
          i === 1 && isPlain && number !== null ? String(number) : JSON.stringify(value),
        );
        const pairs = COLUMNS.map(({ name }, i) => `${JSON.stringify(name)}:${texts[i]}`);
        return `,{${pairs.join(",")}}\n`;
      });
      expect(await convert(copied.join(""), pieceBytes)).toBe(expected.join(""));
    }),
    { numRuns: 500 },
  );
}, 60_000);

test("bytes that are no UTF-8 pass as they are", async () => {
  const copied = Buffer.from("caf\xe9\xff\n", "latin1");
  const stream = Readable.from([copied]).pipe(new CopyToJson([column("a", "text", "json")]));
  expect(Buffer.concat(await stream.toArray()).toString("latin1")).toBe(',{"a":"caf\xe9\xff"}\n');
});

test("control characters that COPY leaves alone are escaped", async () => {
  const all = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join("");
  const copied = line(all, null, null, null, null);
  expect(JSON.parse((await convert(copied, 7)).slice(1))[COLUMNS[0]?.name ?? ""]).toBe(all);
});

test("a value far larger than any buffer is not held", async () => {
  const stream = new CopyToJson([column("a", "text", "json")]);
  const control = Buffer.alloc(65_536, 1);
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    // Each byte becomes six, and only a few chunks are passed on at a time.
    expect(chunk.length).toBeLessThan(20 * control.length);
    bytes += chunk.length;
  });
  for (let i = 0; i < 100; i++) stream.write(control);
  stream.end("\n");
  await new Promise((resolve) => stream.on("end", resolve));
  expect(bytes).toBe(100 * 6 * control.length + ',{"a":""}\n'.length);
});

test("rows far shorter than their keys fill every buffer, at every place", async () => {
  const names = Array.from({ length: 61 }, (_, i) => `${"name ".repeat(i % 13)}${i}`);
  const columns = names.map((name, i) => column(name, i % 3 === 0 ? "int4" : "text", "json"));
  const cellOf = (row: number, i: number) =>
    (row + i) % 7 === 0 ? null : i % 3 === 0 ? row : "\n".repeat((row * i) % 4);
  const rows = Array.from({ length: 3000 }, (_, row) => names.map((_, i) => cellOf(row, i)));
  const copied = rows.map((values) =>
    line(...values.map((value) => (value === null ? null : String(value)))),
  );
  const expected = rows.map((values) => {
    const pairs = values.map((value, i) => `${JSON.stringify(names[i])}:${JSON.stringify(value)}`);
    return `,{${pairs.join(",")}}\n`;
  });
  for (const pieceBytes of [1000, 65_536, 1e6])
    expect((await convert(copied.join(""), pieceBytes, columns)) === expected.join("")).toBe(true);
});

test("rows of a table without columns are empty objects", async () => {
  expect(await convert("\n\n\n", 2, [])).toBe(",{}\n,{}\n,{}\n");
});

describe("what COPY does not send is an error", () => {
  test.each([
    ["a value too few", "a\t1\tt\t1\n"],
    ["a value too many", "a\t1\tt\t1\t2\t3\n"],
    ["a row that does not end", "a\t1\tt\t1\t2"],
    ["a row that ends within an escape", "a\\"],
    ["a control character in a number", "a\t1\u0001\tt\t1\t2\n"],
    ["a control character in a JSON value", 'a\t1\tt\t"\\n"\t2\n'],
  ])("%s", async (_, copied) => {
    expect(await outcomeOf(copied)).toMatch(/^COPY (sent|ended)/);
  });
});
