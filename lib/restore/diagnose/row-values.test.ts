import { expect, it } from "vitest";
import { columnAlone } from "./row-values.ts";

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
