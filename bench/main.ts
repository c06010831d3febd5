/**
 * `npm run bench -- [--only NAME]… [--scale [NAME=]N]… [--runs N] [--growth] [--write]`: compares backup and restore
 * with the tools that people would use instead, in alternation, on the same data and server. Without options it runs
 * all data sets at full size and writes the figures and charts into docs. `--write` does so for any other run.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { requireTool } from "../lib/testing/oracles.ts";
import { buildPackage } from "../scripts/build-package.ts";
import { migrate } from "../scripts/migrate.ts";
import { startPostgres } from "../scripts/postgres.ts";
import { ROOT } from "../scripts/run.ts";
import { withClient } from "../scripts/with-client.ts";
import { DATA_SETS, type DataSet, GROWTH } from "./data-sets.ts";
import { measure } from "./measure.ts";
import { type BenchResults, makeReport } from "./report.ts";
import { cli, type Databases, type Keys, runDataSet } from "./run-data-set.ts";

/** Not a data set, but it can be chosen like one. */
const ORIGINAL = "original";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    scale: { type: "string", multiple: true, default: ["1"] },
    runs: { type: "string", default: "3" },
    growth: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
/** Scale by name of a data set. The key without a name applies to all others. */
const scales = new Map(
  values.scale.map((it) => {
    const [size = "", name = ""] = it.split("=").reverse();
    return [name, Number(size)];
  }),
);
const scaleOf = (name: string): number => scales.get(name) ?? scales.get("") ?? 1;
const NAMES = [...DATA_SETS.map(({ name }) => name), ORIGINAL];
const only = values.only ?? NAMES;
const unknown = only.find((name) => !NAMES.includes(name));
if (unknown !== undefined) fail(`There is no ${unknown}: ${NAMES.join(", ")}.`);
const chosen = DATA_SETS.filter(({ name }) => only.includes(name));
const missing = ["pg_dump", "pg_restore", "age", "age-keygen"].filter((it) => !requireTool(it));
if (missing.length > 0) {
  fail(`This compares with ${missing.join(", ")}: install PostgreSQL's client tools and age.`);
}

const TRUNCATE_ALL = `DO $$ BEGIN EXECUTE (
  SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') || ' CASCADE' FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'prisma_backup_admin')); END $$`;

await buildPackage();
const folder = await mkdtemp(join(tmpdir(), "bench-"));
const server = await startPostgres({
  major: 15,
  serverOptions: ["-c", "max_wal_size=4GB", "-c", "shared_buffers=256MB"],
});
try {
  const keys = await makeKeys();
  const dataSets: Array<BenchResults["dataSets"][number]> = [];
  for (const dataSet of values.growth ? [...chosen, GROWTH] : chosen) {
    const scale = scaleOf(dataSet.name);
    console.log(`${dataSet.name}: ${dataSet.about}, scale ${scale}`);
    const result = await withDatabases(dataSet, scale, (databases) =>
      runDataSet(databases, keys, {
        folder,
        runs: dataSet === GROWTH ? 1 : Number(values.runs),
        withPeers: dataSet !== GROWTH,
        withHost: dataSet !== GROWTH,
      }),
    );
    dataSets.push({ name: dataSet.name, about: dataSet.about, scale, result });
  }
  const original = only.includes(ORIGINAL) ? await measureOriginal(keys) : null;
  const [row] = await query(server.url("postgres"), "SELECT version()");
  const serverVersion = String(row?.version).split(" on ")[0] ?? "";
  const report = makeReport({ serverVersion, dataSets, original });
  console.log(`\n${report.markdown}`);
  const isWhole = NAMES.every((name) => only.includes(name) && scaleOf(name) === 1);
  if (values.write || isWhole) {
    for (const [name, svg] of Object.entries(report.charts))
      await writeFile(join(ROOT, "docs/images", name), svg);
    await writeReport(report.markdown, Object.keys(report.charts));
  }
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function withDatabases<Result>(
  { fill }: Pick<DataSet, "fill">,
  scale: number,
  work: (databases: Databases) => Promise<Result>,
): Promise<Result> {
  const [full, empty] = [server.url("filled"), server.url("empty")];
  for (const name of ["filled", "empty"])
    await query(server.url("postgres"), `CREATE DATABASE ${name}`);
  try {
    await fill(full, scale);
    await fill(empty, 0);
    return await work({
      full,
      empty,
      async truncate() {
        await query(empty, TRUNCATE_ALL);
      },
    });
  } finally {
    for (const name of ["filled", "empty"])
      await query(server.url("postgres"), `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

/** Restores 200,000 rows of the demo's audit events in the original's way and in ours. */
async function measureOriginal({ recipient, identityFile }: Keys) {
  console.log("the original's way: 200,000 audit events by createMany");
  const scale = scaleOf(ORIGINAL);
  const events = `INSERT INTO audit_events (actor, action, subject, before, after)
    SELECT 'user ' || i % 50, 'update', 'order ' || i, NULL, jsonb_build_object('status', 'paid', 'at', i)
    FROM generate_series(1, ${Math.round(2e5 * scale)}) i`;
  const fill = async (url: string, size: number) => {
    await migrate(url);
    if (size > 0) await query(url, events);
  };
  return await withDatabases({ fill }, scale, async ({ full, empty, truncate }) => {
    const [json, zip] = [join(folder, "original.json"), join(folder, "events.zip")];
    const original = (...args: string[]) =>
      measure(process.execPath, [join(ROOT, "bench/original.ts"), ...args]);
    await original(full, json, "dump");
    await cli("create", "--url", full, "--out", zip, "--recipient", recipient);
    const { elapsedMs: originalMs } = await original(empty, json, "load");
    await truncate();
    const { elapsedMs: restoreMs } = await cli(
      ...["restore", zip, "--url", empty, "--identity-file", identityFile, "--yes"],
    );
    return { restoreMs, originalMs };
  });
}

async function writeReport(text: string, charts: string[]) {
  const path = join(ROOT, "docs/benchmarks.md");
  const before = await readFile(path, "utf8");
  const images = charts.map((name) => `![${name.replace(/\.svg$/, "")}](images/${name})`);
  await writeFile(
    path,
    before.replace(
      /(<!-- measured -->\n)[\s\S]*(<!-- \/measured -->)/,
      (_, start, end) => `${start}${text}\n\n${images.join("\n")}\n${end}`,
    ),
  );
}

function query(url: string, sql: string): Promise<Array<Record<string, unknown>>> {
  return withClient(url, async (client) => (await client.query(sql)).rows);
}

async function makeKeys(): Promise<Keys> {
  const identityFile = join(folder, "key.txt");
  await measure("age-keygen", ["-o", identityFile]);
  const identity = await readFile(identityFile, "utf8");
  const recipient = /public key: (age1\w+)/.exec(identity)?.[1];
  if (!recipient) throw new Error("age-keygen wrote no public key");
  return { recipient, identity, identityFile };
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
