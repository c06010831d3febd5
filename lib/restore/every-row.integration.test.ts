/**
 * Every row of a user is in a backup, or a warning names the table and its number of rows. The count comes from
 * `pg_class`, heap by heap. What cannot be restored is reported in the same way by the check, the trial run and the
 * restore.
 */
import pg from "pg";
import { describe, expect, test } from "vitest";
import { checkContents } from "../cli/doctor/contents.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import {
  archivedRows,
  asRole,
  type BackUpOptions,
  backUp,
  check,
  errorOf,
  plainOwnersDatabase,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText, pgDumpText, requireTool, shell } from "../testing/oracles.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { missedRows } from "../testing/row-oracle.ts";

const table = (name: string, schema = "public") => ({ schema, name });
const pending = (...partitions: string[]) =>
  partitions
    .map(
      (it) => `UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = '${it}'::regclass;`,
    )
    .join(" ");

/** Backs up, and checks that no row is missing. */
async function backUpAll(db: TestDatabase, database: Database, options?: BackUpOptions) {
  const { path, result } = await backUp(database, options);
  expect(await missedRows(db.url, await archivedRows(path), result.warnings)).toEqual([]);
  return {
    path,
    rows: result.rows,
    warnings: result.warnings.map(({ code, message }) => `${code}: ${message}`),
  };
}

async function doctorSays(database: Database): Promise<string> {
  const client = await database.connect("test");
  const findings = await checkContents(client, await readCatalog(client));
  await client.end();
  return findings
    .map(({ level, what, details = [] }) => [level, what, ...details].join("\n"))
    .join("\n");
}

/** Returns the error of a restore, after checking that the check and the trial run report it too. */
async function refusal(database: Database, path: string) {
  const { checks, canStart } = await check(database, path);
  expect(canStart).toBe(false);
  const { wouldSucceed, obstacles } = await rehearsed(database, path);
  expect(wouldSucceed).toBe(false);
  const error = await errorOf(restore(database, path));
  expect(obstacles[0]).toMatchObject({
    code: error.code,
    message: error.message,
    hint: error.hint,
  });
  expect(checks).toContainEqual(
    expect.objectContaining({ state: "failed", message: error.message }),
  );
  return error;
}

const VISIT = `
  CREATE TABLE visit (d date NOT NULL) PARTITION BY RANGE (d);
  CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  INSERT INTO visit SELECT date '2024-01-01' + i FROM generate_series(0, 29) i;
  INSERT INTO visit SELECT date '2025-01-01' + i FROM generate_series(0, 9) i;
  CREATE TABLE other (id int); INSERT INTO other VALUES (1);`;
const FINALIZE = "ALTER TABLE public.visit DETACH PARTITION public.visit_old FINALIZE;";

describe.for(MAJORS)("a partition whose detaching was interrupted, PostgreSQL %i", (major) => {
  test("for real: its rows are in the backup, and a restore waits for its end", async () => {
    const { db, database } = await plainOwnersDatabase({ major, sql: VISIT });
    const owner = new pg.Client(database.pool.options.connectionString as string);
    const reader = new pg.Client(db.url);
    await Promise.all([owner.connect(), reader.connect()]);
    await reader.query("BEGIN; SELECT FROM visit LIMIT 1");
    await owner.query("SET statement_timeout = '500ms'");
    await expect(
      owner.query("ALTER TABLE visit DETACH PARTITION visit_old CONCURRENTLY"),
    ).rejects.toThrow(/statement timeout/);
    await reader.query("ROLLBACK");
    await reader.end();

    const { path, rows, warnings } = await backUpAll(db, database);
    expect(rows).toBe(41);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^PARTITION_DETACH_PENDING: public\.visit_old .*They are in the backup/,
      ),
    ]);
    expect(warnings[0]).toContain(FINALIZE);
    expect(await doctorSays(database)).toContain(`public.visit_old: ${FINALIZE}`);
    const text = await databaseText(db.url);
    const error = await refusal(database, path);
    expect(error).toMatchObject({ code: "SCHEMA_DRIFT", hint: expect.stringContaining(FINALIZE) });
    expect(error.message).toContain("public.visit_old");
    expect(await databaseText(db.url)).toBe(text);

    await owner.query(`SET statement_timeout = 0; ${FINALIZE}`);
    await owner.end();
    const whole = await databaseText(db.url);
    await db.query("DELETE FROM visit_old; DELETE FROM visit");
    await restore(database, path);
    expect(await databaseText(db.url)).toBe(whole);
  });

  test("after the backup: a restore into it is refused beforehand; of other tables it is not", async () => {
    const { db, database } = await testDatabase({ major, sql: VISIT });
    const { path } = await backUpAll(db, database);
    await db.query(pending("visit_old"));
    const error = await refusal(database, path);
    expect(error.hint).toContain(FINALIZE);
    await db.query("DELETE FROM other");
    await restore(database, path, { scope: { mode: "replace", tables: [table("other")] } });
    expect(await db.query("SELECT id FROM other")).toEqual([{ id: 1 }]);
  });

  test("chosen alone, its table or itself", async () => {
    const { db, database } = await testDatabase({ major, sql: VISIT + pending("visit_old") });
    const one = await backUp(database, { tables: [table("visit")] });
    expect(one.result.rows).toBe(10);
    expect(one.result.warnings).toMatchObject([
      { code: "TABLES_NOT_CHOSEN", message: expect.stringContaining("1 of 3 tables") },
      { code: "PARTITION_DETACH_PENDING", message: expect.stringContaining("not in the backup") },
    ]);
    expect((await backUp(database, { tables: [table("visit_old")] })).result.rows).toBe(30);
    expect((await backUp(database, { tables: [table("other")] })).result.warnings).toMatchObject([
      { code: "TABLES_NOT_CHOSEN" },
    ]);
    expect(
      (await refusal(database, (await backUp(database, { tables: [table("visit_old")] })).path))
        .hint,
    ).toContain(FINALIZE);
    expect(
      (await backUp(database, { exclude: [table("visit_old")] })).result.warnings,
    ).toMatchObject([
      { code: "TABLES_NOT_CHOSEN", message: expect.stringContaining("public.visit_old") },
      { code: "PARTITION_DETACH_PENDING", message: expect.stringContaining("not in the backup") },
    ]);
    await db.query("SELECT 1");
  });

  test("it is a partition again where its rows are restored: said, with the statement", async () => {
    const { db, database } = await testDatabase({ major, sql: VISIT + pending("visit_old") });
    const { path } = await backUpAll(db, database);
    const other = await testDatabase({ major, sql: VISIT });
    const error = await refusal(other.database, path);
    expect(error.message).toContain("public.visit_old was a table of its own");
    expect(error.hint).toContain("ALTER TABLE public.visit DETACH PARTITION public.visit_old;");
    await other.db.query("ALTER TABLE visit DETACH PARTITION visit_old; DELETE FROM visit_old");
    await restore(other.database, path);
    expect(await other.db.query("SELECT count(*)::int FROM visit_old")).toEqual([{ count: 30 }]);
  });

  const FOREIGN = `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;`;
  test.for([
    {
      what: "partitioned itself, in another schema, with partitions of its own",
      sql: `CREATE SCHEMA "Old"; CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
        CREATE TABLE "Old"."p 2" PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (b); CREATE TABLE p2x PARTITION OF "Old"."p 2" FOR VALUES IN (1); CREATE TABLE p2y PARTITION OF "Old"."p 2" DEFAULT;
        INSERT INTO p SELECT 1 + i % 2, i % 3 FROM generate_series(1, 60) i; ${pending('"Old"."p 2"')}`,
      rows: 60,
      statements: ['ALTER TABLE public.p DETACH PARTITION "Old"."p 2" FINALIZE;'],
    },
    {
      what: "below another one, and both of them",
      sql: `CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (0, 1, 2) PARTITION BY LIST (b);
        CREATE TABLE p2x PARTITION OF p2 FOR VALUES IN (1) PARTITION BY LIST (a); CREATE TABLE p2xx PARTITION OF p2x DEFAULT; CREATE TABLE p2y PARTITION OF p2 DEFAULT;
        INSERT INTO p SELECT i % 3, i % 3 FROM generate_series(1, 60) i; ${pending("p2", "p2x")}`,
      rows: 60,
      statements: [
        "ALTER TABLE public.p DETACH PARTITION public.p2 FINALIZE;",
        "ALTER TABLE public.p2 DETACH PARTITION public.p2x FINALIZE;",
      ],
    },
    {
      what: "the default one, unlogged, with rows that a policy would hide",
      sql: `CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE UNLOGGED TABLE p2 PARTITION OF p DEFAULT;
        INSERT INTO p SELECT 1 + i % 3 FROM generate_series(1, 9) i; ALTER TABLE p2 ENABLE ROW LEVEL SECURITY; ${pending("p2")}`,
      rows: 9,
      statements: ["ALTER TABLE public.p DETACH PARTITION public.p2 FINALIZE;"],
    },
    {
      what: "on another server",
      sql: `${FOREIGN} CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1);
        CREATE FOREIGN TABLE far PARTITION OF p FOR VALUES IN (2) SERVER s; ${pending("far")}`,
      rows: 1,
      statements: ["ALTER TABLE public.p DETACH PARTITION public.far FINALIZE;"],
    },
    {
      what: "with a key that others refer to, and one to another table",
      sql: `CREATE TABLE o (id int PRIMARY KEY); INSERT INTO o VALUES (1); CREATE TABLE p (a int PRIMARY KEY, o int REFERENCES o) PARTITION BY LIST (a);
        CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); INSERT INTO p VALUES (1, 1), (2, 1);
        CREATE TABLE c (p int REFERENCES p); INSERT INTO c VALUES (1); ${pending("p2")}`,
      rows: 4,
      statements: ["ALTER TABLE public.p DETACH PARTITION public.p2 FINALIZE;"],
    },
  ])("$what", async ({ sql, rows, statements }) => {
    const { db, database } = await testDatabase({ major, sql });
    const backup = await backUpAll(db, database);
    expect(backup.rows).toBe(rows);
    const { hint } = await refusal(database, backup.path);
    const doctor = await doctorSays(database);
    for (const statement of statements) {
      expect(backup.warnings.some((it) => it.includes(statement))).toBe(true);
      expect(hint).toContain(statement);
      expect(doctor).toContain(statement);
    }
  });
});

/** Makes relations members of the extension citext, and some of them its configuration tables. */
const members = (
  all: string[],
  config: string[] = [],
  conditions: string[] = config.map(() => ""),
) =>
  [
    "CREATE EXTENSION IF NOT EXISTS citext;",
    ...all.map((it) => `ALTER EXTENSION citext ADD ${it};`),
    config.length > 0
      ? `UPDATE pg_extension SET extconfig = ARRAY[${config.map((it) => `'${it}'::regclass::oid`)}], extcondition = ARRAY[${conditions.map((it) => `'${it}'`)}] WHERE extname = 'citext';`
      : "",
  ].join(" ");

const QUEUE = `
  CREATE TABLE queue (id integer PRIMARY KEY); INSERT INTO queue SELECT generate_series(1, 5);
  CREATE TABLE sent (id integer PRIMARY KEY REFERENCES queue); INSERT INTO sent SELECT generate_series(1, 5);
  CREATE SEQUENCE ticket_no; CREATE TABLE ticket (id integer PRIMARY KEY DEFAULT nextval('ticket_no'));
  INSERT INTO ticket SELECT FROM generate_series(1, 5);`;

describe.for(MAJORS)("tables and sequences of extensions, PostgreSQL %i", (major) => {
  test("what the extension marks as the user's is backed up and restored", async () => {
    const sql = QUEUE + members(["TABLE queue", "SEQUENCE ticket_no"], ["queue", "ticket_no"]);
    const { db, database } = await testDatabase({ major, sql });
    const { path, rows, warnings } = await backUpAll(db, database);
    expect({ rows, warnings }).toEqual({ rows: 15, warnings: [] });
    expect((await backUp(database, { tables: [table("queue")] })).result.rows).toBe(5);
    const whole = await databaseText(db.url);
    await db.query(
      "DELETE FROM sent; DELETE FROM queue; ALTER SEQUENCE ticket_no RESTART; TRUNCATE ticket",
    );
    expect((await rehearsed(database, path)).wouldSucceed).toBe(true);
    await restore(database, path);
    expect(await databaseText(db.url)).toBe(whole);
    expect(await db.query("INSERT INTO ticket DEFAULT VALUES RETURNING id")).toEqual([{ id: 6 }]);
  });

  test("what it does not mark is named, with its rows, and is no unknown table", async () => {
    const sql =
      QUEUE +
      members(["TABLE queue", "TABLE sent", "SEQUENCE ticket_no"], ["sent"], ["WHERE id > 3"]);
    const { db, database } = await testDatabase({ major, sql });
    const { path, warnings } = await backUpAll(db, database);
    expect(warnings).toEqual([
      "EXTENSION_TABLE: public.queue belongs to the extension citext: its 5 rows are not in the backup, nor changed by a restore.",
      "EXTENSION_TABLE: public.sent belongs to the extension citext: its 5 rows are not in the backup, nor changed by a restore.",
    ]);
    expect(await doctorSays(database)).toMatch(
      /^warning\n.*hold rows.*\npublic\.queue \(5 rows\)\npublic\.sent \(5 rows\)$/m,
    );
    await db.query(
      "UPDATE pg_extension SET extcondition = ARRAY['WHERE id > 5'] WHERE extname = 'citext'",
    );
    expect(await doctorSays(database)).toMatch(
      /^warning\n.*hold rows.*\npublic\.queue \(5 rows\)\nnote\n.*\npublic\.sent \(5 rows\)$/m,
    );
    for (const [name, why] of [
      ["queue", "does not mark its rows"],
      ["sent", "marks only some of its rows"],
    ] as const) {
      const error = await errorOf(backUp(database, { tables: [table(name)] }));
      expect(error.message).toMatch(`public.${name} belongs to the extension citext`);
      expect(error.message).toContain(why);
    }
    // A table of the user draws from this sequence.
    await db.query("ALTER SEQUENCE ticket_no RESTART; TRUNCATE ticket");
    await restore(database, path);
    expect(await db.query("INSERT INTO ticket DEFAULT VALUES RETURNING id")).toEqual([{ id: 6 }]);
  });

  test("a sequence that a trigger draws from is backed up, too", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE SEQUENCE drawn; CREATE TABLE t (id int PRIMARY KEY);
        CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := nextval('public.drawn'); RETURN NEW; END $$;
        CREATE TRIGGER number BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION number(); INSERT INTO t SELECT FROM generate_series(1, 5); ${members(["SEQUENCE drawn"])}`,
    });
    const { path, warnings } = await backUpAll(db, database);
    expect(warnings).toEqual([]);
    await db.query("DELETE FROM t; ALTER SEQUENCE drawn RESTART");
    await restore(database, path);
    expect(await db.query("INSERT INTO t DEFAULT VALUES RETURNING id")).toEqual([{ id: 6 }]);
  });

  test("what another role owns is named, and restoring it needs that role", async () => {
    const marked = members(["TABLE queue", "SEQUENCE free"], ["queue", "free"]);
    const { db, database } = await testDatabase({
      major,
      sql: `${QUEUE} CREATE SEQUENCE free; ${marked}`,
    });
    const { path } = await backUpAll(db, database);
    const role = await asRole(
      db,
      (it) =>
        `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${it}; ALTER TABLE sent OWNER TO ${it}; ALTER TABLE ticket OWNER TO ${it}; ALTER SEQUENCE ticket_no OWNER TO ${it}; GRANT CREATE, USAGE ON SCHEMA public TO ${it}; GRANT CREATE ON DATABASE ${db.name} TO ${it}`,
    );
    const { warnings } = await backUpAll(db, role);
    expect(warnings.filter((it) => !it.startsWith("PARENT"))).toEqual([
      "EXTENSION_TABLE: public.queue belongs to the extension citext: its 5 rows are not in the backup, nor changed by a restore.",
      "EXTENSION_SEQUENCE: public.free is a sequence of the extension citext: its value is not in the backup, and a restore does not change it.",
    ]);
    expect((await errorOf(backUp(role, { tables: [table("queue")] }))).message).toContain(
      "does not own it",
    );
    const error = await refusal(role, path);
    expect(error).toMatchObject({ code: "INSUFFICIENT_PRIVILEGE" });
    expect(error.message).toContain("does not own public.queue");
    // Counting does not wait for a locked table.
    const holder = new pg.Client(db.url);
    await holder.connect();
    await holder.query("BEGIN; LOCK TABLE queue");
    const { result } = await backUp(role);
    expect(result.warnings).toContainEqual(expect.objectContaining({ code: "EXTENSION_TABLE" }));
    await holder.end();
  });

  test("partitions and children below what an extension owns are tables of their own", async () => {
    const sql = `CREATE SCHEMA s; CREATE TABLE r (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
      CREATE TABLE r1 PARTITION OF r FOR VALUES IN (1); CREATE TABLE s.r2 PARTITION OF r DEFAULT PARTITION BY LIST (k);
      CREATE TABLE r2x PARTITION OF s.r2 FOR VALUES IN (2); CREATE TABLE r2y PARTITION OF s.r2 DEFAULT; CREATE TABLE r3 PARTITION OF r FOR VALUES IN (9);
      INSERT INTO r SELECT i, i % 4 FROM generate_series(1, 40) i; INSERT INTO r VALUES (1, 9), (2, 9);
      CREATE TABLE base (id int); CREATE TABLE heir () INHERITS (base); INSERT INTO base VALUES (1); INSERT INTO heir VALUES (2), (3);
      CREATE TABLE own (id int, k int) PARTITION BY LIST (k); CREATE TABLE own_1 PARTITION OF own FOR VALUES IN (1) PARTITION BY LIST (k); CREATE TABLE own_1x PARTITION OF own_1 DEFAULT; INSERT INTO own VALUES (1, 1);
      CREATE MATERIALIZED VIEW seen AS SELECT * FROM base;
      ${members(["TABLE r", "TABLE r3", "TABLE base", "TABLE own_1", "MATERIALIZED VIEW seen"])}`;
    const { db, database } = await testDatabase({ major, sql });
    const { path, rows, warnings } = await backUpAll(db, database);
    expect(rows).toBe(43);
    expect(warnings.map((it) => it.slice(0, 35))).toEqual(
      [
        "EXTENSION_TABLE: public.base belongs",
        "EXTENSION_TABLE: public.r3 belongs t",
        "EXTENSION_TABLE: public.seen belongs",
      ].map((it) => it.slice(0, 35)),
    );
    const whole = await databaseText(db.url);
    for (const mode of ["replace", "overwrite"] as const) {
      await db.query(
        "DELETE FROM heir; UPDATE r SET id = id + 100 WHERE k = 1; DELETE FROM own; DELETE FROM s.r2",
      );
      const tables = ["r1", "r2"].map((name) => table(name, name === "r2" ? "s" : "public"));
      const scope = mode === "replace" ? { mode } : { mode, tables };
      const report = await rehearsed(database, path, { scope });
      expect(report).toMatchObject({ wouldSucceed: true });
      await restore(database, path, { scope });
      if (mode === "replace") expect(await databaseText(db.url)).toBe(whole);
      else expect(await db.query("SELECT count(*)::int FROM r")).toEqual([{ count: 52 }]);
    }
  });

  test("a foreign key to a partitioned table of an extension is in the way, and is named", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE TABLE r (id int PRIMARY KEY, up int REFERENCES r) PARTITION BY RANGE (id);
        CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (10); CREATE TABLE r2 PARTITION OF r DEFAULT; INSERT INTO r VALUES (1, 1), (11, 1);
        CREATE TABLE a (id int REFERENCES r); INSERT INTO a VALUES (1), (11); ${members(["TABLE r"])}`,
    });
    const { path } = await backUpAll(db, database);
    const { hint } = await refusal(database, path);
    for (const statement of [
      "ALTER TABLE public.a DROP CONSTRAINT a_id_fkey;",
      "ALTER TABLE public.r DROP CONSTRAINT r_up_fkey;",
    ]) {
      expect(hint).toContain(statement);
      await db.query(statement);
    }
    await db.query("DELETE FROM a; DELETE FROM r");
    expect((await rehearsed(database, path)).wouldSucceed).toBe(true);
    await restore(database, path);
    expect(await db.query("SELECT count(*)::int FROM r")).toEqual([{ count: 2 }]);
  });

  test("a row that such a partition does not take is found by the rehearsal", async () => {
    const sql = (bound: string) => `CREATE TABLE r (id int) PARTITION BY RANGE (id);
      CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (${bound}); INSERT INTO r VALUES (1), (5); ${members(["TABLE r"])}`;
    const { db, database } = await testDatabase({ major, sql: sql("10") });
    const { path } = await backUpAll(db, database);
    await db.query(
      "DELETE FROM r1 WHERE id = 5; ALTER TABLE r DETACH PARTITION r1; ALTER TABLE r ATTACH PARTITION r1 FOR VALUES FROM (0) TO (3)",
    );
    const report = await rehearsed(database, path);
    expect(report).toMatchObject({ wouldSucceed: false, violations: [{ kind: "partition" }] });
    expect((await errorOf(restore(database, path))).code).toBe("CONSTRAINT_VIOLATED");
  });
});

const METRIC = `
  CREATE SCHEMA chunk; CREATE TABLE metric (at date, v integer);
  CREATE TABLE chunk.m1 () INHERITS (metric); CREATE TABLE chunk.m2 (extra text) INHERITS (metric); CREATE TABLE chunk.empty () INHERITS (metric);
  CREATE TABLE "Second" (w int); CREATE TABLE chunk.both_ ("Own" numeric(5,2)) INHERITS (chunk.m1, "Second");
  INSERT INTO chunk.m1 SELECT '2025-01-01', i FROM generate_series(1, 5) i; INSERT INTO chunk.m2 SELECT '2025-02-01', i FROM generate_series(1, 5) i;
  INSERT INTO chunk.both_ VALUES ('2025-03-01', 1, 1, 1)`;

describe.for(MAJORS)("children by inheritance, PostgreSQL %i", (major) => {
  test("a parent without them: the warnings name those that hold rows", async () => {
    const { db, database } = await testDatabase({ major, sql: METRIC });
    const leftOut = async (options: BackUpOptions) =>
      (await backUp(database, options)).result.warnings
        .filter(({ code }) => code === "CHILDREN_LEFT_OUT")
        .map(({ table: it, message }) => [
          it?.name,
          message.match(/not chosen: (.*)\. Choose/)?.[1],
        ]);
    const m1 = "chunk.m1 (5 rows)";
    const m2 = "chunk.m2 (5 rows)";
    const both = "chunk.both_ (1 row)";
    expect(await leftOut({ tables: [table("metric")] })).toEqual([
      ["metric", [both, m1, m2].join(", ")],
    ]);
    expect(await leftOut({ tables: [table("Second"), table("m1", "chunk")] })).toEqual([
      ["m1", both],
      ["Second", both],
    ]);
    expect(await leftOut({ exclude: [table("m2", "chunk")] })).toEqual([["metric", m2]]);
    expect(await leftOut({ exclude: [table("empty", "chunk")] })).toEqual([]);
    expect(await leftOut({ tables: [table("m2", "chunk")] })).toEqual([]);
    expect((await backUpAll(db, database)).warnings).toEqual([]);
  });

  test("rows of children on another server, or of an extension, are named where the parent is chosen", async () => {
    const { database } = await testDatabase({
      major,
      sql: `CREATE TABLE base (id int); CREATE TABLE m () INHERITS (base); INSERT INTO m VALUES (1); CREATE TABLE below () INHERITS (m); INSERT INTO below VALUES (1), (2);
        CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE far () INHERITS (base) SERVER s;
        CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE FOREIGN TABLE part PARTITION OF p DEFAULT SERVER s; ${members(["TABLE m"])}`,
    });
    const warned = async (name: string) =>
      (await backUp(database, { tables: [table(name)] })).result.warnings.map(
        ({ code, table: it }) => `${code} ${it?.name}`,
      );
    expect(await warned("base")).toEqual([
      "TABLES_NOT_CHOSEN undefined",
      "FOREIGN_TABLE far",
      "EXTENSION_TABLE m",
      "CHILDREN_LEFT_OUT base",
    ]);
    expect(await warned("p")).toEqual(["TABLES_NOT_CHOSEN undefined", "FOREIGN_PARTITION part"]);
    expect(await warned("below")).toEqual(["TABLES_NOT_CHOSEN undefined"]);
  });

  test("restoring the parent alone is said by the check, the rehearsal and the restore", async () => {
    const { db, database } = await testDatabase({ major, sql: METRIC });
    const { path } = await backUpAll(db, database);
    const scope = { mode: "replace" as const, tables: [table("metric")] };
    const expected =
      /^public\.metric is restored with its own rows alone.*: chunk\.both_, chunk\.m1, chunk\.m2\./;
    const { warnings } = await restore(database, path, { scope });
    expect(warnings).toMatchObject([
      { code: "CHILDREN_LEFT_OUT", message: expect.stringMatching(expected) },
    ]);
    expect((await rehearsed(database, path, { scope })).warnings).toEqual(warnings);
    expect((await restore(database, path)).warnings).toEqual([]);
  });

  test("a child that is missing: how to make it", async () => {
    const { db, database } = await testDatabase({ major, sql: METRIC });
    const { path } = await backUpAll(db, database);
    const everything = () => (major === 15 ? pgDumpText(db.url) : databaseText(db.url));
    const whole = await everything();
    for (const [child, statement] of [
      ["chunk.m2", "CREATE TABLE chunk.m2 (extra text) INHERITS (public.metric)"],
      [
        "chunk.both_",
        'CREATE TABLE chunk.both_ ("Own" numeric(5,2)) INHERITS (chunk.m1, public."Second")',
      ],
    ] as const) {
      await db.query(`DROP TABLE ${child}`);
      expect((await refusal(database, path)).hint).toContain(`(${statement})`);
      await db.query(statement);
      await restore(database, path);
      expect(await everything()).toBe(whole);
    }
    await db.query("DROP TABLE chunk.m1 CASCADE");
    const { message } = await refusal(database, path);
    expect(message).toContain("chunk.both_");
    expect(message).toContain("chunk.m1");
  });
});

test.skipIf(!requireTool("jq"))("counted by unzip and jq", async () => {
  const { db, database } = await testDatabase({
    sql: `${VISIT} ${QUEUE} ${METRIC}; ${pending("visit_old")}${members(["TABLE queue"], ["queue"])}`,
  });
  const { path, result } = await backUp(database);
  const names = (await shell(`unzip -Z1 ${path} 'tables/*'`, "/")).trim().split("\n");
  const archived = new Map<string, number>();
  for (const entry of names) {
    const [schema, name] = entry.replace(/^tables\/|\.json$/g, "").split(".");
    archived.set(
      JSON.stringify([schema, name]),
      Number(await shell(`unzip -p ${path} ${entry} | jq length`, "/")),
    );
  }
  expect(await missedRows(db.url, archived, result.warnings)).toEqual([]);
});
