import { describe, expect, it } from "vitest";
import { listHref, pageOf, readListQuery } from "./list-query.ts";

const read = (params: Record<string, string | string[]>) => readListQuery(Promise.resolve(params));

describe("readListQuery", () => {
  it("starts at the first page, without a search", async () => {
    expect(await read({})).toEqual({ search: "", page: 1 });
  });
  it.each(["0", "-3", "x", "", "1e999"])("takes page %j for the first", async (page) => {
    expect((await read({ page })).page).toBe(1);
  });
  it("ignores repeated parameters", async () => {
    expect(await read({ q: ["a", "b"], page: ["2", "3"] })).toEqual({ search: "", page: 1 });
  });
});

it("skips what the pages before show", () => {
  expect(pageOf({ search: "", page: 3 })).toEqual({ skip: 50, take: 25 });
});

it("writes an address that it reads again", async () => {
  const query = { search: "Müller & co", page: 4 };
  const { searchParams, pathname } = new URL(listHref("/orders", query), "http://localhost");
  expect(pathname).toBe("/orders");
  expect(await read(Object.fromEntries(searchParams))).toEqual(query);
  expect(listHref("/orders", { search: "", page: 1 })).toBe("/orders");
});
