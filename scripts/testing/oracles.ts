import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Whether an independent tool is installed that a test compares with.
 * In CI a missing tool is an error, since the proof would silently be gone; elsewhere a loud
 * warning, and the test skips itself by `it.skipIf(!requireTool("age"))`.
 */
export function requireTool(name: string): boolean {
  // `--help` and not `--version`: every tool that we compare with knows it and changes nothing.
  const found = spawnSync(name, ["--help"], { stdio: "ignore" }).error === undefined;
  if (!found) {
    const message = `The tool "${name}" is not installed, which tests compare with.`;
    if (process.env.CI) throw new Error(message);
    console.warn(`\n*** ${message} Those tests are SKIPPED. ***\n`);
  }
  return found;
}

/**
 * Everything in a database, schema and data, as text that compares equal for equal databases:
 * `pg_dump`'s plain format without comments, with the rows of each table sorted. For PostgreSQL 15;
 * an older pg_dump refuses a newer server.
 */
export async function pgDumpText(url: string): Promise<string> {
  const { stdout } = await run(
    "pg_dump",
    ["--no-sync", "--exclude-schema=prisma_backup_admin", `--dbname=${url}`],
    { maxBuffer: 2 ** 30 },
  );
  return normaliseDump(stdout);
}

/** Drops what differs between two dumps of the same database. */
function normaliseDump(dump: string): string {
  const lines: string[] = [];
  let rows: string[] | null = null;
  for (const line of dump.split("\n")) {
    if (rows) {
      if (line === "\\.") {
        lines.push(...rows.sort(), line);
        rows = null;
      } else {
        rows.push(line);
      }
    } else if (/^COPY .* FROM stdin;$/.test(line)) {
      lines.push(line);
      rows = [];
    } else if (line !== "" && !/^(--|\\(un)?restrict )/.test(line)) {
      lines.push(line);
    }
  }
  return `${lines.join("\n")}\n`;
}
