import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";

const run = promisify(execFile);

/**
 * Whether an independent tool is installed that a test compares with.
 * In CI a missing tool is an error, since the proof would silently be gone; elsewhere a loud
 * warning, and the test skips itself by `it.skipIf(!requireTool("age"))`.
 */
export function requireTool(name: string): boolean {
  const known = tools.get(name);
  if (known !== undefined) return known;
  // `--help` and not `--version`: every tool that we compare with knows it and changes nothing.
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

/**
 * Everything in a database, schema and data, as text that compares equal for equal databases:
 * `pg_dump`'s plain format without comments, with the rows of each table sorted. For PostgreSQL 15;
 * an older pg_dump refuses a newer server. Without `pg_dump`, and outside of CI, it is `databaseText`.
 */
export async function pgDumpText(url: string): Promise<string> {
  if (!requireTool("pg_dump")) return databaseText(url);
  const { stdout } = await run(
    "pg_dump",
    ["--no-sync", "--exclude-schema=prisma_backup_admin", `--dbname=${url}`],
    { maxBuffer: 2 ** 30 },
  );
  return normaliseDump(stdout);
}

const RELATIONS_SQL = `
  SELECT c.oid, c.oid::regclass::text AS name, c.relkind AS kind
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'prisma_backup_admin')
    AND c.relkind IN ('r', 'p', 'S')
  ORDER BY c.oid::regclass::text COLLATE "C"`;

/** What belongs to the tables `$1`, a line each. */
const SURROUNDINGS_SQL = [
  `SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated, obj_description(oid, 'pg_constraint')) AS line
   FROM pg_constraint WHERE conrelid = ANY ($1)`,
  `SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) AS line
   FROM pg_trigger WHERE tgrelid = ANY ($1) AND NOT tgisinternal`,
  `SELECT concat_ws(' ', ev_class::regclass, rulename, ev_enabled) AS line
   FROM pg_rewrite WHERE ev_class = ANY ($1)`,
];

/** Every row, sequence, constraint, trigger and rule as PostgreSQL prints it: what `pgDumpText` is, on any server. */
export async function databaseText(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const lines: string[] = [];
  const add = async (title: string, sql: string, values: unknown[] = []) => {
    const { rows } = await client.query<{ line: string }>(sql, values);
    lines.push(`-- ${title}`, ...rows.map(({ line }) => line).sort());
  };
  try {
    await client.query("SET search_path = ''; SET TimeZone = 'UTC'; SET extra_float_digits = 3");
    const { rows: relations } = await client.query<{ oid: number; name: string; kind: string }>(
      RELATIONS_SQL,
    );
    for (const { name, kind } of relations) {
      // A partitioned table's rows are its partitions', which are here themselves.
      if (kind === "r") {
        await add(name, `SELECT (t.*)::text AS line FROM ONLY ${name} t`);
      } else if (kind === "S") {
        await add(name, `SELECT concat_ws(' ', last_value, is_called) AS line FROM ${name}`);
      }
    }
    for (const sql of SURROUNDINGS_SQL) await add("", sql, [relations.map(({ oid }) => oid)]);
  } finally {
    await client.end();
  }
  return lines.join("\n");
}

/** What `databaseText` leaves out since servers differ in it: for equal databases on equal servers, all that a restore must not change. */
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

/** Everything around the rows, PostgreSQL's own triggers included, which `pg_dump` does not print. */
export async function surroundingsText(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SET search_path = ''");
    const { rows: relations } = await client.query<{ oid: number }>(RELATIONS_SQL);
    const oids = relations.map(({ oid }) => oid);
    const lines: string[] = [];
    for (const sql of DETAILS_SQL) {
      const { rows } = await client.query<{ line: string }>(sql, sql.includes("$1") ? [oids] : []);
      lines.push("--", ...rows.map(({ line }) => line).sort());
    }
    return lines.join("\n");
  } finally {
    await client.end();
  }
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
