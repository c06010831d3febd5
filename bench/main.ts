/**
 * `npm run bench -- [--rows N] [--runs N] [--write]`: backup and restore beside pg_dump and pg_restore, in turn,
 * on the same data and server. Prints a table; `--write` also puts it into docs/benchmarks.md.
 */
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startPostgres } from "../scripts/postgres.ts";
import { ROOT } from "../scripts/run.ts";
import { requireTool } from "../scripts/testing/oracles.ts";
import { type Measurement, measure, median } from "./measure.ts";
import { postsSql } from "./posts.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    runs: { type: "string", default: "3" },
    write: { type: "boolean" },
  },
});
const rows = Number(values.rows);
const runs = Number(values.runs);
const tools = ["pg_dump", "pg_restore", "age", "age-keygen"].map((name) => ({
  name,
  found: requireTool(name),
}));
const missing = tools.filter(({ found }) => !found);
if (missing.length > 0) {
  console.error(
    `This compares with ${missing.map(({ name }) => name).join(", ")}: install PostgreSQL's client tools and age.`,
  );
  process.exit(1);
}

const folder = await mkdtemp(join(tmpdir(), "bench-"));
const server = await startPostgres({
  major: 15,
  serverOptions: ["-c", "max_wal_size=4GB", "-c", "shared_buffers=256MB"],
});
try {
  const url = await makeDatabase("posts", postsSql(rows));
  const empty = await makeDatabase("empty", postsSql(0));
  const { recipient, identityFile } = await makeIdentity();
  const zip = join(folder, "backup.zip");
  const dump = join(folder, "backup.dump");
  const cli = (...args: string[]) =>
    measure(process.execPath, [join(ROOT, "lib/cli/main.ts"), ...args]);

  const results: Record<string, Measurement[]> = {};
  async function run(name: string, action: () => Promise<Measurement>) {
    const measurement = await action();
    results[name] = [...(results[name] ?? []), measurement];
    console.log(
      `${name.padEnd(60)} ${seconds(measurement)} s  ${megabytes(measurement.peakRssBytes)}`,
    );
  }
  const idle = await cli("help");
  for (let i = 0; i < runs; i++) {
    await Promise.all([rm(zip, { force: true }), rm(dump, { force: true })]);
    await run("backup", () => cli("create", "--url", url, "--out", zip, "--recipient", recipient));
    await run("pg_dump -Fc", () => measure("pg_dump", ["-Fc", "-f", dump, url]));
    await run("restore", () =>
      cli("restore", zip, "--url", empty, "--identity-file", identityFile, "--yes"),
    );
    await query(empty, "TRUNCATE author, post");
    await run("pg_restore --data-only --single-transaction", () =>
      measure("pg_restore", ["--data-only", "--single-transaction", "-d", empty, dump]),
    );
  }
  const sizes = { zip: (await stat(zip)).size, dump: (await stat(dump)).size };
  const database = (
    await query(url, "SELECT pg_database_size(current_database())::float8 AS size, version()")
  )[0] as { size: number; version: string };
  const text = report(results, idle, sizes, database);
  console.log(`\n${text}`);
  if (values.write) await writeReport(text);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

function report(
  results: Record<string, Measurement[]>,
  idle: Measurement,
  sizes: { zip: number; dump: number },
  database: { size: number; version: string },
): string {
  const time = (name: string) => median((results[name] ?? []).map(({ elapsedMs }) => elapsedMs));
  const peak = (name: string) =>
    Math.max(...(results[name] ?? []).map(({ peakRssBytes }) => peakRssBytes ?? Number.NaN));
  const ratio = (name: string, peer: string) =>
    median(
      (results[name] ?? []).map(
        ({ elapsedMs }, i) => elapsedMs / (results[peer]?.[i]?.elapsedMs ?? Number.NaN),
      ),
    ).toFixed(2);
  const restorePeer = "pg_restore --data-only --single-transaction";
  const line = (name: string, peer: string) =>
    `| ${name} (encrypted, verified) | ${(time(name) / 1000).toFixed(1)} s | \`${peer}\` | ${(time(peer) / 1000).toFixed(1)} s | ${ratio(name, peer)} | ${megabytes(peak(name))} | ${megabytes(peak(name) - (idle.peakRssBytes ?? Number.NaN))} |`;
  return [
    `${rows.toLocaleString("en")} rows of *posts*, a database of ${megabytes(database.size)}; medians of ${runs} runs in turn.`,
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${megabytes(totalmem())} of memory, Node ${process.versions.node}, ${database.version.split(" on ")[0]}.`,
    "",
    "| | time | beside | time | ratio | peak RSS | growth over idle |",
    "|---|---|---|---|---|---|---|",
    line("backup", "pg_dump -Fc"),
    line("restore", restorePeer),
    "",
    `Archive: ${megabytes(sizes.zip)}, ${(sizes.zip / sizes.dump).toFixed(2)} of \`pg_dump -Fc\`'s ${megabytes(sizes.dump)}. Idle is this program printing its help. Peers' memory: ${megabytes(peak("pg_dump -Fc"))} and ${megabytes(peak(restorePeer))}.`,
  ].join("\n");
}

async function writeReport(text: string) {
  const path = join(ROOT, "docs/benchmarks.md");
  const before = await readFile(path, "utf8");
  await writeFile(
    path,
    before.replace(/(<!-- measured -->\n)[\s\S]*(<!-- \/measured -->)/, `$1${text}\n$2`),
  );
}

async function makeDatabase(name: string, sql: string): Promise<string> {
  await query(server.url("postgres"), `CREATE DATABASE ${name}`);
  for (const statement of sql.split(/;\n/).filter((it) => it.trim() !== ""))
    await query(server.url(name), statement);
  return server.url(name);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function makeIdentity(): Promise<{ recipient: string; identityFile: string }> {
  const identityFile = join(folder, "key.txt");
  await measure("age-keygen", ["-o", identityFile]);
  const recipient = /public key: (age1\w+)/.exec(await readFile(identityFile, "utf8"))?.[1];
  if (!recipient) throw new Error("age-keygen wrote no public key");
  return { recipient, identityFile };
}

function seconds({ elapsedMs }: Measurement): string {
  return (elapsedMs / 1000).toFixed(1).padStart(6);
}

function megabytes(bytes: number | null): string {
  return bytes === null || Number.isNaN(bytes) ? "not measured" : `${Math.round(bytes / 1e6)} MB`;
}
