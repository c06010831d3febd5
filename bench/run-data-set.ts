import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../scripts/run.ts";
import { type Measurement, measure } from "./measure.ts";
import { measureHost, type WebFigures } from "./measure-host.ts";

export interface Keys {
  recipient: string;
  identity: string;
  identityFile: string;
}

export interface Databases {
  full: string;
  /** A database with the same tables, to restore into. */
  empty: string;
  truncate(): Promise<void>;
}

/** By command, one measurement for each run. */
export type Runs = Record<string, Measurement[]>;

export interface DataSetResult {
  runs: Runs;
  idle: Measurement;
  zipBytes: number;
  dumpBytes: number;
  web: WebFigures | null;
}

/** Runs our command line tool as users install it, from the build of `buildPackage`. */
export const cli = (...args: string[]) =>
  measure(process.execPath, [join(ROOT, "dist/lib/cli/main.js"), ...args]);

/** Runs ours and each peer's in alternation, so that other load on the machine affects all of them. */
export async function runDataSet(
  { full, empty, truncate }: Databases,
  keys: Keys,
  options: { folder: string; runs: number; withPeers: boolean; withHost: boolean },
): Promise<DataSetResult> {
  const { folder } = options;
  const [zip, dump, fast, aged] = ["b.zip", "b.dump", "b1.dump", "b.age"].map((it) =>
    join(folder, it),
  ) as [string, string, string, string];
  const runs: Runs = {};
  async function run(name: string, action: () => Promise<Measurement>): Promise<void> {
    const found = await action();
    runs[name] = [...(runs[name] ?? []), found];
    console.log(
      `  ${name.padEnd(26)} ${(found.elapsedMs / 1000).toFixed(1).padStart(7)} s  ${Math.round((found.peakRssBytes ?? 0) / 1e6)} MB`,
    );
  }
  const idle = await cli("help");
  for (let i = 0; i < options.runs; i++) {
    await Promise.all([zip, dump, fast, aged].map((path) => rm(path, { force: true })));
    const { recipient, identityFile } = keys;
    await run("backup", () => cli("create", "--url", full, "--out", zip, "--recipient", recipient));
    if (options.withPeers) {
      await run("pg_dump -Fc", () => measure("pg_dump", ["-Fc", "-f", dump, full]));
      await run("pg_dump -Fc -Z1", () => measure("pg_dump", ["-Fc", "-Z1", "-f", fast, full]));
      const pipe = 'pg_dump -Fc -Z1 "$1" | age -r "$2" -o "$3"';
      await run("pg_dump -Fc -Z1 | age", () =>
        measure("sh", ["-c", pipe, "sh", full, recipient, aged]),
      );
    }
    await truncate();
    await run("restore", () =>
      cli("restore", zip, "--url", empty, "--identity-file", identityFile, "--yes"),
    );
    if (!options.withPeers) continue;
    await truncate();
    // pg_restore cannot sort the rows of tables that refer to each other in a cycle. With disabled triggers it checks
    // no foreign key at all.
    const way = ["--data-only", "--single-transaction", "--disable-triggers"];
    await run("pg_restore", () => measure("pg_restore", [...way, "-d", empty, dump]));
  }
  const sizeOf = (path: string) =>
    stat(path).then(
      ({ size }) => size,
      () => Number.NaN,
    );
  return {
    runs,
    idle,
    zipBytes: await sizeOf(zip),
    dumpBytes: await sizeOf(dump),
    web: options.withHost ? await measureHost(full, folder, keys) : null,
  };
}
