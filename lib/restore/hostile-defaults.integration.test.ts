/**
 * A backup has the same contents, and a restore the same result, regardless of the defaults of a server, a database or
 * a role.
 */

import { describe, expect, test } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import { openArchive } from "../archive/archive-reader.ts";
import {
  asRole,
  backUp,
  errorOf,
  models,
  openTestDatabase,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { EVERYTHING_SQL, MESS_SQL } from "../testing/everything-schema.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText, pgDumpText } from "../testing/oracles.ts";
import { beginRestore, runRestore } from "./run-restore.ts";

/** A default, and its required value on our connections. Null if none of our statements depends on it. */
const DEFAULTS: Record<string, { hostile: string; ours: string | null; since?: 18 }> = {
  DateStyle: { hostile: "SQL, DMY", ours: "ISO, DMY" },
  IntervalStyle: { hostile: "sql_standard", ours: "postgres" },
  TimeZone: { hostile: "Asia/Kathmandu", ours: "UTC" },
  bytea_output: { hostile: "escape", ours: "hex" },
  extra_float_digits: { hostile: "-15", ours: "3" },
  lc_monetary: { hostile: "C.utf8", ours: "C" },
  standard_conforming_strings: { hostile: "off", ours: "on" },
  array_nulls: { hostile: "off", ours: "on" },
  quote_all_identifiers: { hostile: "on", ours: "off" },
  xmloption: { hostile: "document", ours: "content" },
  client_encoding: { hostile: "LATIN1", ours: "UTF8" },
  search_path: { hostile: "hr, public", ours: "" },
  default_transaction_read_only: { hostile: "on", ours: "off" },
  default_transaction_isolation: { hostile: "serializable", ours: "read committed" },
  default_transaction_deferrable: { hostile: "on", ours: "off" },
  statement_timeout: { hostile: "400ms", ours: "0" },
  lock_timeout: { hostile: "100ms", ours: "5s" },
  idle_in_transaction_session_timeout: { hostile: "100ms", ours: "0" },
  idle_session_timeout: { hostile: "100ms", ours: "0" },
  transaction_timeout: { hostile: "400ms", ours: "0", since: 18 },
  session_replication_role: { hostile: "replica", ours: "origin" },
  // Each transaction sets these itself.
  row_security: { hostile: "off", ours: null },
  synchronous_commit: { hostile: "off", ours: null },
  // Our statements never compare with NULL, and do not depend on a plan.
  transform_null_equals: { hostile: "on", ours: null },
  plan_cache_mode: { hostile: "force_generic_plan", ours: null },
  default_text_search_config: { hostile: "german", ours: null },
  xmlbinary: { hostile: "hex", ours: null },
  backslash_quote: { hostile: "off", ours: null },
};

const hostile = (major: Major, names = Object.keys(DEFAULTS)) =>
  names.flatMap((name) => {
    const it = DEFAULTS[name];
    if (!it || major < (it.since ?? 15)) return [];
    const values = name === "search_path" ? it.hostile : `'${it.hostile}'`;
    return [`SET ${name} = ${values}`];
  });

/** The scope of the defaults: all roles in the database, one role everywhere, or one role in the database. */
const LEVELS = {
  database: ({ name }: TestDatabase) => `DATABASE ${name}`,
  role: (_: TestDatabase, role: string) => `ROLE ${role}`,
  "role in the database": ({ name }: TestDatabase, role: string) =>
    `ROLE ${role} IN DATABASE ${name}`,
};

async function makeHostile(db: TestDatabase, major: Major, target: string): Promise<void> {
  // Open connections of the test keep their settings.
  await db.query(
    hostile(major)
      .map((setting) => `ALTER ${target} ${setting}`)
      .join("; "),
  );
}

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  const textOf = ({ url }: TestDatabase) => (major === 15 ? pgDumpText(url) : databaseText(url));

  test.for(["database", "server"])(
    "each of our connections has its own settings, whatever the defaults of the %s",
    async (level) => {
      const { db } = await testDatabase({ major });
      await db.query("CREATE SCHEMA hr");
      const url = new URL(db.url);
      if (level === "database") await makeHostile(db, major, LEVELS.database(db));
      // Equivalent to the server's defaults: options that a connection sends when it starts.
      else {
        const options = hostile(major)
          .map((it) => it.replace("SET ", "").replace(" = ", "=").replaceAll("'", ""))
          .map((it) => `-c ${it.replaceAll(" ", "\\ ")}`);
        url.searchParams.set("options", options.join(" "));
      }
      const database = openTestDatabase(url.href);
      const client = await database.connect("test");
      for (const [name, { ours, since = 15 }] of Object.entries(DEFAULTS)) {
        if (ours === null || major < since) continue;
        for (const it of [client, database.pool]) {
          const { rows } = await it.query("SELECT current_setting($1) AS value", [name]);
          expect(rows, name).toEqual([{ value: ours }]);
        }
      }
      await client.end();
    },
  );

  test.for([
    { backup: true, restore: false },
    { backup: false, restore: true },
    { backup: true, restore: true },
  ])("no value changes: %o", async (at) => {
    const { db } = await testDatabase({ major, sql: EVERYTHING_SQL });
    const before = await textOf(db);
    const target = LEVELS.database(db);
    if (at.backup) await makeHostile(db, major, target);
    const { path } = await backUp(openTestDatabase(db.url));
    await db.query(`ALTER ${target} RESET ALL`);
    await db.query(MESS_SQL);
    if (at.restore) await makeHostile(db, major, target);
    await restore(openTestDatabase(db.url), path);
    await db.query(`ALTER ${target} RESET ALL`);
    expect(await textOf(db)).toBe(before);
  });

  test.for(["role", "role in the database"] as const)(
    "nor for a plain owner with defaults of its own: %s",
    async (level) => {
      const { db } = await testDatabase({
        major,
        sql: String.raw`CREATE SCHEMA hr; CREATE TABLE t (id serial PRIMARY KEY, a timestamptz, b interval, c bytea, d float8, e money, f text[], g xml, h date, i text);
          INSERT INTO t (a, b, c, d, e, f, g, h, i) VALUES ('2024-02-03 04:05:06.789+00', '-1 year 2 mons -3 days 04:05:06', '\x00ff5c', 0.1::float8 + 0.2, '-1234.5', '{NULL,"NULL"}', '<a/><b/>', '2024-02-03', E'\\ é')`,
      });
      let role = "";
      const owner = await asRole(db, (it) => {
        role = it;
        return `ALTER TABLE t OWNER TO ${it}; GRANT USAGE ON SCHEMA public TO ${it}`;
      });
      const before = await textOf(db);
      await makeHostile(db, major, LEVELS[level](db, role));
      const { path } = await backUp(owner);
      await db.query("DELETE FROM t");
      await restore(owner, path);
      expect(await textOf(db)).toBe(before);
    },
  );

  test("rows of tables that are not restored are still required", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)",
    });
    const { path } = await backUp(database, { tables: [{ schema: "public", name: "c" }] });
    await db.query("DELETE FROM c; DELETE FROM p");
    await db.query(`ALTER DATABASE ${db.name} SET session_replication_role = 'replica'`);
    const error = await errorOf(restore(openTestDatabase(db.url), path));
    expect(error.code).toBe("CONSTRAINT_VIOLATED");
  });

  test("a restore is on the disk when it says so", async () => {
    const { db } = await testDatabase({ major, sql: "CREATE TABLE t (a int)" });
    await db.query(`ALTER DATABASE ${db.name} SET synchronous_commit = 'off'`);
    const database = openTestDatabase(db.url);
    const { path } = await backUp(database);
    let during: unknown;
    await using session = await beginRestore(database);
    await using archive = await openArchive(path);
    await archive.unlock({});
    await runRestore(session, {
      archive,
      models,
      onTransaction: async () => {
        during = (await session.client.query("SHOW synchronous_commit")).rows;
      },
    });
    expect(during).toEqual([{ synchronous_commit: "on" }]);
  });
});
