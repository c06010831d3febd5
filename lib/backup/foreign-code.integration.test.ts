/** A role that owns some of the relations tries to run its code with the rights of the role that backs up or reads. */
import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { createArchiveKey } from "../archive/encryption.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { countRows } from "../postgres/count-rows.ts";
import { readMigrations } from "../postgres/migrations.ts";
import { readSequenceStates } from "../postgres/sequences.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import { asRole, backUp, errorOf, models, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { runBackup } from "./run-backup.ts";

interface Scene {
  /** Connected as a superuser. */
  database: Database;
  /** Runs SQL as a plain role. Its functions call `lair.spy()`, which leaves a trace that no rollback removes. */
  attack(sql: string): Promise<unknown>;
  traces(): Promise<number>;
}

async function scene(major: 15 | 16 | 17 | 18): Promise<Scene> {
  const { db, database } = await testDatabase({ major });
  let mallory = "";
  await asRole(db, (role) => {
    mallory = role;
    return `GRANT CREATE ON DATABASE ${db.name} TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`;
  });
  const attack = (sql: string) =>
    db.query(`SET SESSION AUTHORIZATION ${mallory}; ${sql}; RESET SESSION AUTHORIZATION`);
  await attack(`CREATE SCHEMA lair; CREATE SEQUENCE lair.trace;
    CREATE FUNCTION lair.spy() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
      IF current_user <> '${mallory}' THEN PERFORM nextval('lair.trace'); END IF; RETURN 1; END $$`);
  return {
    database,
    attack,
    async traces() {
      const [row] = await db.query("SELECT last_value, is_called FROM lair.trace");
      return row?.is_called ? Number(row.last_value) : 0;
    },
  };
}

const THEIRS = `
  CREATE TABLE public._prisma_migrations (id text, migration_name text, checksum text, started_at timestamptz, finished_at timestamptz, rolled_back_at timestamptz);
  CREATE SEQUENCE public.numbers; CREATE TABLE public.item (id integer); INSERT INTO public.item VALUES (1)`;

/** Replaces relations by views with the same names. */
const VIEWS = `
  DROP TABLE public._prisma_migrations, public.item; DROP SEQUENCE public.numbers;
  CREATE VIEW public.numbers AS SELECT lair.spy()::bigint AS last_value, true AS is_called;
  CREATE VIEW public.item AS SELECT 1 AS id WHERE lair.spy() = 1;
  CREATE VIEW public._prisma_migrations AS SELECT 'x' AS id, 'x' AS migration_name, 'x' AS checksum, now() AS started_at, now() AS finished_at, now() AS rolled_back_at WHERE lair.spy() = 1`;

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  test("views in place of what is read are not read", async () => {
    const { database, attack, traces } = await scene(major);
    await attack(THEIRS);
    const client = await database.connect("test");
    const catalog = await readCatalog(client);
    await attack(VIEWS);
    const restricted = /access to non-system view "\w+" is restricted/;
    const item = catalog.tables.filter(({ name }) => name === "item");
    const [count] = await countRows(client, item);
    expect(count?.error?.message).toMatch(restricted);
    const numbers = catalog.sequences.filter(({ name }) => name === "numbers");
    await expect(readSequenceStates(client, numbers)).rejects.toThrow(restricted);
    await expect(readMigrations(client, catalog)).rejects.toThrow(restricted);
    await client.end();
    expect(await traces()).toBe(0);
  });

  test("nor one that takes the place of a sequence while tables are backed up", async () => {
    const { database, attack, traces } = await scene(major);
    await attack(THEIRS);
    const replaced = Promise.withResolvers<unknown>();
    const error = await errorOf(
      runBackup({
        database,
        models,
        key: await createArchiveKey({ mode: "none" }),
        // Delay the output, so that the tables do not end before the view replaces the sequence.
        output: new Writable({
          write: (_chunk, _encoding, done) => void replaced.promise.then(() => done(), done),
        }),
        onProgress({ type }) {
          if (type !== "planned") return;
          replaced.resolve(
            attack(`DROP SEQUENCE public.numbers;
              CREATE VIEW public.numbers AS SELECT lair.spy()::bigint AS last_value, true AS is_called`),
          );
        },
      }),
    );
    expect(error.code).toBe("DUMP_FAILED");
    expect(await traces()).toBe(0);
  });

  test("a row that no backup can hold is named without the cast of its key's type", async () => {
    const { database, attack, traces } = await scene(major);
    await attack(
      `CREATE TYPE lair.mood AS ENUM ('good', 'bad');
       CREATE FUNCTION lair.told(lair.mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN 'else'; END $$;
       CREATE CAST (lair.mood AS text) WITH FUNCTION lair.told(lair.mood);
       CREATE TABLE public.item (mood lair.mood, id integer, t text, PRIMARY KEY (id, mood));
       INSERT INTO public.item VALUES ('good', 7, repeat('x', 5000))`,
    );
    const { details } = await errorOf(backUp(database, { maxRowBytes: 2000 }));
    expect(details).toMatchObject({ key: "id = 7, mood = good" });
    expect(await traces()).toBe(0);
  });
});
