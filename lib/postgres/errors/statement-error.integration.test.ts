/** PostgreSQL errors outside dumps and loads contain its message and a hint, and are never INTERNAL. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { checkDatabase } from "../../cli/doctor/doctor.ts";
import { openTestDatabase, testDatabase } from "../../testing/backups.ts";
import { createTestAdmin } from "../../testing/test-admin.ts";
import { explainEnd } from "../connection/connection.ts";

/** The foreign key refers to a table that is gone, so each reading of the foreign keys fails. */
const DAMAGED_SQL = `
  CREATE TABLE lost (id integer PRIMARY KEY);
  CREATE TABLE child (id integer PRIMARY KEY, lost_id integer REFERENCES lost);
  CREATE TABLE whole (id integer PRIMARY KEY);
  DELETE FROM pg_class WHERE oid = 'lost'::regclass`;

const LOOKUP = /cache lookup failed for relation \d+/;

/** Runs the command from its sources. */
const command = (...args: string[]) =>
  promisify(execFile)(
    process.execPath,
    [fileURLToPath(new URL("../../cli/main.ts", import.meta.url)), ...args],
    { env: { ...process.env, NODE_NO_WARNINGS: "1" } },
  ).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );

test("a damaged catalog: order, doctor and overview say what PostgreSQL says", async () => {
  const { db } = await testDatabase({ sql: DAMAGED_SQL });
  expect(await command("order", "--url", db.url)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      new RegExp(`^error\\[DATABASE_ERROR\\]: .*${LOOKUP.source}.*\\nhint: `),
    ),
  });

  const { findings } = await checkDatabase({ text: db.url, from: "--url" }, null);
  expect(findings.map(({ level, code }) => `${level} ${code}`)).toEqual([
    "ok CONNECTION",
    "ok SERVER_VERSION",
    "ok POOLER",
    "problem CATALOG",
    "ok CONNECTIONS",
    "warning SUPERUSER",
    "ok OPERATIONS",
  ]);
  expect(findings.find(({ code }) => code === "CATALOG")?.what).toMatch(LOOKUP);
  const { code, stdout } = await command("doctor", "--url", db.url);
  expect(code).toBe(1);
  for (const part of ["Versions\n", "Database\n", "Server\n", "App\n", "would fail"])
    expect(stdout).toContain(part);

  await using admin = await createTestAdmin({ url: db.url });
  expect(await admin.fail("GET", "overview")).toMatchObject({
    status: 500,
    code: "DATABASE_ERROR",
    message: expect.stringMatching(LOOKUP),
  });
});

test.each([
  ["53100", "no space left", "DATABASE_ERROR", /disk is full: no space left/],
  ["57014", "time is over", "DATABASE_ERROR", /ended a statement .*: time is over/],
  ["55P03", "locked", "LOCK_TIMEOUT", /locked by another session/],
  ["57P01", "shut down", "DATABASE_UNREACHABLE", /shut down/],
  ["58030", "could not write", "DATABASE_ERROR", /could not write/],
  ["42501", "may not", "INSUFFICIENT_PRIVILEGE", /may not create or use the schema/],
  ["42P17", "wrong", "DATABASE_ERROR", /refused a statement: wrong/],
  ["P0001", "a row's value", "DATABASE_ERROR", /refused a statement \(P0001\)/],
  ["23514", "a row's value", "DATABASE_ERROR", /refused a statement \(23514\)/],
] as const)("%s while operations are recorded", async (sqlState, words, code, message) => {
  const { db } = await testDatabase({
    sql: `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${sqlState}', MESSAGE = $w$${words}$w$, DETAIL = 'a secret'; END $$;
      CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()`,
  });
  await using admin = await createTestAdmin({ url: db.url });
  const error = await admin.fail("GET", "operations");
  expect(error).toMatchObject({
    code,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(/\w/),
  });
  expect(JSON.stringify(error)).not.toMatch(/secret|a row's value/);
});

test("a connection that is lost while operations are recorded", async () => {
  const { db } = await testDatabase({
    sql: `CREATE FUNCTION leave() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$;
      CREATE EVENT TRIGGER leave ON ddl_command_start EXECUTE FUNCTION leave()`,
  });
  await using admin = await createTestAdmin({ url: db.url });
  expect(await admin.fail("GET", "operations")).toMatchObject({
    status: 503,
    code: "DATABASE_UNREACHABLE",
    message: expect.stringContaining("terminating connection"),
  });
});

test("a role whose time limits are tight works all the same", async () => {
  const { db } = await testDatabase({ sql: "CREATE TABLE t (id integer PRIMARY KEY)" });
  const role = `hasty_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}`;
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p';
    ALTER ROLE ${role} SET statement_timeout = '20ms'; ALTER ROLE ${role} SET idle_session_timeout = '20ms';
    ALTER DATABASE ${db.name} OWNER TO ${role}`);
  onTestFinished(async () => {
    await db.query(
      `ALTER DATABASE ${db.name} OWNER TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`,
    );
  });
  const url = new URL(db.url);
  url.username = role;
  url.password = "p";
  await using admin = await createTestAdmin({ url: url.href });
  await admin.ok("GET", "operations");
  await admin.ok("GET", "overview");
});

test("a connection that PostgreSQL has ended says why to the next statement as well", async () => {
  const { db } = await testDatabase();
  const client = await openTestDatabase(db.url).connect("test");
  const end = client.query("SELECT pg_terminate_backend(pg_backend_pid())");
  await expect(end).rejects.toMatchObject({ code: "57P01" });
  const next = await client.query("SELECT").catch((error: unknown) => error);
  expect(next).not.toMatchObject({ code: "57P01" });
  expect(explainEnd(client, next)).toMatchObject({ code: "57P01" });
});
