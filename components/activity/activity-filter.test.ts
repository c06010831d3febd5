import { describe, expect, it } from "vitest";
import { isUnfiltered, readFilter, writeFilter } from "./activity-filter.ts";

const read = (query: string) => readFilter(new URLSearchParams(query));

describe("activity's filter", () => {
  it("is what it was after a way through the address", () => {
    for (const filter of [
      {},
      { kind: "restore" as const },
      { state: "failed" as const, page: 3 },
      { kind: "backup" as const, search: "Müller & Söhne #1?.zip" },
    ]) {
      expect(read(writeFilter(filter))).toEqual(filter);
    }
  });

  it("does not mind what nobody could have chosen", () => {
    expect(read("kind=toString&state=over&page=-1&search=%20")).toEqual({});
    expect(read("page=1.5")).toEqual({});
    expect(read("page=1e400")).toEqual({});
  });

  it("is none in an address without any", () => {
    expect(writeFilter({ page: 1, search: " " })).toBe("");
    expect(isUnfiltered({ page: 4 })).toBe(true);
    expect(isUnfiltered({ state: "ready" })).toBe(false);
  });
});
