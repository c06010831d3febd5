import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import pg from "pg";

const run = promisify(execFile);

/**
 * Whether an independent tool that a test compares with is installed. In CI a missing tool is an error, because the
 * proof would be lost without notice. Elsewhere it prints a clear warning, and the test skips itself with
 * `it.skipIf(!requireTool("age"))`.
 */
export function requireTool(name: string): boolean {
  const known = tools.get(name);
  if (known !== undefined) return known;
  // Use `--help`, not `--version`: every tool here supports it, and it changes nothing.
  const found = spawnSync(name, ["--help"], { stdio: "ignore" }).error === undefined;
  if (!found) {
    const message = `The tool "${name}" is not installed, which tests compare with.`;
    if (process.env.CI) throw new Error(message);
    console.warn(`\n*** ${message} What needs it is SKIPPED. ***\n`);
  }
  tools.set(name, found);
  return found;
}

const tools = new Map<string, boolean>();

/** The path of the program on Debian. The one in PATH is a script that takes as long to find it as a dump takes. */
const DEBIAN_PG_DUMP = "/usr/lib/postgresql/15/bin/pg_dump";
const PG_DUMP = existsSync(DEBIAN_PG_DUMP) ? DEBIAN_PG_DUMP : "pg_dump";

/**
 * Returns everything in a database, schema and data, as text that is equal for equal databases: `pg_dump`'s plain
 * format without comments, with the rows of each table sorted. For PostgreSQL 15, because an older pg_dump refuses a
 * newer server. Without `pg_dump`, and outside of CI, it returns `databaseText`.
 */
export async function pgDumpText(url: string): Promise<string> {
  if (!requireTool("pg_dump")) return databaseText(url);
  const { stdout } = await run(
    PG_DUMP,
    ["--no-sync", "--exclude-schema=prisma_backup_admin", `--dbname=${url}`],
    { maxBuffer: 2 ** 30 },
  );
  return normaliseDump(stdout);
}

/** By SQL. */
const dumps = new Map<string, string>();

/**
 * Returns `pgDumpText` of a copied database that this SQL made. Runs once per SQL text, because the copies are equal.
 */
export async function pgDumpOnce(sql: string, url: string): Promise<string> {
  const dump = dumps.get(sql) ?? (await pgDumpText(url));
  dumps.set(sql, dump);
  return dump;
}

const RELATIONS_SQL = `
  SELECT c.oid, c.oid::regclass::text AS name, c.relkind AS kind
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'prisma_backup_admin')
    AND c.relkind IN ('r', 'p', 'S')
  ORDER BY c.oid::regclass::text COLLATE "C"`;

/** What belongs to the tables `$1`, one line each. */
const SURROUNDINGS_SQL = [
  `SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')) AS line
   FROM pg_constraint WHERE conrelid = ANY ($1)`,
  `SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) AS line
   FROM pg_trigger WHERE tgrelid = ANY ($1) AND NOT tgisinternal`,
  `SELECT concat_ws(' ', ev_class::regclass, rulename, ev_enabled) AS line
   FROM pg_rewrite WHERE ev_class = ANY ($1)`,
];

/** One session per database, which ends when the database is dropped. A new one costs more than most queries in it. */
const sessions = new Map<string, Promise<pg.Client>>();

function sessionWith(url: string): Promise<pg.Client> {
  const known = sessions.get(url) ?? beginSession(url);
  sessions.set(url, known);
  return known;
}

async function beginSession(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // If the server or the database goes away, the next query uses a new session.
  client.on("error", () => {});
  client.once("end", () => sessions.delete(url));
  try {
    await client.connect();
    await client.query(
      "SET search_path = ''; SET TimeZone = 'UTC'; SET extra_float_digits = 3; SET idle_session_timeout = 0",
    );
    return client;
  } catch (error) {
    sessions.delete(url);
    throw error;
  }
}

/** Returns each query's lines, sorted, below a title. `$1` are these oids. */
async function catalogLines(
  client: pg.Client,
  queries: readonly string[],
  oids: readonly number[],
): Promise<string[]> {
  const sql = queries.join(";").replaceAll("$1", `'{${oids}}'::oid[]`);
  const results = (await client.query(sql)) as unknown as pg.QueryResult<{ line: string }>[];
  return results.flatMap(({ rows }) => ["--", ...rows.map(({ line }) => line).sort()]);
}

/**
 * Returns every row, sequence, constraint, trigger and rule as PostgreSQL prints it. Serves as `pgDumpText` on any
 * server.
 */
export async function databaseText(url: string): Promise<string> {
  const client = await sessionWith(url);
  const lines: string[] = [];
  const { rows: relations } = await client.query<{ oid: number; name: string; kind: string }>(
    RELATIONS_SQL,
  );
  for (const { name, kind } of relations) {
    // The rows of a partitioned table are those of its partitions, which are listed themselves.
    if (kind === "p") continue;
    const { rows } = await client.query<{ line: string }>(
      kind === "r"
        ? `SELECT (t.*)::text AS line FROM ONLY ${name} t`
        : `SELECT concat_ws(' ', last_value, is_called) AS line FROM ${name}`,
    );
    lines.push(`-- ${name}`, ...rows.map(({ line }) => line).sort());
  }
  const oids = relations.map(({ oid }) => oid);
  return [...lines, ...(await catalogLines(client, SURROUNDINGS_SQL, oids))].join("\n");
}

/**
 * What `databaseText` leaves out because servers differ in it. Equal databases on equal servers agree in it. It
 * contains everything that a restore must not change.
 */
const DETAILS_SQL = [
  `SELECT concat_ws(' ', tgrelid::regclass, r.conname, k.confrelid::regclass, tgfoid::regproc, tgenabled) AS line
   FROM pg_trigger g JOIN pg_constraint k ON k.oid = g.tgconstraint LEFT JOIN pg_constraint r ON r.oid = coalesce(nullif(k.conparentid, 0), k.oid) WHERE tgisinternal`,
  `SELECT concat_ws(' ', pg_get_indexdef(indexrelid), indisclustered, indisreplident, indisvalid, indimmediate) AS line
   FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace <> ALL (ARRAY['pg_catalog', 'pg_toast']::regnamespace[])`,
  `SELECT concat_ws(' ', attrelid::regclass, attname, attnum, attnotnull, attstattarget, attstorage, attoptions, attacl, attgenerated, attinhcount, attislocal) AS line
   FROM pg_attribute WHERE attrelid = ANY ($1) AND attnum > 0`,
  `SELECT concat_ws(' ', oid::regclass, relkind, relacl, relreplident, relrowsecurity, relforcerowsecurity, reloptions, relpersistence, relowner::regrole, obj_description(oid, 'pg_class')) AS line
   FROM pg_class c WHERE relnamespace <> ALL (ARRAY['pg_catalog', 'pg_toast', 'information_schema']::regnamespace[])`,
  `SELECT concat_ws(' ', conrelid::regclass, contypid::regtype, conname, conislocal, coninhcount, connoinherit, condeferrable, condeferred, convalidated, to_jsonb(k) ->> 'conenforced') AS line
   FROM pg_constraint k WHERE connamespace <> ALL (ARRAY['pg_catalog', 'information_schema']::regnamespace[])`,
  "SELECT concat_ws(' ', polrelid::regclass, polname, polcmd, pg_get_expr(polqual, polrelid)) AS line FROM pg_policy",
  "SELECT concat_ws(' ', evtname, evtevent, evtenabled) AS line FROM pg_event_trigger",
  "SELECT concat_ws(' ', stxname, to_jsonb(x) ->> 'stxstattarget') AS line FROM pg_statistic_ext x",
  `SELECT concat_ws(' ', pubname, prrelid::regclass, prattrs, pg_get_expr(prqual, prrelid)) AS line
   FROM pg_publication p LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid`,
];

/** Returns everything around the rows, also PostgreSQL's own triggers, which `pg_dump` does not print. */
export async function surroundingsText(url: string): Promise<string> {
  const client = await sessionWith(url);
  const { rows } = await client.query<{ oid: number }>(RELATIONS_SQL);
  const oids = rows.map(({ oid }) => oid);
  return (await catalogLines(client, DETAILS_SQL, oids)).join("\n");
}

/** Removes what differs between two dumps of the same database. */
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

/** Runs a tool through a shell that fails if any part of a pipe fails. Returns what it prints. */
export async function shell(command: string, cwd: string): Promise<string> {
  const { stdout } = await run("bash", ["-c", `set -euo pipefail; ${command}`], {
    cwd,
    maxBuffer: 2 ** 28,
  });
  return stdout;
}

/**
 * Runs a command on its own terminal and answers its prompts with these lines, because age asks for a passphrase there.
 */
export async function terminal(command: string, lines: string[], cwd: string): Promise<void> {
  const running = run("script", ["-qec", command, "/dev/null"], { cwd });
  running.child.stdin?.end(lines.map((line) => `${line}\n`).join(""));
  await running;
}
