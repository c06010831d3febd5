/** Names and passwords of databases and roles may contain any character. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { archiveFileName, uniqueBackupName } from "../backup/backup-name.ts";
import { backUp, openTestDatabase, restore, temporaryPath } from "../testing/backups.ts";
import { serverUrlOf } from "../testing/database.ts";
import { sample } from "../testing/scope.ts";
import { createTestAdmin } from "../testing/test-admin.ts";
import { openDatabase } from "./connection/connection.ts";

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));

const NAMES = [
  "100%2F/a@b:c?sslmode=disable#d",
  `it's "quoted" back\\slash`,
  "  blanks  at  both ends  ",
  "no\u00a0break cafe\u0301 🜚",
  "postgres://u:p@h/d",
  "host=elsewhere dbname=x",
  "two\nlines\u001b[31m",
];

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (value: string) => pg.escapeLiteral(value);

async function administer(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrlOf(15) });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

let roles = 0;
/** Creates a database with this name, owned by a role whose name and password contain the same, and returns its URL. */
async function scene(odd: string): Promise<{ name: string; url: string }> {
  const end = `${process.env.VITEST_POOL_ID ?? 0}_${roles++}`;
  const name = `${odd}${/\s$/.test(odd) ? "" : end}`;
  // PostgreSQL prepares passwords by a Unicode version without this emoji, so it leaves the password unchanged. `pg`
  // does not.
  const [role, password] = [`role_${end}${odd}`, `${odd}x`.replace("🜚", "")];
  await administer(
    `CREATE ROLE ${quote(role)} LOGIN PASSWORD ${literal(password)}`,
    `CREATE DATABASE ${quote(name)} OWNER ${quote(role)} TEMPLATE template0`,
  );
  onTestFinished(() =>
    administer(
      `DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`,
      `DROP ROLE IF EXISTS ${quote(role)}`,
    ),
  );
  const [user, secret, path] = [role, password, name].map(encodeURIComponent);
  const { host } = new URL(serverUrlOf(15));
  return { name, url: `postgresql://${user}:${secret}@${host}/${path}` };
}

test.each([".", ".."])("a database named %s, which is none of a URL's own", async (name) => {
  await administer(`CREATE DATABASE ${quote(name)} TEMPLATE template0`);
  onTestFinished(() => administer(`DROP DATABASE ${quote(name)} WITH (FORCE)`));
  const url = `postgresql://postgres:postgres@${new URL(serverUrlOf(15)).host}/${name}`;
  const { rows } = await openTestDatabase(url).pool.query("SELECT current_database() AS name");
  expect(rows).toEqual([{ name }]);
});

describe.for(sample(NAMES))("%j", (odd) => {
  test("is backed up, restored and confirmed", async () => {
    const { name, url } = await scene(odd);
    const database = openTestDatabase(url);
    await database.pool.query("CREATE TABLE public.t (i int); INSERT INTO public.t VALUES (1)");
    const { path } = await backUp(database);
    await database.pool.query("DELETE FROM public.t");
    await restore(database, path);
    const { rows } = await database.pool.query(
      "SELECT current_database() AS name, i FROM public.t",
    );
    expect(rows).toEqual([{ name, i: 1 }]);

    await using admin = await createTestAdmin({ url });
    const overview = await admin.ok<{ database: { name: string } }>("GET", "overview");
    expect(overview.database.name).toBe(name);
    const uploadId = await admin.upload(await admin.backup());
    const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
    await admin.reach(id, "ready");
    const start = (confirmation: string) =>
      admin.call("POST", `restores/${id}/start`, { json: { confirmation } });
    expect((await start(`${name}x`)).status).toBe(422);
    // As a person can type it on one line.
    expect((await start(name.normalize("NFC").trim().replaceAll(/\s+/g, " "))).status).toBe(202);
    await admin.reach(id, "succeeded");
  });

  test("makes safe names of files", () => {
    for (const fileName of [archiveFileName(odd, new Date()), uniqueBackupName(odd, new Date())])
      expect(fileName).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
  });
});

test("commands", async () => {
  const { name, url } = await scene("a/b?c#d%\u001b[31m  ");
  const database = openDatabase({ connectionString: url });
  await database.pool.query("CREATE TABLE public.t (i int); INSERT INTO public.t VALUES (1)");
  await database.close();
  const file = await temporaryPath();
  for (const args of [
    ["create", "--url", url, "--out", file, "--no-encryption"],
    ["order", "--url", url, "--json"],
    ["restore", file, "--url", url, "--yes"],
    ["doctor", "--url", url, "--json"],
  ]) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    if (args[0] === "doctor")
      expect(JSON.parse(stdout).findings).toContainEqual(
        expect.objectContaining({ what: expect.stringContaining(`Connected to ${name} at `) }),
      );
    else expect({ args, code, stderr }).toMatchObject({ code: 0 });
    if (args[0] === "restore") expect(stdout).not.toContain("\u001b");
    if (args[0] === "order") expect(JSON.parse(stdout).database).toBe(name);
  }
});
