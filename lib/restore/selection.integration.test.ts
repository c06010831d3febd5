import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openArchive } from "../archive/archive-reader.ts";
import { backUp, check, errorOf, restore, testDatabase } from "../testing/backups.ts";
import { pgDumpText } from "../testing/database.ts";

const table = (name: string, schema = "public") => ({ schema, name });

/** Returns `schema.name` of every table in an archive. */
async function archivedTables(path: string): Promise<string[]> {
  await using archive = await openArchive(path);
  await archive.unlock({});
  return archive.manifest.tables.map(({ schema, name }) => `${schema}.${name}`).toSorted();
}

const SHOP = `
  CREATE TABLE a (id serial PRIMARY KEY, t text); CREATE TABLE b (id int REFERENCES a); CREATE TABLE c (id serial);
  INSERT INTO a (t) VALUES ('one'), ('two'); INSERT INTO b VALUES (1); INSERT INTO c DEFAULT VALUES`;

test("some tables: only these come back, the rest stays as it is", async () => {
  const { db, database } = await testDatabase({ sql: SHOP });
  const { path } = await backUp(database, { tables: [table("a"), table("b")] });
  expect(await archivedTables(path)).toEqual(["public.a", "public.b"]);
  await db.query(
    "DELETE FROM b; UPDATE a SET t = 'x'; INSERT INTO c SELECT nextval('c_id_seq') FROM generate_series(1, 5)",
  );
  expect((await check(database, path)).checks).toContainEqual({
    name: "left-alone",
    state: "warning",
    message: "Tables of the database that are not in the backup stay as they are: public.c.",
  });
  await restore(database, path);
  expect(await db.query("SELECT t FROM a ORDER BY id")).toEqual([{ t: "one" }, { t: "two" }]);
  expect(await db.query("SELECT count(*)::int FROM b")).toEqual([{ count: 1 }]);
  expect(
    await db.query("SELECT count(*)::int, (SELECT last_value::int FROM c_id_seq) FROM c"),
  ).toEqual([{ count: 6, last_value: 6 }]);
});

test("a child without its parents: they stay, a warning says so, and their rows must be there", async () => {
  const { db, database } = await testDatabase({ sql: SHOP });
  const { path, result } = await backUp(database, { exclude: [table("a"), table("c")] });
  expect(result.warnings.map(({ code }) => code)).toEqual(["TABLES_NOT_CHOSEN", "PARENT_LEFT_OUT"]);
  await db.query("DELETE FROM b; DELETE FROM a WHERE id = 2");
  await restore(database, path);
  await db.query("DELETE FROM b; DELETE FROM a");
  const error = await errorOf(restore(database, path));
  expect(error).toMatchObject({
    code: "CONSTRAINT_VIOLATED",
    details: { constraint: "b_id_fkey" },
  });
});

test("an unknown table is an error, and no backup", async () => {
  const { database } = await testDatabase({ sql: SHOP });
  const error = await errorOf(backUp(database, { tables: [table("a"), table("nope")] }));
  expect(error.code).toBe("REQUEST_INVALID");
  expect(error.message).toContain("public.nope");
});

test("a sequence that other tables draw from as well is never behind their rows", async () => {
  const { db, database } = await testDatabase({
    sql: `CREATE SEQUENCE ids; CREATE TABLE a (id int PRIMARY KEY DEFAULT nextval('ids')); CREATE TABLE b (id int PRIMARY KEY DEFAULT nextval('ids'));
      INSERT INTO a DEFAULT VALUES`,
  });
  const { path } = await backUp(database, { tables: [table("a")] });
  await db.query("INSERT INTO b SELECT nextval('ids') FROM generate_series(1, 9)");
  const { warnings } = await restore(database, path);
  expect(warnings.map(({ code }) => code)).toEqual(["SEQUENCE_RAISED"]);
  expect(await db.query("INSERT INTO b DEFAULT VALUES RETURNING id")).toEqual([{ id: 11 }]);
});

test("Prisma's migrations are in the archive and stay as they are; the add-on's own schema is neither", async () => {
  const { db, database } = await testDatabase({
    sql: `CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0);
      INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('1', 'c', now(), '0_init');
      CREATE SCHEMA prisma_backup_admin CREATE TABLE operations (id serial PRIMARY KEY, note text);
      INSERT INTO prisma_backup_admin.operations (note) VALUES ('then');
      CREATE TABLE t (a int); INSERT INTO t VALUES (1)`,
  });
  const { path } = await backUp(database);
  expect(await archivedTables(path)).toEqual(["public._prisma_migrations", "public.t"]);
  await db.query(`INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('2', 'd', now(), '1_more');
    UPDATE prisma_backup_admin.operations SET note = 'now'; DELETE FROM t`);

  const plan = await check(database, path);
  expect(plan.tables).toContainEqual(
    expect.objectContaining({ name: "_prisma_migrations", action: "skip", rows: 1, rowsNow: 2 }),
  );
  expect(plan.checks).toContainEqual(
    expect.objectContaining({
      name: "migrations",
      state: "warning",
      message: expect.stringContaining("1_more"),
    }),
  );
  expect(plan.migrations).toEqual([
    { name: "0_init", inBackup: true, inDatabase: true },
    { name: "1_more", inBackup: false, inDatabase: true },
  ]);
  await restore(database, path);
  expect(await db.query("SELECT count(*)::int FROM _prisma_migrations")).toEqual([{ count: 2 }]);
  expect(await db.query("SELECT note FROM prisma_backup_admin.operations")).toEqual([
    { note: "now" },
  ]);
  expect(await db.query("SELECT a FROM t")).toEqual([{ a: 1 }]);
});

test("foreign keys of a partition alone, of a partitioned table, and to both come back as they were", async () => {
  const { db, database } = await testDatabase({
    sql: `CREATE TABLE owner (id int PRIMARY KEY);
      CREATE TABLE part (id int, kind int, owner_id int REFERENCES owner, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
      CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
      CREATE TABLE part_2 (kind int NOT NULL, id int NOT NULL, owner_id int CONSTRAINT own_name REFERENCES owner);
      ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
      ALTER TABLE part_1 ADD CONSTRAINT alone FOREIGN KEY (id) REFERENCES owner ON DELETE RESTRICT;
      CREATE TABLE child (id int, kind int, FOREIGN KEY (id, kind) REFERENCES part, CONSTRAINT to_one FOREIGN KEY (id, kind) REFERENCES part_1);
      INSERT INTO owner VALUES (1), (2); INSERT INTO part VALUES (1, 1, 1), (2, 1, NULL), (2, 2, 2); INSERT INTO child VALUES (1, 1)`,
  });
  const before = await pgDumpText(db.url);
  const { path } = await backUp(database);
  await db.query("DELETE FROM child; DELETE FROM part; DELETE FROM owner");
  await restore(database, path);
  expect(await pgDumpText(db.url)).toBe(before);
});

test("what is backed up is one moment, whoever writes meanwhile", async () => {
  const { db, database } = await testDatabase({
    sql: `CREATE TABLE account (id int PRIMARY KEY, cents int); CREATE TABLE purse (id int PRIMARY KEY, cents int, note text);
      INSERT INTO account SELECT i, 1000 FROM generate_series(1, 10) i;
      INSERT INTO purse SELECT i, 0, repeat(md5(i::text), 20) FROM generate_series(1, 20000) i`,
  });
  let isDone = false;
  let transfers = 0;
  const writers = [1, 2].map(async (seed) => {
    for (let i = seed; !isDone; i += 2, transfers++) {
      await db.query(
        `BEGIN; UPDATE account SET cents = cents - 1 WHERE id = ${1 + (i % 10)}; UPDATE purse SET cents = cents + 1 WHERE id = ${1 + ((i * 7919) % 20000)}; COMMIT`,
      );
    }
  });
  let atDump = 0;
  const { path } = await backUp(database, {
    onProgress(event) {
      if (event.type === "phase" && event.phase === "dumping") atDump = transfers;
    },
  });
  expect(transfers).toBeGreaterThan(atDump + 1);
  isDone = true;
  await Promise.all(writers);

  await using archive = await openArchive(path);
  await archive.unlock({});
  let cents = 0;
  for (const archived of archive.manifest.tables) {
    const rows: Array<{ cents: number }> = JSON.parse(await text(archive.readTable(archived)));
    for (const row of rows) cents += row.cents;
  }
  expect(cents).toBe(10_000);
});
