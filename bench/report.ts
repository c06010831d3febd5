import { cpus, totalmem } from "node:os";
import { type Bar, barChart } from "./chart.ts";
import { median } from "./measure.ts";
import type { DataSetResult, Runs } from "./run-data-set.ts";

export interface Report {
  markdown: string;
  /** SVG by file name. */
  charts: Record<string, string>;
}

export interface BenchResults {
  serverVersion: string;
  dataSets: ReadonlyArray<{ name: string; about: string; scale: number; result: DataSetResult }>;
  /** How long a restore of 200,000 rows takes, and how long the original's way takes. */
  original: { restoreMs: number; originalMs: number } | null;
}

interface Goal {
  data: string;
  figure: string;
  goal: number;
  found: number;
  unit: "" | " ms" | " MB";
}

const timeOf = (runs: Runs, name: string): number =>
  median((runs[name] ?? []).map(({ elapsedMs }) => elapsedMs));

/** The median of the ratios of the single runs, because other load on the machine affects both of a pair. */
const ratioOf = (runs: Runs, name: string, peer: string): number =>
  median(
    (runs[name] ?? []).map(
      ({ elapsedMs }, i) => elapsedMs / (runs[peer]?.[i]?.elapsedMs ?? Number.NaN),
    ),
  );

/** Lists every figure with its goal. A missed goal is marked. */
export function makeReport(results: BenchResults): Report {
  const goals = results.dataSets.flatMap(({ name, result }) => goalsOf(name, result));
  goals.push(...growthGoals(results));
  if (results.original) {
    const found = results.original.restoreMs / results.original.originalMs;
    const figure = "restore of 200,000 rows / the original's way";
    goals.push({ data: "audit events", figure, goal: 0.1, found, unit: "" });
  }
  const known = goals.filter(({ found }) => Number.isFinite(found));
  const barsOf = (figure: string): Bar[] =>
    known
      .filter((it) => it.figure === figure)
      .map(({ data, found, goal }) => ({ label: data, ratio: found, goal }));
  return {
    markdown: [
      `${describeSizes(results)}; ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1e9)} GB of memory, Node ${process.versions.node}, ${results.serverVersion}. Medians of paired runs.`,
      "",
      "| data | figure | goal | measured | |",
      "|---|---|---|---|---|",
      ...known.map(
        ({ data, figure, goal, found, unit }) =>
          `| *${data}* | ${figure} | ≤ ${goal}${unit} | ${format(found, unit)}${unit} | ${found <= goal ? "met" : "**missed**"} |`,
      ),
      "",
      "| data | backup | `pg_dump -Fc` | `-Z1` | `-Z1 \\| age` | restore | `pg_restore` | archive | `pg_dump -Fc` |",
      "|---|---|---|---|---|---|---|---|---|",
      ...results.dataSets.map(({ name, about, result }) => timesOf(name, about, result)),
    ].join("\n"),
    charts: {
      "benchmark-backup.svg": barChart(
        "Time of an encrypted backup, in multiples of pg_dump -Fc (dashed: the goal)",
        barsOf(BACKUP),
      ),
      "benchmark-restore.svg": barChart(
        "Time of a restore, in multiples of pg_restore (dashed: the goal)",
        barsOf(RESTORE),
      ),
    },
  };
}

function describeSizes({ dataSets }: BenchResults): string {
  const smaller = dataSets.filter(({ scale }) => scale !== 1);
  const exceptions = smaller.map(({ name, scale }) => `*${name}* ${scale} of it`);
  return ["Full size", ...exceptions].join(", ");
}

const BACKUP = "backup time / `pg_dump -Fc`";
const RESTORE = "restore time / `pg_restore --data-only --single-transaction`";

function goalsOf(data: string, { runs, idle, zipBytes, dumpBytes, web }: DataSetResult): Goal[] {
  const idleBytes = idle.peakRssBytes ?? Number.NaN;
  const growth = (name: string) =>
    (Math.max(...(runs[name] ?? []).map((it) => it.peakRssBytes ?? Number.NaN)) - idleBytes) / 1e6;
  const ratio = (figure: string, goal: number, found: number): Goal => ({
    ...{ data, figure, goal, found, unit: "" },
  });
  const goals: Goal[] = [
    ratio(BACKUP, 0.35, ratioOf(runs, "backup", "pg_dump -Fc")),
    ratio(
      "backup time / `pg_dump -Fc -Z1 \\| age`",
      1,
      ratioOf(runs, "backup", "pg_dump -Fc -Z1 | age"),
    ),
    ratio("archive size / `pg_dump -Fc`", 1.2, zipBytes / dumpBytes),
    ratio(RESTORE, 1.15, ratioOf(runs, "restore", "pg_restore")),
    { data, figure: "growth of a backup", goal: 100, found: growth("backup"), unit: " MB" },
    { data, figure: "growth of a restore", goal: 100, found: growth("restore"), unit: " MB" },
  ];
  if (!web) return goals;
  const ms = (figure: string, goal: number, found: number): Goal => ({
    ...{ data, figure, goal, found, unit: " ms" },
  });
  return [
    ...goals,
    ms("first byte of the zip", 300, web.firstByteMs),
    ...(["backup", "restore"] as const).flatMap((what) => [
      ms(`event-loop delay p99, ${what}`, 30, web[what].eventLoopDelayP99Ms),
      ratio(`other requests' p95 / idle, ${what}`, 2, web[what].othersP95),
      {
        ...{ data, figure: `growth of the app's process, ${what}`, goal: 100 },
        ...{ found: web[what].growthBytes / 1e6, unit: " MB" as const },
      },
    ]),
  ];
}

function growthGoals({ dataSets }: BenchResults): Goal[] {
  const runsOf = (name: string) => dataSets.find((it) => it.name === name)?.result.runs ?? {};
  const [small, large] = [runsOf("posts"), runsOf("posts x10")];
  return ["backup", "restore"].map((what) => ({
    ...{ data: "posts x10", figure: `${what}: time(10 M) / time(1 M)`, goal: 10.5 },
    ...{ found: timeOf(large, what) / timeOf(small, what), unit: "" },
  }));
}

function timesOf(
  name: string,
  about: string,
  { runs, zipBytes, dumpBytes }: DataSetResult,
): string {
  const peers = ["backup", "pg_dump -Fc", "pg_dump -Fc -Z1", "pg_dump -Fc -Z1 | age"];
  const times = [...peers, "restore", "pg_restore"].map((it) => timeOf(runs, it));
  const shown = times.map((it) => (Number.isFinite(it) ? `${(it / 1000).toFixed(1)} s` : "–"));
  const sizes = [zipBytes, dumpBytes].map((it) => (it ? `${(it / 1e6).toFixed(0)} MB` : "–"));
  return `| *${name}*: ${about} | ${[...shown, ...sizes].join(" | ")} |`;
}

const format = (found: number, unit: Goal["unit"]): string =>
  unit === "" ? found.toFixed(2) : found.toFixed(0);
