import { expect, it } from "vitest";
import { ValueSearch } from "./value-search.ts";

const TEXT = [
  "[",
  '{"id":"12","email":"ada@shop.example","data":{"email":"nested@shop.example"}}',
  ',{"id":"3","email":"ada@shop.example.org","note":"\\"email\\":\\"quoted@shop.example\\""}',
  `,{"id":"4","email":"Zoë \\"Z\\"","note":"${"x".repeat(100)}"}`,
  ',{"number":123}',
  "]",
  "",
].join("\n");

const search = (column: string, value: string | number, chunkBytes: number) => {
  const found = new ValueSearch(column, value);
  const bytes = Buffer.from(TEXT);
  for (let at = 0; at < bytes.length; at += chunkBytes)
    found.push(bytes.subarray(at, at + chunkBytes));
  return found.isFound;
};

it.each([1, 7, 64, 10_000])("finds a value wherever its bytes are cut, by %i", (chunkBytes) => {
  expect(search("email", "ada@shop.example", chunkBytes)).toBe(true);
  expect(search("email", 'Zoë "Z"', chunkBytes)).toBe(true);
  expect(search("id", "3", chunkBytes)).toBe(true);
  expect(search("number", 123, chunkBytes)).toBe(true);
});

it.each([1, 10_000])("takes nothing else for it, by %i", (chunkBytes) => {
  expect(search("email", "ada@shop", chunkBytes)).toBe(false);
  expect(search("email", "nested@shop.example", chunkBytes)).toBe(false);
  expect(search("email", "quoted@shop.example", chunkBytes)).toBe(false);
  expect(search("number", 12, chunkBytes)).toBe(false);
  expect(search("id", 12, chunkBytes)).toBe(false);
});

it("does not know where a row was too long to be looked into", () => {
  const found = new ValueSearch("id", "9");
  found.push(Buffer.from('[\n{"id":"1","x":"'));
  for (let megabyte = 0; megabyte < 6; megabyte++) found.push(Buffer.alloc(2 ** 20, "x"));
  found.push(Buffer.from('"}\n,{"id":"2"}\n'));
  expect(found.isFound).toBeNull();
  found.push(Buffer.from(',{"id":"9"}\n]\n'));
  expect(found.isFound).toBe(true);
});
