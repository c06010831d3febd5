/**
 * The data saved right before a restore is exactly what the restore replaces, even if others read and write meanwhile.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { BackupError } from "../errors.ts";
import { backUp, errorOf, leftSessions, restore, testDatabase } from "../testing/backups.ts";
import { pgDumpText } from "../testing/database.ts";
import { until } from "../testing/patience.ts";

const SQL = `
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE entry (id serial PRIMARY KEY, parent_id int REFERENCES parent, note text);
  CREATE TABLE aside (id int PRIMARY KEY);
  INSERT INTO parent VALUES (1), (2);
  INSERT INTO entry (parent_id, note) VALUES (1, 'archived'), (2, 'archived')`;

async function scene() {
  const { db, database } = await testDatabase({ sql: SQL });
  const { path } = await backUp(database);
  const archived = await pgDumpText(db.url);
  return { db, database, path, archived };
}

async function connection(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

test("writers lose nothing: each row is in the backup that was made in between, or still there", async () => {
  const { db, database, path } = await scene();
  let isDone = false;
  const written = new Set<string>();
  const writers = ["a", "b"].map(async (writer) => {
    const client = await connection(db.url);
    for (let i = 0; !isDone; i++) {
      const note = `${writer}${i}`;
      try {
        await client.query("INSERT INTO entry (parent_id, note) VALUES (1, $1)", [note]);
        written.add(note);
      } catch (error) {
        // If two sessions wait for each other's tables, PostgreSQL ends one of them. Its client learns from this error
        // that nothing was written.
        expect(error).toMatchObject({ code: "40P01" });
      }
    }
  });
  await until("something was written", async () => written.size > 20);
  let kept = "";
  const before: number[] = [];
  await restore(database, path, {
    async beforeChange(tables) {
      expect(tables.map(({ name }) => name).toSorted()).toEqual(["aside", "entry", "parent"]);
      before.push(written.size);
      ({ path: kept } = await backUp(database, { tables }));
      // Readers can continue.
      expect(await db.query("SELECT 1 FROM entry WHERE note = 'archived'")).toHaveLength(2);
      await sleep(100);
      before.push(written.size);
    },
  });
  const total = written.size;
  await until("more was written", async () => written.size > total + 20);
  isDone = true;
  await Promise.all(writers);
  // No rows were written while the backup was made, except by writers that were just receiving their confirmation.
  expect((before[1] ?? 0) - (before[0] ?? 0)).toBeLessThanOrEqual(2);

  const notes = async () =>
    (await db.query<{ note: string }>("SELECT note FROM entry WHERE note <> 'archived'")).map(
      ({ note }) => note,
    );
  const after = await notes();
  await restore(database, kept);
  const replaced = await notes();
  expect(replaced.length).toBeGreaterThan(20);
  expect([...replaced, ...after].toSorted()).toEqual([...written].toSorted());
});

test("who has read and waits to write gets time to give up", async () => {
  const { db, database, path, archived } = await scene();
  await db.query("DELETE FROM entry");
  const client = await connection(db.url);
  await client.query("BEGIN; SET LOCAL lock_timeout = '1900ms'; SELECT * FROM entry");
  let update: Promise<unknown> = Promise.resolve();
  await restore(database, path, {
    async beforeChange() {
      update = client.query("UPDATE entry SET note = 'mine'").catch((error: unknown) => {
        void client.query("ROLLBACK");
        return error;
      });
      await sleep(300);
    },
  });
  expect(await update).toMatchObject({ code: "55P03" });
  expect(await pgDumpText(db.url)).toBe(archived);
});

test("its time is no time of waiting, for locks or in a transaction", async () => {
  const { db, database, path, archived } = await scene();
  await db.query(
    `DELETE FROM entry; ALTER DATABASE ${db.name} SET idle_in_transaction_session_timeout = '200ms'; ALTER DATABASE ${db.name} SET statement_timeout = '200ms'`,
  );
  await restore(database, path, { lockTimeoutMs: 300, beforeChange: async () => sleep(700) });
  expect(await pgDumpText(db.url)).toBe(archived);
});

test("what it throws ends the restore, and so does to cancel it meanwhile; nothing has changed", async () => {
  const { db, database, path } = await scene();
  await db.query("DELETE FROM entry");
  const before = await pgDumpText(db.url);
  const failure = new BackupError("SAFETY_BACKUP_FAILED", "No room. Nothing was changed.");
  expect(
    await errorOf(restore(database, path, { beforeChange: () => Promise.reject(failure) })),
  ).toBe(failure);

  const stop = new AbortController();
  const cancelled = restore(database, path, {
    signal: stop.signal,
    async beforeChange(_, signal) {
      setTimeout(() => stop.abort(), 50);
      await sleep(10_000, undefined, { signal });
    },
  });
  expect((await errorOf(cancelled)).code).toBe("ABORTED");
  await until("the session is gone", async () => (await leftSessions(db)).length === 0);
  expect(await pgDumpText(db.url)).toBe(before);
});
