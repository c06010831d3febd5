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

/** Of the user's schemas, in psql: tables, sequences, constraints and triggers, each row a line. */
const DATABASE_TEXT_SQL = String.raw`
SET search_path = ''; SET TimeZone = 'UTC'; SET extra_float_digits = 3;
SELECT c.oid::regclass AS name, c.relkind AS kind INTO TEMPORARY relation
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'prisma_backup_admin') AND c.relkind IN ('r', 'p', 'S');
SELECT format('SELECT %L, (t.*)::text COLLATE "C" FROM ONLY %s t ORDER BY 2', name, name) FROM relation WHERE kind = 'r' ORDER BY name::text COLLATE "C" \gexec
SELECT format('SELECT %L, last_value, is_called FROM %s', name, name) FROM relation WHERE kind = 'S' ORDER BY name::text COLLATE "C" \gexec
SELECT name, conname, pg_get_constraintdef(k.oid), convalidated, obj_description(k.oid, 'pg_constraint')
FROM relation JOIN pg_constraint k ON conrelid = name ORDER BY name::text COLLATE "C", conname COLLATE "C";
SELECT name, tgname, tgenabled FROM relation JOIN pg_trigger ON tgrelid = name WHERE NOT tgisinternal ORDER BY name::text COLLATE "C", tgname COLLATE "C";
SELECT name, rulename, ev_enabled FROM relation JOIN pg_rewrite ON ev_class = name ORDER BY name::text COLLATE "C", rulename COLLATE "C";
`;

/** Every row, sequence, constraint and trigger as psql prints it: what `pgDumpText` is, on any server. */
export async function databaseText(url: string): Promise<string> {
  const running = run("psql", [url, "-qAtX", "-v", "ON_ERROR_STOP=1"], { maxBuffer: 2 ** 30 });
  running.child.stdin?.end(DATABASE_TEXT_SQL);
  return (await running).stdout;
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

/** Runs a tool through a shell that fails when any part of a pipe does; gives what it prints. */
export async function shell(command: string, cwd: string): Promise<string> {
  const { stdout } = await run("bash", ["-c", `set -euo pipefail; ${command}`], {
    cwd,
    maxBuffer: 2 ** 28,
  });
  return stdout;
}

/** Runs a command on a terminal of its own, on which it asks and gets these lines, as age asks for a passphrase. */
export async function terminal(command: string, lines: string[], cwd: string): Promise<void> {
  const running = run("script", ["-qec", command, "/dev/null"], { cwd });
  running.child.stdin?.end(lines.map((line) => `${line}\n`).join(""));
  await running;
}
