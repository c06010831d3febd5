import { describe, expect, it } from "vitest";
import { addSample, ratesOf, remainingMs, type Sample, sampleOf } from "./rates.ts";

const sample = (atMs: number, rows: number, phase = "dumping"): Sample => ({
  atMs,
  phase,
  rows,
  bytes: rows * 100,
  tableBytes: [rows * 60, rows * 40],
});
const collect = (...samples: Sample[]) => samples.reduce<Sample[]>(addSample, []);

describe("rates", () => {
  it("are unknown until enough time has passed", () => {
    expect(ratesOf([])).toBeNull();
    expect(ratesOf(collect(sample(0, 0), sample(700, 500)))).toBeNull();
  });

  it("come from the first and last sample of the window", () => {
    const rates = ratesOf(collect(sample(0, 0), sample(1000, 500), sample(2000, 2000)));
    expect(rates).toEqual({
      rowsPerSecond: 1000,
      bytesPerSecond: 100_000,
      tables: [60_000, 40_000],
    });
  });

  it("forget what is older than the window", () => {
    const samples = collect(sample(0, 0), sample(10_000, 10), sample(20_000, 20));
    expect(samples.map(({ atMs }) => atMs)).toEqual([10_000, 20_000]);
  });

  it("begin anew with a phase, and when the rows start over", () => {
    expect(collect(sample(0, 10), sample(2000, 20, "loading"))).toHaveLength(1);
    expect(collect(sample(0, 10), sample(2000, 5))).toHaveLength(1);
  });

  it("do not count one answer of the server twice", () => {
    expect(collect(sample(5, 10), sample(5, 10))).toHaveLength(1);
  });

  it("are sampled from an operation's progress", () => {
    const table = { schema: "public", model: null, totalRows: 10, totalIsExact: true };
    const progress = {
      stage: "backup" as const,
      phase: "dumping" as const,
      tables: [
        { ...table, name: "a", state: "done" as const, rows: 10, bytes: 70 },
        { ...table, name: "b", state: "running" as const, rows: 3, bytes: 30 },
      ],
    };
    expect(sampleOf(progress, "1970-01-01T00:00:01.000Z")).toEqual({
      atMs: 1000,
      phase: "dumping",
      rows: 13,
      bytes: 100,
      tableBytes: [70, 30],
    });
  });
});

describe("the remaining time", () => {
  it("is what is left at the present rate, or unknown", () => {
    expect(remainingMs(25, 100, 25)).toBe(3000);
    expect(remainingMs(25, 100, 0)).toBeNull();
    expect(remainingMs(100, 100, 25)).toBeNull();
  });
});
