import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNoun,
  formatPercent,
  formatRate,
  formatRemaining,
} from "./format.ts";

describe("figures", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [1536, "1.54 kB"],
    [99_949, "99.9 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [465_000_000, "465 MB"],
    [5_368_709_120, "5.37 GB"],
    [2e15, "2.00 PB"],
    [4e18, "4000 PB"],
  ])("%d bytes is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, "0.0 s"],
    [412, "0.4 s"],
    [9_949, "9.9 s"],
    [9_990, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min 0 s"],
    [185_000, "3 min 5 s"],
    [4_320_000, "1 h 12 min"],
    [-5, "0.0 s"],
  ])("%d ms is %s", (elapsedMs, text) => expect(formatDuration(elapsedMs)).toBe(text));

  it.each([
    [2_000, "a few seconds"],
    [31_000, "about 40 seconds"],
    [58_000, "about 1 minute"],
    [170_000, "about 3 minutes"],
    [3 * 3_600_000, "about 3 hours"],
  ])("%d ms remaining is %s", (ms, text) => expect(formatRemaining(ms)).toBe(text));

  it("shows 100 % only when everything is done", () => {
    expect(formatPercent(0.999999)).toBe("99 %");
    expect(formatPercent(1)).toBe("100 %");
    expect(formatPercent(1.2)).toBe("100 %");
    expect(formatPercent(-1)).toBe("0 %");
  });

  it("groups digits, and knows one from many", () => {
    expect(formatCount(1_234_567)).toBe("1,234,567");
    expect(formatNoun(1, "table")).toBe("1 table");
    expect(formatNoun(0, "row")).toBe("0 rows");
    expect(formatRate(4_100_000)).toBe("4.10 MB/s");
  });
});
