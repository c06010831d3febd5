import fc from "fast-check";
import { expect, it } from "vitest";
import { indent, splitObject, textOf } from "./json-text.ts";

const object = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());

it("splits an object as JSON.parse would, spaces or not", () => {
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 2), (value, space) => {
      const members = splitObject(JSON.stringify(value, null, space));
      const parsed = JSON.parse(JSON.stringify(value));
      expect(Object.fromEntries([...members].map(([key, raw]) => [key, JSON.parse(raw)]))).toEqual(
        parsed,
      );
    }),
  );
});

it("indents as JSON.stringify would", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(indent(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    }),
  );
});

it("keeps every digit of a number", () => {
  const row = '{"id":9007199254740993,"price":0.10000000000000000001,"big":1e400,"list":[1.0]}';
  const members = splitObject(row);
  expect([...members.values()].map(textOf)).toEqual([
    "9007199254740993",
    "0.10000000000000000001",
    "1e400",
    "[1.0]",
  ]);
  expect(indent(row)).toContain('"price": 0.10000000000000000001,');
});

it("tells NULL from the text null", () => {
  expect(textOf("null")).toBeNull();
  expect(textOf('"null"')).toBe("null");
});

it("takes what is no object for an error", () => {
  expect(() => splitObject("[1]")).toThrow(SyntaxError);
  expect(() => splitObject('{"a":1')).toThrow(SyntaxError);
});
