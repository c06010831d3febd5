import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createArchiveKey } from "../archive/encryption.ts";
import { createBackupFile } from "../backup/create-backup-file.ts";
import { explainEnd } from "../postgres/connection/connection.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import type { Activity, Operation, Overview } from "../shared/api.ts";
import type { OnProgress } from "../shared/progress.ts";
import { backUp, errorOf, models, openTestDatabase, temporaryPath } from "../testing/backups.ts";
import { type Replication, startReplication } from "../testing/standby.ts";
import { createTestAdmin } from "../testing/test-admin.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

async function cli(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code, stdout, stderr };
}

const SQL = `
  CREATE TABLE a (id serial PRIMARY KEY, t text);
  INSERT INTO a (t) SELECT repeat(md5(i::text), 8) FROM generate_series(1, 200000) i;
  CREATE UNLOGGED TABLE u (k serial, v text); INSERT INTO u (v) VALUES ('only there');
  CREATE UNLOGGED SEQUENCE s;
  CREATE TABLE tick (id integer PRIMARY KEY)`;
const _A = { schema: "public", name: "a" };

let servers: Replication;
let standby: string;
beforeAll(async () => {
  servers = await startReplication({ sql: SQL });
  standby = servers.standby.url();
}, 60_000);
afterAll(() => servers?.[Symbol.asyncDispose]());

/** Makes the standby remove rows that a transaction on it may still see. */
const conflict = async () => {
  for (const statement of [
    "INSERT INTO tick SELECT generate_series(1, 1000)",
    "DELETE FROM tick",
    "VACUUM tick",
  ])
    await servers.onPrimary(statement);
};

const create = async (...args: string[]) => {
  const file = await temporaryPath();
  const done = await cli("create", "--url", standby, "--out", file, "--no-encryption", ...args);
  return { ...done, file };
};

it("backs a standby up without its unlogged tables, whose rows a restore leaves as they are", async () => {
  const { code, stderr, file } = await create();
  expect({ code, stderr }).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(
      "warning: public.u is unlogged, and this server is a standby: only the primary has its rows.",
    ),
  });
  expect(stderr).toContain(
    "warning: The sequence public.s is unlogged, and this server is a standby",
  );
  expect(stderr).not.toContain("as was chosen");
  const { manifest } = JSON.parse((await cli("inspect", file, "--json")).stdout);
  expect(manifest.tables.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    "a",
    "tick",
  ]);
  expect(manifest.sequences).toBe(1);

  const { primary } = servers;
  await servers.onPrimary("UPDATE a SET t = 'other' WHERE id = 1");
  const restored = await cli("restore", file, "--url", primary.url(), "--yes");
  expect(restored).toMatchObject({ code: 0 });
  const { result } = await backUp(openTestDatabase(primary.url()));
  expect(result.tables.find(({ name }) => name === "u")?.rows).toBe(1);
});

it("names an unlogged table that was asked for, and one of whose partitions is unlogged", async () => {
  expect(await create("--table", "public.u")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/DUMP_FAILED.*standby.*public\.u\. No backup was made/),
  });
  await servers.onPrimary(`CREATE TABLE p (k int) PARTITION BY LIST (k);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE UNLOGGED TABLE p2 PARTITION OF p DEFAULT`);
  try {
    const refused = await create();
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /standby.*public\.p\. No backup was made.*--exclude public\.p/s,
      ),
    });
    await expect(access(refused.file)).rejects.toThrow();
    expect(await create("--exclude", "public.p")).toMatchObject({ code: 0 });
  } finally {
    await servers.onPrimary("DROP TABLE p");
  }
});

it("is refused by check, restore and rehearsal in the same words", async () => {
  const whole = await temporaryPath();
  const some = ["--table", "public.tick", "--table", "public.u"];
  await cli("create", "--url", servers.primary.url(), "--out", whole, "--no-encryption", ...some);
  const without = await create("--table", "public.tick");
  for (const file of [whole, without.file]) {
    for (const mode of ["replace", "if-empty", "overwrite"]) {
      const checked = await cli("restore", file, "--url", standby, "--mode", mode);
      expect(checked).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /cannot be restored here.*takes no writes: this server is a standby.*hint: Use the primary server's connection string/s,
        ),
      });
      expect(checked.stderr).not.toContain("add --yes");
    }
    for (const how of ["--yes", "--rehearse"]) {
      expect(await cli("restore", file, "--url", standby, how)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /error\[DATABASE_READ_ONLY\]: The database takes no writes: this server is a standby.*Nothing was changed\.\nhint: Use the primary server's connection string\./s,
        ),
      });
    }
  }
});

it("shows on the page what it can, and says that operations cannot be recorded", async () => {
  await using admin = await createTestAdmin({ url: standby });
  const overview = await admin.ok<Overview>("GET", "overview");
  expect(overview.database.isStandby).toBe(true);
  expect(overview.tables.map(({ name, rows, isReadable }) => [name, rows, isReadable])).toEqual([
    ["a", 200000, true],
    ["tick", 0, true],
    ["u", 0, false],
  ]);
  expect(overview.warnings.map(({ code }) => code)).toEqual(["UNLOGGED_ON_STANDBY"]);

  const nothing = async () => {
    expect(await admin.ok<Operation[]>("GET", "operations")).toEqual([]);
    expect(await admin.ok<Activity>("GET", "activity")).toEqual({ total: 0, operations: [] });
  };
  await nothing();
  const refused = {
    status: 422,
    code: "DATABASE_READ_ONLY",
    message: expect.stringMatching(/standby.*Operations cannot be recorded/),
  };
  const backup = { json: { encryption: { mode: "none" } } };
  expect(await admin.fail("POST", "backups", backup)).toMatchObject(refused);

  // The primary's app has recorded an operation. It looks as if its process had died.
  await using onPrimary = await createTestAdmin({ url: servers.primary.url() });
  const { id } = await onPrimary.ok("POST", "backups", backup);
  await servers.onPrimary(
    "UPDATE prisma_backup_admin.operations SET state = 'running', heartbeat_at = now() - interval '1 hour'",
  );
  expect(await admin.ok<Operation[]>("GET", "operations")).toMatchObject([
    { id, state: "running" },
  ]);
  expect(await admin.ok<Activity>("GET", "activity")).toMatchObject({ total: 1 });
  expect(await admin.ok("GET", `operations/${id}`)).toMatchObject({ id });
  expect(await admin.fail("POST", "backups", backup)).toMatchObject(refused);
  expect(await admin.fail("POST", `operations/${id}/cancel`)).toMatchObject(refused);
  expect(admin.log).toEqual([]);
  await servers.onPrimary("DROP SCHEMA prisma_backup_admin CASCADE");
  await nothing();
});

it("is a problem for doctor, and nothing else says the contrary", async () => {
  const { code, stdout } = await cli("doctor", "--url", standby);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /✗ This server is a standby.*→ Use the primary server's connection string/s,
  );
  expect(stdout).not.toContain("Operations can be recorded");
  expect(stdout).not.toContain("that a restore replaces");
  expect(stdout).not.toContain("A backup holds everything in this database");
  expect(stdout).toContain("✓ The role may read all 2 tables, whole.");
  expect(stdout).toMatch(/! Unlogged tables: this standby has none of their rows.*public\.u/s);
});

const CONFLICT = {
  code: "DUMP_FAILED",
  message: expect.stringMatching(
    /standby, and ended the work to go on with replication.*No backup was made/,
  ),
  hint: expect.stringMatching(/hot_standby_feedback.*max_standby_streaming_delay.*primary/),
};

async function backUpFile(onProgress: OnProgress) {
  const path = await temporaryPath();
  const key = await createArchiveKey({ mode: "none" });
  const database = openTestDatabase(standby);
  const options = { path, kind: "zip" as const, database, models, key, onProgress };
  return {
    path,
    made: createBackupFile({ ...options, exclude: [{ schema: "public", name: "u" }] }),
  };
}

it("explains a conflict with recovery that comes again and again", async () => {
  let isOver = false;
  const conflicts = (async () => {
    while (!isOver) await conflict();
  })();
  const { path, made } = await backUpFile(() => {});
  const error = await errorOf(made).finally(() => {
    isOver = true;
  });
  await conflicts;
  expect(error).toMatchObject(CONFLICT);
  await expect(access(path)).rejects.toThrow();
});

it.each([
  ["rows that are removed", conflict],
  [
    "a table that is altered",
    () => servers.onPrimary("ALTER TABLE a ADD z integer; ALTER TABLE a DROP z"),
  ],
])("begins a file anew after a conflict about %s", async (_, disturb) => {
  let disturbed: Promise<void> | undefined;
  let attempts = 0;
  const { made } = await backUpFile((event) => {
    if (event.type === "planned") attempts++;
    if (event.type === "phase" && event.phase === "dumping") disturbed ??= disturb();
  });
  const { rows } = await made;
  await disturbed;
  expect(rows).toBe(200000);
  expect(attempts).toBeGreaterThan(1);
});

it("explains a conflict that ends a connection on which nothing runs", async () => {
  const client = await openTestDatabase(standby).connect("backup");
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT FROM public.tick");
  client.on("error", () => {});
  const ended = new Promise((resolve) => client.once("end", resolve));
  await conflict();
  await ended;
  const error = await client.query("SELECT").catch((thrown: unknown) => thrown);
  const place = { fallback: "DUMP_FAILED", outcome: "No backup was made." } as const;
  expect(translateDatabaseError(explainEnd(client, error), place)).toMatchObject(CONFLICT);
});
