/**
 * A backup contains the database at one moment, even if others write or alter tables meanwhile, and however long it
 * takes.
 */
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../scripts/postgres.ts";
import { BackupError } from "../errors.ts";
import { backUp, openTestDatabase, restore, temporaryPath } from "../testing/backups.ts";
import { createTestDatabase } from "../testing/database.ts";
import { databaseText, requireTool } from "../testing/oracles.ts";

const run = promisify(execFile);

let server: PostgresServer;
beforeAll(async () => {
  const serverOptions = ["-c", "max_connections=200"];
  server = await startPostgres({ major: 18, trustsSuperuser: true, inMemory: true, serverOptions });
});
afterAll(() => server.stop());

async function ownDatabase(sql: string) {
  const db = await createTestDatabase({ serverUrl: server.url(), sql });
  onTestFinished(() => db[Symbol.asyncDispose]());
  return { db, database: openTestDatabase(db.url) };
}

/** Opens `count` connections that each repeat their work until the test's body ends. */
async function atWork(
  url: string,
  count: number,
  work: (client: pg.Client, turn: number, worker: number) => Promise<unknown>,
) {
  let isOver = false;
  const turns = Array.from({ length: count }, () => 0);
  const failures: unknown[] = [];
  const workers = turns.map(async (_, worker) => {
    const client = new pg.Client({ connectionString: url, application_name: `worker ${worker}` });
    await client.connect();
    try {
      for (let turn = 0; !isOver; turn++) {
        await work(client, turn, worker);
        turns[worker] = turn + 1;
      }
    } catch (error) {
      failures.push(error);
    } finally {
      await client.end();
    }
  });
  return {
    turns: () => turns.reduce((sum, it) => sum + it, 0),
    idle: () => turns.filter((it) => it === 0).length,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await Promise.all(workers);
      expect(failures).toEqual([]);
    },
  };
}

/** Runs jq on a table of an archive, extracted with unzip, to check independently of this software and its counters. */
async function ask<Answer = number[]>(
  path: string,
  table: string,
  filter: string,
): Promise<Answer> {
  const { stdout } = await run("bash", [
    "-c",
    `set -euo pipefail; unzip -p "$1" "tables/public.$2.json" | jq -c "$3"`,
    ...["bash", path, table, filter],
  ]);
  return JSON.parse(stdout);
}

const manifestOf = async (path: string) =>
  JSON.parse((await run("unzip", ["-p", path, "manifest.json"])).stdout);

describe.skipIf(!requireTool("unzip") || !requireTool("jq"))("one moment", () => {
  const WRITERS = 50;
  const BACKUPS = 20;

  test(`${BACKUPS} backups while ${WRITERS} writers move money: each one sums exactly`, async () => {
    const { db, database } = await ownDatabase(`
      CREATE TABLE account (id int PRIMARY KEY, cents bigint NOT NULL, version int NOT NULL DEFAULT 0);
      CREATE TABLE purse (id int PRIMARY KEY, cents bigint NOT NULL, version int NOT NULL DEFAULT 0, note text);
      CREATE TABLE booking (id bigserial PRIMARY KEY, account_id int NOT NULL REFERENCES account, purse_id int NOT NULL REFERENCES purse, cents int NOT NULL);
      CREATE TABLE coin (id int PRIMARY KEY, cents int NOT NULL); CREATE TABLE spent (LIKE coin INCLUDING ALL);
      INSERT INTO account SELECT i, 100000 FROM generate_series(1, 200) i;
      INSERT INTO purse SELECT i, 0, 0, repeat(md5(i::text), 10) FROM generate_series(1, 5000) i;
      INSERT INTO coin SELECT i, i FROM generate_series(1, 400) i;`);
    const paths: string[] = [];
    const found: unknown[] = [];
    const moments = new Set<number>();
    let turns = 0;
    {
      await using writers = await atWork(db.url, WRITERS, async (client, turn, worker) => {
        const account = 1 + ((turn * 31 + worker * 7) % 200);
        const purse = 1 + ((turn * 7919 + worker) % 5000);
        const coin = worker * 8 + (turn % 8) + 1;
        const [from, to] = turn % 16 < 8 ? ["coin", "spent"] : ["spent", "coin"];
        await client.query(
          `BEGIN; UPDATE account SET cents = cents - 3, version = version + 1 WHERE id = ${account};
           INSERT INTO booking (account_id, purse_id, cents) VALUES (${account}, ${purse}, 3)`,
        );
        await client.query(
          `UPDATE purse SET cents = cents + 3, version = version + 1 WHERE id = ${purse};
           WITH it AS (DELETE FROM ${from} WHERE id = ${coin} RETURNING *) INSERT INTO ${to} SELECT * FROM it; COMMIT`,
        );
        await sleep(50);
      });
      while (writers.idle() > 0) await sleep(20);
      for (let backup = 0; backup < BACKUPS; backup++) paths.push((await backUp(database)).path);
      turns = writers.turns();
    }
    for (const path of paths) {
      const sums = (table: string, last = "null") =>
        ask(
          path,
          table,
          `[length, (map(.cents | tonumber) | add), (map(.version // 0) | add), ${last}]`,
        );
      const [, accounts = 0, accountVersions = 0] = await sums("account");
      const [, purses = 0, purseVersions = 0] = await sums("purse");
      const [bookings = 0, booked = 0, , last = 0] = await sums(
        "booking",
        "(map(.id | tonumber) | max)",
      );
      const coins = [...(await sums("coin")), ...(await sums("spent"))];
      found.push({
        total: accounts + purses,
        booked: booked - purses,
        versions: [accountVersions - bookings, purseVersions - bookings],
        coins: [0, 1].map((it) => (coins[it] ?? 0) + (coins[it + 4] ?? 0)),
      });
      moments.add(bookings);
      const { sequences } = await manifestOf(path);
      expect(Number(sequences[0].lastValue)).toBeGreaterThanOrEqual(last);
    }
    const exact = { total: 20_000_000, booked: 0, versions: [0, 0], coins: [400, 80_200] };
    expect(found).toEqual(paths.map(() => exact));
    // Each backup saw another moment, so the writers did not wait for the backups.
    expect(moments.size).toBe(BACKUPS);
    expect(turns).toBeGreaterThan(BACKUPS * WRITERS);
  });

  test("whoever alters, empties, makes or drops tables waits, or the backup fails: never a mixture", async () => {
    const { db, database } = await ownDatabase(`
      CREATE TABLE a (id int PRIMARY KEY, version int NOT NULL, c0 int); CREATE TABLE b (id int PRIMARY KEY, version int NOT NULL);
      INSERT INTO a SELECT i, 0, 0 FROM generate_series(1, 3000) i; INSERT INTO b SELECT i, 0 FROM generate_series(1, 3000) i;
      CREATE TABLE made_0 (version int); INSERT INTO made_0 VALUES (0)`);
    // Each version is one transaction: another column in a, new rows in a and b, another table.
    const ALTERATIONS = [
      (v: number) =>
        `ALTER TABLE a DROP COLUMN c${v - 1}; ALTER TABLE a ADD COLUMN c${v} int DEFAULT ${v}; UPDATE a SET version = ${v}`,
      (v: number) =>
        `ALTER TABLE a ADD COLUMN c${v} int DEFAULT ${v}; ALTER TABLE a DROP COLUMN c${v - 1}; TRUNCATE a; INSERT INTO a SELECT i, ${v}, ${v} FROM generate_series(1, 3000) i`,
    ];
    let made = 0;
    {
      await using migrations = await atWork(db.url, 1, async (client, turn) => {
        const v = turn + 1;
        await client.query("BEGIN");
        await client.query(ALTERATIONS[v % ALTERATIONS.length]?.(v) ?? "");
        await client.query(
          `TRUNCATE b; INSERT INTO b SELECT i, ${v} FROM generate_series(1, 3000) i`,
        );
        await client.query(
          `CREATE TABLE made_${v} (version int); INSERT INTO made_${v} VALUES (${v}); DROP TABLE made_${v - 1}`,
        );
        await client.query("COMMIT");
        await sleep(turn % 3 === 0 ? 300 : 50);
      });
      for (let backup = 0; backup < BACKUPS; backup++) {
        const path = await backUp(database).then(
          (it) => it.path,
          (error: unknown) => {
            // A failed backup must report the failure.
            if (!(error instanceof BackupError)) throw error;
            expect(error.code).toBe("DUMP_FAILED");
            expect(error.message).toContain("No backup was made");
            return null;
          },
        );
        if (path === null) continue;
        made++;
        const tables: Array<{ name: string; rows: number; columns: Array<{ name: string }> }> = (
          await manifestOf(path)
        ).tables;
        const [rowsOfB, versionsOfB] = await ask<[number, number[]]>(
          path,
          "b",
          "[length, (map(.version) | unique)]",
        );
        const [version] = versionsOfB;
        expect([rowsOfB, versionsOfB]).toEqual([3000, [version]]);
        const shape = `[length, (map(.version) | unique), (map(keys_unsorted) | unique), (map(.c${version}) | unique)]`;
        expect(await ask(path, "a", shape)).toEqual([
          3000,
          [version],
          [["id", "version", `c${version}`]],
          [version],
        ]);
        expect(
          tables.map(({ name, rows, columns }) => [name, rows, columns.map((it) => it.name)]),
        ).toEqual([
          ["a", 3000, ["id", "version", `c${version}`]],
          ["b", 3000, ["id", "version"]],
          [`made_${version}`, 1, ["version"]],
        ]);
        expect(await ask(path, `made_${version}`, "map(.version)")).toEqual([version]);
      }
      expect(migrations.turns()).toBeGreaterThan(BACKUPS / 2);
    }
    expect(made).toBeGreaterThan(BACKUPS / 2);
  });
});

describe("time-outs of the server or role do not end a backup or restore that takes its time", () => {
  const SETTINGS = [
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "transaction_timeout",
    "statement_timeout",
    "lock_timeout",
  ];
  test.for(["ALTER DATABASE $db", "ALTER ROLE postgres IN DATABASE $db"])("%s", async (alter) => {
    const { db, database } = await ownDatabase(`
      CREATE TABLE t (id int PRIMARY KEY, note text); CREATE TABLE u (id serial PRIMARY KEY);
      INSERT INTO t SELECT i, (SELECT string_agg(md5((i * 50 + j)::text), '') FROM generate_series(1, 50) j) FROM generate_series(1, 8000) i;
      INSERT INTO u SELECT FROM generate_series(1, 10)`);
    for (const setting of SETTINGS)
      await db.query(`${alter.replace("$db", db.name)} SET ${setting} = '1s'`);
    // Check that the settings apply to an ordinary connection.
    const probe = new pg.Client(db.url);
    await probe.connect();
    expect((await probe.query("SHOW transaction_timeout")).rows).toEqual([
      { transaction_timeout: "1s" },
    ]);
    await probe.end();

    const path = await temporaryPath();
    let bytes = 0;
    let pauses = 0;
    // A reader that pauses longer than any timeout, in the middle of the rows and then again.
    const slow = new Transform({
      async transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        if (bytes > 1_000_000 * (pauses + 1) && pauses < 2) {
          pauses++;
          await sleep(1800);
        }
        done(null, chunk);
      },
    });
    slow.pipe(createWriteStream(path));
    const { result } = await backUp(database, { output: slow });
    expect(result.rows).toBe(8010);
    expect(pauses).toBe(2);
    expect(result.elapsedMs).toBeGreaterThan(3000);

    const text = () => databaseText(server.url(db.name));
    const before = await text();
    await db.query("DELETE FROM t WHERE id % 2 = 0; DELETE FROM u");
    const restored = await restore(database, path, { waitBetweenTablesMs: 1800 });
    expect(restored.rows).toBe(8010);
    expect(await text()).toBe(before);
  });
});
