/** What a trial run reports, and that it does not disturb other sessions. */
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Violation } from "../../shared/rehearsal.ts";
import {
  asRole,
  backUp,
  editArchive,
  errorOf,
  leftSessions,
  restore,
  testDatabase,
} from "../../testing/backups.ts";
import { MAJORS } from "../../testing/majors.ts";
import { databaseText, pgDumpText } from "../../testing/oracles.ts";
import { until } from "../../testing/patience.ts";
import { rehearsed } from "../../testing/rehearsals.ts";
import { sample } from "../../testing/scope.ts";

const SHOP = `
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE TABLE country (code text PRIMARY KEY); INSERT INTO country VALUES ('at'), ('de');
  CREATE TABLE customer (id int PRIMARY KEY, name text, mail text, mood mood, country text, score numeric); 
  CREATE TABLE orders (id serial PRIMARY KEY, customer_id int, at timestamptz, cents int);
  CREATE TABLE log (line text, n int);
  INSERT INTO customer SELECT i, 'Name ' || i, 'm' || i % 200 || '@example.com', 'sad', CASE WHEN i % 3 = 0 THEN 'at' ELSE 'fr' END, i / 2.0 FROM generate_series(1, 300) i;
  INSERT INTO orders (customer_id, at, cents) SELECT 1 + i % 300, timestamptz '2024-01-01' + i * interval '1 day', i - 3 FROM generate_series(1, 500) i;
  INSERT INTO log SELECT 'line ' || i % 7, i % 7 FROM generate_series(1, 50) i`;

interface Case {
  what: string;
  /** Run after the backup. */
  change: string;
  expected: Array<Partial<Omit<Violation, "rows">> & { rows?: Array<Record<string, unknown>> }>;
  /** Number of rows listed for the last violation. */
  listed?: number;
}

const table = (name: string) => ({ schema: "public", name });

const CASES: Case[] = [
  {
    what: "NOT NULL",
    change:
      "UPDATE customer SET score = 1; DELETE FROM orders; ALTER TABLE orders ADD CHECK (cents > 0); ALTER TABLE orders ALTER at SET NOT NULL; ALTER TABLE country ADD id int",
    expected: [
      {
        kind: "check",
        table: table("orders"),
        constraint: "orders_cents_check",
        key: ["id"],
        columns: ["cents"],
        total: 3,
        rows: [
          { key: ["1"], values: ["-2"] },
          { key: ["2"], values: ["-1"] },
          { key: ["3"], values: ["0"] },
        ],
        message:
          "3 rows of public.orders do not fulfil a check (constraint orders_cents_check, column cents).",
      },
    ],
  },
  {
    what: "a repeated key, 100 of them listed",
    change: "DELETE FROM customer; ALTER TABLE customer ADD CONSTRAINT one_mail UNIQUE (mail)",
    expected: [{ kind: "unique", constraint: "one_mail", columns: ["mail"], total: 100 }],
    listed: 100,
  },
  {
    what: "a unique index of an expression, where a condition holds",
    change:
      "DELETE FROM customer; CREATE UNIQUE INDEX upper_mail ON customer (upper(mail)) WHERE id < 150 OR id > 290",
    expected: [{ kind: "unique", constraint: "upper_mail", total: 10 }],
  },
  {
    what: "a foreign key to a table that is restored",
    change:
      "UPDATE customer SET country = 'at'; ALTER TABLE customer ADD CONSTRAINT home FOREIGN KEY (country) REFERENCES country",
    expected: [
      {
        kind: "foreign-key",
        constraint: "home",
        refersTo: table("country"),
        key: ["id"],
        columns: ["country"],
        total: 200,
      },
    ],
    listed: 100,
  },
  {
    what: "a foreign key to a table that stays",
    change: `CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later SELECT generate_series(1, 298); DELETE FROM orders;
      ALTER TABLE orders ADD CONSTRAINT to_later FOREIGN KEY (customer_id) REFERENCES later NOT VALID`,
    expected: [{ kind: "foreign-key", constraint: "to_later", refersTo: table("later"), total: 2 }],
  },
  {
    what: "an exclusion constraint",
    change: "DELETE FROM log; ALTER TABLE log ADD CONSTRAINT apart EXCLUDE USING btree (n WITH =)",
    expected: [{ kind: "exclusion", table: table("log"), constraint: "apart", total: null }],
  },
  {
    what: "a label that its type has no more",
    change: `ALTER TABLE customer ALTER mood TYPE text; DROP TYPE mood; CREATE TYPE mood AS ENUM ('glad'); UPDATE customer SET mood = 'glad'; ALTER TABLE customer ALTER mood TYPE mood USING mood::mood; DELETE FROM customer WHERE id < 290`,
    expected: [
      { kind: "value", table: table("customer"), columns: ["mood"], key: ["id"], total: null },
    ],
    listed: 100,
  },
  {
    what: "no partition for some rows",
    change: `DROP TABLE orders; CREATE TABLE orders (id serial PRIMARY KEY, customer_id int, at timestamptz, cents int) PARTITION BY RANGE (id);
      CREATE TABLE orders_1 PARTITION OF orders (CHECK (cents <> 5)) FOR VALUES FROM (1) TO (400)`,
    expected: [
      { kind: "check", columns: ["cents"], total: 1, rows: [{ key: ["8"], values: ["5"] }] },
      { kind: "partition", table: table("orders"), total: 101 },
    ],
    listed: 100,
  },
  {
    what: "several at once, in several tables",
    change: `DELETE FROM orders; DELETE FROM customer; ALTER TABLE customer ADD CHECK (score > 1), ADD CHECK (name <> 'Name 7'); ALTER TABLE orders ADD CHECK (1 / (cents - 1) < 5), ADD UNIQUE (cents, customer_id)`,
    expected: [
      { kind: "check", constraint: "customer_name_check", total: 1 },
      { kind: "check", constraint: "customer_score_check", total: 2 },
      { kind: "check", constraint: "orders_cents_check", columns: ["cents"], total: null },
    ],
  },
];

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  test.for(sample(CASES))("$what", async ({ change, expected, listed }) => {
    const { db, database } = await testDatabase({ major, sql: SHOP });
    const { path } = await backUp(database);
    await db.query(change);
    const text = () => (major === 15 ? pgDumpText(db.url) : databaseText(db.url));
    const before = await text();

    const report = await rehearsed(database, path);
    expect(report.obstacles).toEqual([]);
    expect(report.violations).toMatchObject(expected);
    expect(report.violations).toHaveLength(expected.length);
    if (listed !== undefined) expect(report.violations.at(-1)?.rows).toHaveLength(listed);
    for (const { remedy } of report.violations) expect(remedy).toMatch(/restore|backup/);
    expect(report.wouldSucceed).toBe(false);
    // The restore fails with the first of these violations.
    const error = await errorOf(restore(database, path));
    expect(["CONSTRAINT_VIOLATED", "LOAD_FAILED"]).toContain(error.code);
    expect(await text()).toBe(before);
    expect(await leftSessions(db)).toEqual([]);
  });
});

test.for<[what: string, change: string, drift: Array<[string, boolean]>]>([
  ["a new nullable column", "ALTER TABLE log ADD c int", [["column-added", false]]],
  [
    "a new column with a default, an identity, and one that draws from a sequence",
    "ALTER TABLE log ADD c text NOT NULL DEFAULT 'x', ADD d int GENERATED ALWAYS AS IDENTITY, ADD e serial, ADD UNIQUE (e)",
    [
      ["column-added", false],
      ["column-added", false],
      ["column-added", false],
    ],
  ],
  ["a dropped column", "ALTER TABLE customer DROP mail", [["column-missing", false]]],
  [
    "widened types",
    "ALTER TABLE orders ALTER cents TYPE bigint, ALTER customer_id TYPE numeric(12,2)",
    [
      ["type-changed", false],
      ["type-changed", false],
    ],
  ],
  [
    "a required column without a default",
    "DELETE FROM log; ALTER TABLE log ADD c int NOT NULL",
    [["column-added", true]],
  ],
  ["a narrowed type", "ALTER TABLE orders ALTER cents TYPE smallint", [["type-changed", true]]],
  ["a missing table", "DROP TABLE log", [["table-missing", true]]],
])("drift: %s", async ([, change, drift]) => {
  const { db, database } = await testDatabase({ sql: SHOP });
  const { path } = await backUp(database);
  await db.query(
    `${change}; UPDATE customer SET name = 'changed' WHERE id < 30; DELETE FROM orders WHERE id > 480`,
  );
  const before = await pgDumpText(db.url);
  const report = await rehearsed(database, path);
  expect(await pgDumpText(db.url)).toBe(before);
  expect(report.drift.map(({ kind, blocks }) => [kind, blocks])).toEqual(drift);
  const blocks = drift.some(([, it]) => it);
  expect(report.wouldSucceed).toBe(!blocks);
  if (blocks) {
    expect(report.obstacles).toMatchObject([{ code: "SCHEMA_DRIFT" }]);
    expect(report.tables).toEqual([]);
    expect((await errorOf(restore(database, path))).code).toBe("SCHEMA_DRIFT");
  } else {
    expect(report.tables.find(({ name }) => name === "country")?.changes).toEqual({
      added: 0,
      removed: 0,
      changed: 0,
      same: 2,
    });
    await restore(database, path);
  }
});

test("a default that calls a function of the users' own is not run, and named", async () => {
  const { db, database } = await testDatabase({ sql: SHOP });
  const { path } = await backUp(database);
  await db.query(`CREATE SEQUENCE s; CREATE FUNCTION next_no() RETURNS int LANGUAGE sql AS 'SELECT nextval(''s'')::int';
    CREATE DOMAIN no AS int DEFAULT next_no(); ALTER TABLE log ADD no int NOT NULL DEFAULT next_no(), ADD other no; DELETE FROM log WHERE n = 1`);
  const before = await pgDumpText(db.url);
  const report = await rehearsed(database, path);
  expect(await pgDumpText(db.url)).toBe(before);
  expect(report).toMatchObject({
    wouldSucceed: true,
    notRehearsed: [
      expect.stringContaining("column no of"),
      expect.stringContaining("column other of"),
    ],
  });
  const log = report.tables.find(({ name }) => name === "log");
  expect(log).toMatchObject({
    sampleColumns: ["line", "n"],
    changes: { added: 8, removed: 0, changed: 0, same: 42 },
  });
  await restore(database, path);
});

test("samples show both versions side by side, cut, with the columns that differ", async () => {
  const { db, database } = await testDatabase({
    sql: `CREATE TABLE t (id int PRIMARY KEY, a text, b jsonb, c numeric); INSERT INTO t VALUES (1, repeat('x', 500), '{"a": 1}', 1.0), (2, NULL, NULL, 1), (4, 'same', NULL, 0)`,
  });
  const { path } = await backUp(database);
  await db.query(
    `UPDATE t SET b = 'null', c = 1.00 WHERE id = 1; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3, 'new', NULL, NULL)`,
  );
  const long = `${"x".repeat(200)}…`;
  const { tables } = await rehearsed(database, path);
  expect(tables).toEqual([
    {
      ...{ schema: "public", name: "t", model: null, rowsNow: 3, rowsInBackup: 3, key: ["id"] },
      changes: { added: 1, removed: 1, changed: 1, same: 1 },
      sampleColumns: ["id", "a", "b", "c"],
      samples: [
        {
          change: "added",
          key: ["2"],
          before: null,
          after: ["2", null, null, "1"],
          changedColumns: [],
        },
        {
          change: "removed",
          key: ["3"],
          before: ["3", "new", null, null],
          after: null,
          changedColumns: [],
        },
        {
          change: "changed",
          key: ["1"],
          before: ["1", long, "null", "1.00"],
          after: ["1", long, '{"a": 1}', "1.0"],
          changedColumns: ["b", "c"],
        },
      ],
    },
  ]);
});

test("a table that is left out stays, and its foreign keys into the others are checked", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p); INSERT INTO p VALUES (1)",
  });
  const { path } = await backUp(database);
  await db.query("INSERT INTO p VALUES (2); INSERT INTO c VALUES (1, 1), (2, 2)");
  const scope = { mode: "replace" as const, exclude: [table("c")] };
  const report = await rehearsed(database, path, { scope });
  expect(report.tables.map(({ name, changes }) => [name, changes?.removed])).toEqual([["p", 1]]);
  expect(report.violations).toMatchObject([
    {
      kind: "foreign-key",
      table: table("c"),
      constraint: "c_p_id_fkey",
      total: 1,
      rows: [{ values: ["2"] }],
    },
  ]);
  expect((await errorOf(restore(database, path, { scope }))).code).toBe("CONSTRAINT_VIOLATED");
});

describe("the living app", () => {
  /** Slow enough for other sessions to act during the trial run. */
  const SLOW = `CREATE FUNCTION slow(n int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN IF n = 1 THEN PERFORM pg_sleep(1.5); END IF; RETURN true; END';
    CREATE TABLE t (id int PRIMARY KEY, n int CHECK (slow(n))); CREATE TABLE u (id serial PRIMARY KEY, t_id int REFERENCES t);
    INSERT INTO t SELECT i, i FROM generate_series(1, 50) i; INSERT INTO u (t_id) SELECT i FROM generate_series(1, 50) i`;

  async function scene() {
    const { db, database } = await testDatabase({ sql: SLOW });
    const { path } = await backUp(database);
    const isChecking = async () =>
      (
        await db.query(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prisma-backup-admin restore' AND wait_event = 'PgSleep'",
        )
      ).length > 0;
    return { db, database, path, isChecking };
  }

  test("goes on reading and writing every table, and no lock of it is stronger than a reader's", async () => {
    const { db, database, path, isChecking } = await scene();
    const running = rehearsed(database, path);
    await until("it checks", isChecking);
    const writer = new pg.Client({ connectionString: db.url, lock_timeout: 100 });
    await writer.connect();
    onTestFinished(() => writer.end());
    await writer.query(
      "BEGIN; UPDATE t SET n = n + 100 WHERE id > 10; DELETE FROM u WHERE id = 5; INSERT INTO u (t_id) VALUES (2); COMMIT",
    );
    await writer.query("CREATE INDEX CONCURRENTLY ON u (t_id)").catch(() => {});
    const locks = await db.query<{ mode: string }>(
      `SELECT DISTINCT l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a USING (pid)
       WHERE a.application_name = 'prisma-backup-admin restore' AND a.datname = current_database() AND c.relnamespace = 'public'::regnamespace`,
    );
    expect(locks).toEqual([{ mode: "AccessShareLock" }]);
    const report = await running;
    // The report shows the state from the beginning of the trial run.
    expect(report.wouldSucceed).toBe(true);
    expect(report.tables.map(({ changes }) => changes?.same)).toEqual([50, 50]);
    expect(await db.query("SELECT count(*)::int AS n FROM t WHERE n > 100")).toEqual([{ n: 40 }]);
  });

  test("cancelled, or its session ended: nothing has changed, and nothing is left", async () => {
    const { db, database, path, isChecking } = await scene();
    await db.query("DELETE FROM u WHERE id > 20");
    const before = await pgDumpText(db.url);
    const files =
      "SELECT count(*)::int AS n FROM pg_class WHERE relname LIKE 'rehearsal%' OR relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname LIKE '%rehearsal%')";
    const stop = new AbortController();
    const cancelled = errorOf(rehearsed(database, path, { signal: stop.signal }));
    await until("it checks", isChecking);
    stop.abort();
    expect(await cancelled).toMatchObject({ code: "ABORTED" });
    expect(await pgDumpText(db.url)).toBe(before);

    const ended = errorOf(rehearsed(database, path));
    await until("it checks", isChecking);
    await db.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prisma-backup-admin restore'",
    );
    expect((await ended).message).toContain("Nothing was changed.");
    await until("nothing is left", async () => (await leftSessions(db)).length === 0);
    expect(await db.query(files)).toEqual([{ n: 0 }]);
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

test("a damaged archive fails as a restore of it does", async () => {
  const { db, database } = await testDatabase({ sql: SHOP });
  const { path } = await backUp(database);
  const edited = await editArchive(path, {}, (manifest) => {
    const [first] = manifest.tables;
    if (first) first.rows += 1;
  });
  const before = await pgDumpText(db.url);
  const [rehearsal, real] = [
    await errorOf(rehearsed(database, edited)),
    await errorOf(restore(database, edited)),
  ];
  expect(rehearsal.code).toBe(real.code);
  expect(await pgDumpText(db.url)).toBe(before);
});

test("a role that may make no temporary tables uses a schema; one that may make neither is told so", async () => {
  const { db } = await testDatabase();
  const database = await asRole(
    db,
    (
      role,
    ) => `REVOKE ALL ON DATABASE ${db.name} FROM PUBLIC; GRANT CONNECT, CREATE ON DATABASE ${db.name} TO ${role};
      CREATE TABLE t (id int PRIMARY KEY, n int CHECK (n > 0)); INSERT INTO t VALUES (1, 1), (2, 2); ALTER TABLE t OWNER TO ${role}`,
  );
  const { path } = await backUp(database);
  await db.query(
    "ALTER TABLE t DROP CONSTRAINT t_n_check, ADD CONSTRAINT other CHECK (n <> 2) NOT VALID; UPDATE t SET n = 3; ALTER TABLE t VALIDATE CONSTRAINT other",
  );
  const before = await pgDumpText(db.url);
  expect(await rehearsed(database, path)).toMatchObject({
    wouldSucceed: false,
    violations: [{ constraint: "other", total: 1 }],
    tables: [{ changes: { added: 0, removed: 0, changed: 2, same: 0 } }],
  });
  expect(await pgDumpText(db.url)).toBe(before);
  await db.query(
    `DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM %I', current_database(), (SELECT tableowner FROM pg_tables WHERE tablename = 't')); END $$`,
  );
  expect(await errorOf(rehearsed(database, path))).toMatchObject({
    code: "INSUFFICIENT_PRIVILEGE",
    message: expect.stringContaining("Nothing was changed."),
  });
});
