import { afterEach, describe, expect, it } from "vitest";
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatFor,
  formatMoment,
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

  it("shows 100% only when everything is done", () => {
    expect(formatPercent(0.999999)).toBe("99%");
    expect(formatPercent(1)).toBe("100%");
    expect(formatPercent(1.2)).toBe("100%");
    expect(formatPercent(0.29)).toBe("29%");
    expect(formatPercent(-1)).toBe("0%");
  });

  it("groups digits, and knows one from many", () => {
    expect(formatCount(1_234_567)).toBe("1,234,567");
    expect(formatNoun(1, "table")).toBe("1 table");
    expect(formatNoun(0, "row")).toBe("0 rows");
    expect(formatNoun(1, "entry", "entries")).toBe("1 entry");
    expect(formatNoun(2, "entry", "entries")).toBe("2 entries");
    expect(formatRate(4_100_000)).toBe("4.10 MB/s");
  });
});

describe("another language", () => {
  afterEach(() => formatFor({ locale: "en", space: " " }));
  const space = "\u00a0";
  const moment = "2026-11-30T06:24:59.900Z";

  it.each([
    ["de-DE", "Europe/Berlin", "30. Nov. 2026, 07:24 MEZ"],
    ["en-US", "America/New_York", "Nov 30, 2026, 1:24 AM EST"],
    ["en-GB", "UTC", "30 Nov 2026, 06:24 UTC"],
    ["en-GB", "Asia/Kolkata", "30 Nov 2026, 11:54 GMT+5:30"],
  ])("%s in %s shows the time with its zone", (locale, timeZone, text) => {
    formatFor({ locale, timeZone, space });
    expect(formatMoment(moment)).toBe(text);
  });

  it("has its own digits and percents, and no unit breaks off", () => {
    formatFor({ locale: "de-DE", space });
    expect(formatCount(1_234_567)).toBe("1.234.567");
    expect(formatBytes(1536)).toBe("1,54\u00a0kB");
    expect(formatDuration(412)).toBe("0,4\u00a0s");
    expect(formatDuration(185_000)).toBe("3\u00a0min 5\u00a0s");
    expect(formatPercent(0.099)).toBe("9\u00a0%");
    expect(formatNoun(1, "table")).toBe("1 table");
    // In French, 0 and 1.5 are singular. The words here are English.
    formatFor({ locale: "fr-FR", space: " " });
    expect(formatNoun(0, "row")).toBe("0 rows");
    expect(formatCount(1_234_567)).toBe("1 234 567");
  });

  it("is English if the browser or the system names none", () => {
    for (const locale of ["", "C", "en-US@posix"]) {
      formatFor({ locale, space });
      expect(formatCount(1234)).toBe("1,234");
    }
  });
});

describe("ages", () => {
  it.each([
    ["2026-11-30T06:00:00Z", "just now"],
    ["2026-11-30T05:37:00Z", "23 minutes ago"],
    ["2026-11-30T05:00:31Z", "59 minutes ago"],
    ["2026-11-30T04:00:00Z", "2 hours ago"],
    ["2026-11-29T05:00:00Z", "1 day ago"],
    ["2026-09-01T06:00:00Z", "3 months ago"],
    ["2024-11-30T06:00:00Z", "2 years ago"],
    ["2026-12-30T06:01:00Z", "in 1 month"],
    ["2026-12-02T06:01:00Z", "in 2 days"],
  ])("%s was %s", (iso, text) =>
    expect(formatAge(iso, Date.parse("2026-11-30T06:00:30Z"))).toBe(text),
  );
});
