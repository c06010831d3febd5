import { expect, it } from "vitest";
import { columnAlone, valuesIn } from "./row-values.ts";

it("keeps a value's bytes, whatever encoding they are in", () => {
  const row = Buffer.concat([
    Buffer.from('[{"é":"a\\"\\u20ac\\u001b'),
    Buffer.from([0xff, 0xe9]),
    Buffer.from('€😀","b":[1,null],"__proto__":null}\n]'),
  ]);
  const text = columnAlone(row, "é");
  expect(text?.includes(Buffer.from([0xff, 0xe9]))).toBe(true);
  expect(JSON.parse(text?.toString() ?? "")).toEqual([{ é: 'a"€\u001b\ufffd\ufffd€😀' }]);
  expect(columnAlone(row, "b")?.toString()).toBe('[{"b":[1,null]}]');
  expect(columnAlone(row, "__proto__")?.toString()).toBe('[{"__proto__":null}]');
  expect(columnAlone(row, "c")).toBeNull();
});

it("reads values as text, with every digit of a number", () => {
  const row = Buffer.from('[{"id":9007199254740993,"name":"é","tags":[1.50],"none":null}\n]');
  expect(valuesIn(row, ["id", "name", "tags", "none", "__proto__"])).toEqual([
    "9007199254740993",
    "é",
    "[1.50]",
    "null",
    null,
  ]);
});

it.each(["null", "17", '"text"', "[1]"])("finds no values in %s instead of a row", (row) => {
  const json = Buffer.from(`[${row}\n]`);
  expect(valuesIn(json, ["id", "length"])).toBeNull();
  expect(columnAlone(json, "length")).toBeNull();
});
