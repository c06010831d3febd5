import { access, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import { createArchiveKey } from "../archive/encryption.ts";
import type { Overview } from "../shared/api.ts";
import {
  archivedRows,
  backUp,
  check,
  errorOf,
  models,
  openTestDatabase,
  restore,
  temporaryPath,
  testDatabase,
  toldOf,
} from "../testing/backups.ts";
import { damagePage, fillPage, LOSE_PIECES, removeFile } from "../testing/damage.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { databaseText } from "../testing/oracles.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";
import { createTestAdmin } from "../testing/test-admin.ts";
import { createBackupFile } from "./create-backup-file.ts";
import { readOverview } from "./overview.ts";

/** Tables of several pages, so that one page can be damaged, and with large values that are stored separately. */
const SQL = `
  CREATE TABLE fine (id integer PRIMARY KEY); INSERT INTO fine VALUES (1);
  CREATE TABLE letter (id serial PRIMARY KEY, body text, note text);
  ALTER TABLE letter ALTER body SET STORAGE EXTERNAL;
  INSERT INTO letter (body, note) SELECT repeat(md5(i::text), 500), repeat('secret' || i, 30) FROM generate_series(1, 200) i;
  CREATE TABLE parts (id integer, note text) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
  INSERT INTO parts SELECT i, repeat('secret', 30) FROM generate_series(1, 200) i`;

interface Harm {
  what: string;
  table: string;
  words: RegExp;
  /** Whether the damage shows when rows are counted. */
  isCounted: boolean;
  major?: Major;
  harm(db: TestDatabase): Promise<unknown>;
}

const HARMS: Harm[] = [
  {
    what: "pieces of a large value are gone",
    table: "letter",
    words: /missing chunk number 0 for toast value \d+ in pg_toast_\d+/,
    isCounted: false,
    harm: (db) => db.query(LOSE_PIECES("letter")),
  },
  {
    what: "a page is damaged",
    table: "letter",
    words: /invalid page in block 2 of relation/,
    isCounted: true,
    harm: (db) => damagePage(db, "letter", 2),
  },
  {
    what: "a page is damaged, and checksums find it",
    table: "letter",
    words: /invalid page in block 2 of relation/,
    isCounted: true,
    major: 18,
    harm: (db) => damagePage(db, "letter", 2),
  },
  {
    what: "a partition's page is damaged",
    table: "parts",
    words: /invalid page in block 1 of relation/,
    isCounted: true,
    harm: (db) => damagePage(db, "parts_1", 1),
  },
  {
    what: "a file is gone",
    table: "letter",
    words: /could not open file "base\/\d+\/\d+": No such file or directory/,
    isCounted: true,
    harm: (db) => removeFile(db, "letter"),
  },
];

async function harmed({ major = 15, harm }: Harm) {
  const { db: whole } = await testDatabase({
    sql: SQL,
    copied: true,
    major,
  });
  const { path: backup } = await backUp(openTestDatabase(whole.url));
  const { db, database } = await testDatabase({
    sql: SQL,
    copied: true,
    major,
  });
  await harm(db);
  return { whole, db, database, backup };
}

describe.each(sample(HARMS))("$what", (kind) => {
  const { table, words, isCounted } = kind;
  const name = { schema: "public", name: table };

  it("ends a backup, which names the table, and the others can be backed up", async () => {
    const { database } = await harmed(kind);
    const path = await temporaryPath();
    const key = await createArchiveKey({ mode: "none" });
    const error = await errorOf(createBackupFile({ path, kind: "zip", database, models, key }));
    expect(error).toMatchObject({
      code: "DUMP_FAILED",
      message: expect.stringContaining(`the server's storage is damaged`),
      details: { table: name, leaveOut: { tables: [name] } },
    });
    expect(error.message).toMatch(words);
    expect(error.message).toContain(`table public.${table}`);
    expect(error.message).toContain("No backup was made");
    expect(error.hint).toMatch(/leave the table out.*another backup/s);
    expect(toldOf(error)).not.toContain("secret");
    await expect(access(path)).rejects.toThrow();

    const others = await backUp(database, { exclude: [name] });
    expect((await archivedRows(others.path)).get(JSON.stringify(["public", "fine"]))).toBe(1);
  });

  it("leaves the overview of the others as it is", async () => {
    const { database } = await harmed(kind);
    const { tables, warnings } = await readOverview(database, models);
    expect(tables.find((it) => it.name === "fine")).toMatchObject({
      rows: 1,
      rowsAreExact: true,
      isReadable: true,
    });
    expect(tables.find((it) => it.name === table)).toMatchObject({
      isReadable: !isCounted,
      rowsAreExact: !isCounted,
    });
    const said = warnings.filter(({ code }) => code === "UNREADABLE_TABLE");
    expect(said).toEqual(
      isCounted
        ? [{ code: "UNREADABLE_TABLE", message: expect.stringMatching(words), table: name }]
        : [],
    );
  });

  it("does not hinder a restore of a good backup over it", async () => {
    const { whole, db, database, backup } = await harmed(kind);
    const plan = await check(database, backup);
    expect(plan.canStart).toBe(true);
    expect(plan.checks.filter((it) => it.name === "readable").map(({ state }) => state)).toEqual(
      isCounted ? ["warning"] : [],
    );

    const report = await rehearsed(database, backup);
    expect(report.wouldSucceed).toBe(true);
    expect(report.notRehearsed.join()).toMatch(
      new RegExp(
        `The current rows of public.${table} cannot be read: the server's storage is damaged.*without a safety backup`,
      ),
    );
    expect(report.tables.find((it) => it.name === table)).toMatchObject({
      changes: null,
      isDamaged: true,
    });
    expect(report.tables.find((it) => it.name === "fine")?.changes).toMatchObject({ same: 1 });

    await restore(database, backup);
    if (table === "letter") await db.query("DROP EXTENSION IF EXISTS pg_surgery");
    expect(await databaseText(db.url)).toBe(await databaseText(whole.url));
  });
});

describe.each(sample(HARMS.slice(0, 2)))("$what", (kind) => {
  const { isCounted } = kind;

  it("is restored from the page once it goes on without a safety backup", async () => {
    const { db, backup } = await harmed(kind);
    await using admin = await createTestAdmin({ url: db.url });
    const zip = await readFile(backup);
    const overview = await admin.ok<Overview>("GET", "overview");
    expect(overview.tables).toHaveLength(3);
    const begin = async () => {
      const { id } = await admin.ok("POST", "restores", {
        json: { uploadId: await admin.upload(zip), rehearse: true },
      });
      return await admin.reach(id, "ready");
    };
    const { id, plan } = await begin();
    expect(plan?.rehearsal).toMatchObject({ wouldSucceed: true });
    expect(plan?.safetyBackup).toMatchObject({ possible: !isCounted });
    if (isCounted) expect(plan?.safetyBackup?.message).toContain("The current data cannot be read");
    const start = (of: string, safetyBackup: boolean) =>
      admin.ok("POST", `restores/${of}/start`, { json: { confirmation: db.name, safetyBackup } });

    await start(id, true);
    const failed = await admin.reach(id, "failed");
    expect(failed.error).toMatchObject({
      code: "SAFETY_BACKUP_FAILED",
      message: expect.stringMatching(/The current data cannot be read.*Nothing was changed\./),
      hint: expect.stringContaining("Start again without a safety backup"),
    });

    const again = await begin();
    await start(again.id, false);
    await admin.reach(again.id, "succeeded");
    expect(
      await db.query("SELECT count(body)::int AS n, sum(length(body))::int AS length FROM letter"),
    ).toEqual([{ n: 200, length: 200 * 500 * 32 }]);
  });
});

describe("what can be read all the same", () => {
  it("is backed up beside a damaged index, which only the count would have used", async () => {
    const { db, database } = await testDatabase({
      sql: SQL,
      copied: true,
    });
    await damagePage(db, "letter_pkey", 1);
    const { result } = await backUp(database);
    expect(result.tables.find((it) => it.name === "letter")?.rows).toBe(200);
  });
});

it.each([
  ["damaged", 0xff, /invalid page in block 0 .*/],
  ["empty", 0, /its row is gone\./],
])("names a sequence whose page is %s, in a backup and in a restore", async (_, byte, words) => {
  const { database } = await testDatabase({ sql: SQL, copied: true });
  const { path } = await backUp(database);
  await using harmed = await createTestDatabase({ sql: SQL, copied: true });
  await fillPage(harmed, "letter_id_seq", byte);
  for (const [run, outcome] of [
    [() => backUp(openTestDatabase(harmed.url)), "No backup was made."],
    [() => restore(openTestDatabase(harmed.url), path), "Nothing was changed."],
  ] as const) {
    expect((await errorOf(run())).message).toMatch(
      new RegExp(
        `^The sequence public\\.letter_id_seq cannot be read: the server's storage is damaged, ${words.source} ?${outcome}$`,
      ),
    );
  }
});

it("names all damaged tables at once", async () => {
  const { db, database } = await testDatabase({
    sql: SQL,
    copied: true,
  });
  await damagePage(db, "letter", 2);
  await damagePage(db, "parts_1", 1);
  const error = await errorOf(backUp(database));
  expect(error.message).toMatch(/table public\.\w+\)\. Nor can public\.\w+ be read\./);
  expect(error.details?.leaveOut).toMatchObject({ tables: { length: 2 } });
});

describe("a catalog that refers to what is not there", () => {
  const HOLE = `
    CREATE TABLE lost (id integer PRIMARY KEY);
    CREATE TABLE child (id integer PRIMARY KEY, lost_id integer REFERENCES lost);
    CREATE TABLE whole (id integer PRIMARY KEY); INSERT INTO whole VALUES (1);
    CREATE TABLE below (id integer PRIMARY KEY REFERENCES whole);
    DELETE FROM pg_class WHERE oid = 'lost'::regclass`;

  it("is said in PostgreSQL's own words", async () => {
    const { database } = await testDatabase({ sql: HOLE });
    const path = await temporaryPath();
    const key = await createArchiveKey({ mode: "none" });
    const error = await errorOf(createBackupFile({ path, kind: "zip", database, models, key }));
    expect(error).toMatchObject({
      code: "DUMP_FAILED",
      message: expect.stringMatching(
        /the server's catalog is damaged, cache lookup failed for relation \d+\. No backup was made\.$/,
      ),
      hint: expect.stringContaining("pg_amcheck"),
    });
    await expect(access(path)).rejects.toThrow();
  });

  it("does not hinder a backup of tables that have no part in it", async () => {
    const { database } = await testDatabase({ sql: HOLE });
    const whole = { schema: "public", name: "whole" };
    const child = { schema: "public", name: "child" };
    const below = { schema: "public", name: "below" };
    const one = await backUp(database, { tables: [whole] });
    expect(one.result.tables).toMatchObject([{ name: "whole", rows: 1 }]);
    const others = await backUp(database, { exclude: [child] });
    expect(others.result.tables.map(({ name }) => name)).toEqual(["whole", "below"]);
    const referring = await backUp(database, { tables: [below] });
    expect(referring.result.warnings.map(({ code }) => code)).toContain("PARENT_LEFT_OUT");
    expect((await errorOf(backUp(database, { tables: [child] }))).message).toContain(
      "catalog is damaged",
    );
  });
});
