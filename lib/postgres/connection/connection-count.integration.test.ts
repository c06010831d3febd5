/** Everything works with the documented minimum of connections. With one less, an error names the minimum. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import {
  asRole,
  backUp,
  openTestDatabase,
  temporaryPath,
  testDatabase,
} from "../../testing/backups.ts";
import type { TestDatabase } from "../../testing/database.ts";
import { until } from "../../testing/patience.ts";
import { createTestAdmin } from "../../testing/test-admin.ts";
import { COMMAND_CONNECTIONS, PAGE_CONNECTIONS } from "./connection-count.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

async function cli(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code, stdout, stderr };
}

/** A database, and the URL of its owner, who may open `limit` connections. */
async function scene(limit: number) {
  const { db } = await testDatabase();
  let owner = "";
  await asRole(db, (role) => {
    owner = role;
    return `ALTER DATABASE ${db.name} OWNER TO ${role}; ALTER ROLE ${role} CONNECTION LIMIT ${limit}; SET ROLE ${role};
      CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 100);
      CREATE TABLE child (id serial PRIMARY KEY, parent int REFERENCES parent); INSERT INTO child (parent) SELECT id FROM parent; RESET ROLE`;
  });
  const url = new URL(db.url);
  url.username = owner;
  url.password = "x";
  return { db, owner, url: url.href };
}

const NEEDED = `prisma-backup needs ${COMMAND_CONNECTIONS} connection at once in a terminal (2 are better), and the page ${PAGE_CONNECTIONS}`;

const COMMANDS = (url: string, file: string) => [
  ["create", "--url", url, "--out", file, "--no-encryption"],
  ["order", "--url", url],
  ["restore", file, "--url", url, "--rehearse"],
  ["restore", file, "--url", url, "--yes"],
  ["doctor", "--url", url],
];

test("commands", async () => {
  const { db, owner, url } = await scene(COMMAND_CONNECTIONS);
  const file = await temporaryPath();
  for (const args of COMMANDS(url, file)) {
    const { code, stdout, stderr } = await cli(...args);
    if (args[0] === "doctor") {
      expect(stdout).toContain(
        `CONNECTION LIMIT of the role ${owner} allows ${COMMAND_CONNECTIONS} at once. The page needs ${PAGE_CONNECTIONS}`,
      );
    } else expect({ args, code, stderr }).toMatchObject({ code: 0 });
  }
  await db.query(`ALTER ROLE ${owner} CONNECTION LIMIT ${COMMAND_CONNECTIONS - 1}`);
  for (const args of COMMANDS(url, file)) {
    if (args[0] === "create") args[4] = join(dirname(file), "another.zip");
    const { code, stdout, stderr } = await cli(...args);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(NEEDED);
  }
});

interface Answers {
  statuses: number[];
  bodies: string[];
}

/**
 * A restore and a download that wait, for example one of a safety backup, while somebody opens the page.
 *
 * @param isEnough whether the page need not be opened again
 */
async function pageAtWork(
  db: TestDatabase,
  url: string,
  isEnough: (answers: Answers) => boolean = () => true,
): Promise<Answers> {
  const admin = await createTestAdmin({ url, lockTimeoutMs: 60_000 });
  onTestFinished(() => admin[Symbol.asyncDispose]());
  const uploadId = await admin.upload(await admin.backup());
  const { id } = await admin.ok("POST", "restores", { json: { uploadId } });
  await admin.reach(id, "ready");
  const reader = new pg.Client({ connectionString: db.url });
  await reader.connect();
  await reader.query("BEGIN; SELECT nextval('child_id_seq')");
  await admin.ok("POST", `restores/${id}/start`, {
    json: { confirmation: db.name, safetyBackup: false },
  });
  const backup = await admin.ok("POST", "backups", { json: { encryption: { mode: "none" } } });
  const isWaiting = async (purpose: string) =>
    (
      await db.query(
        "SELECT FROM pg_stat_activity WHERE application_name = $1 AND datname = $2 AND wait_event_type = 'Lock'",
        [`prisma-backup-admin ${purpose}`, db.name],
      )
    ).length > 0;
  await until("the restore waits for the sequence", () => isWaiting("restore"));
  const download = (await admin.call("GET", `backups/${backup.id}/archive`)).body?.getReader();
  const reading = download?.read().catch(() => {});
  await until("the backup waits for the restore", () => isWaiting("backup"));
  const answers = await until("the page was opened often enough", async () => {
    const responses = await Promise.all(
      ["overview", "operations", "operations", `operations/${id}`].map((route) =>
        admin.call("GET", route),
      ),
    );
    const statuses = responses.map(({ status }) => status);
    const bodies = await Promise.all(responses.map((response) => response.text()));
    return isEnough({ statuses, bodies }) ? { statuses, bodies } : null;
  });
  await reader.query("ROLLBACK");
  await reader.end();
  await reading;
  await download?.cancel();
  await admin.reach(id, "succeeded");
  return answers;
}

test("the page", async () => {
  const { db, url } = await scene(PAGE_CONNECTIONS);
  expect((await pageAtWork(db, url)).statuses).toEqual([200, 200, 200, 200]);
});

test("the page with one less", async () => {
  const { db, url } = await scene(PAGE_CONNECTIONS - 1);
  // If the requests happen to come one after the other, one connection less is enough.
  const { bodies } = await pageAtWork(db, url, ({ statuses }) => statuses.includes(503));
  expect(bodies.join()).toContain(NEEDED);
});

test("doctor warns where fewer are free than the page needs", async () => {
  const { db, url, owner } = await scene(-1);
  const others = Array.from({ length: 3 }, () => new pg.Client({ connectionString: url }));
  await db.query(`ALTER DATABASE ${db.name} CONNECTION LIMIT ${PAGE_CONNECTIONS + 1}`);
  for (const other of others) await other.connect();
  const { stdout } = await cli("doctor", "--url", url, "--json");
  for (const other of others) await other.end();
  const finding = JSON.parse(stdout).findings.find(
    ({ code }: { code: string }) => code === "CONNECTIONS",
  );
  expect(finding.level).toBe("warning");
  expect(finding.what).toContain(
    `CONNECTION LIMIT of the database ${db.name} allows ${PAGE_CONNECTIONS + 1} at once, and`,
  );
  expect(finding.remedy).toContain(`ALTER DATABASE ${db.name} CONNECTION LIMIT`);
  expect(owner).not.toBe("");
});

test("a connection that nobody uses is given up for one that is needed", async () => {
  const { url } = await scene(1);
  const database = openTestDatabase(url);
  for (let run = 0; run < 3; run++) {
    await database.pool.query("SELECT 1");
    await backUp(database);
  }
});
