import { expect, test } from "vitest";
import { GapFinder } from "./find-gaps.ts";

const count = (from: number, to: number, without: number[] = []) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index).filter(
    (it) => !without.includes(it),
  );

/** As the original's loop does: pages of `limit` rows, each begun one row too far. */
function skipped(values: number[], limit: number): number[] {
  const kept: number[] = [];
  for (let offset = 0; offset < values.length; offset += limit + 1) {
    kept.push(...values.slice(offset, offset + limit));
  }
  return kept;
}

test.for<[string, unknown[], number | null]>([
  ["the original's loop", skipped(count(1, 25), 10), 10],
  ["from another number", skipped(count(501, 1000), 7), 7],
  ["bigints as strings", skipped(count(1, 25), 10).map(String), 10],
  ["a single gap after a round number of rows", skipped(count(1, 150), 100), 100],
  ["a single deleted row", count(1, 25, [8]), null],
  ["no gap", count(1, 25), null],
  ["irregular gaps", count(1, 25, [8, 12]), null],
  ["a wider gap", count(1, 25, [11, 12]), null],
  ["a last run that is too long", count(1, 40, [11, 22]), null],
  ["not ascending", [2, 1, 3], null],
  ["text", ["a", "b"], null],
  ["nothing", [], null],
])("%s", ([, values, limit]) => {
  const finder = new GapFinder();
  for (const value of values) finder.add(value);
  expect(finder.limit).toBe(limit);
});
