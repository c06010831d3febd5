import pg from "pg";
import { describe, expect, test } from "vitest";
import {
  asRole,
  backUp,
  check,
  editArchive,
  errorOf,
  leftSessions,
  openTestDatabase,
  restore,
  testDatabase,
  toldOf,
} from "../testing/backups.ts";
import { pgDumpText } from "../testing/database.ts";
import { sample } from "../testing/scope.ts";
import { beginRestore } from "./run-restore.ts";

/** A value that must not appear in any message. */
const SECRET = "a-secret-value";

describe("rows that the database refuses: named by table, row and constraint or column, never by another value than the row's key", () => {
  const SQL = `
    CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE, size int NOT NULL CHECK (size > 0), day date, big int8, doubled int GENERATED ALWAYS AS (size * 2) STORED);
    CREATE TABLE child (id int PRIMARY KEY, parent_id int CONSTRAINT "the parent" REFERENCES parent);
    INSERT INTO parent (id, code, size, day, big) SELECT i, repeat('c', 200) || i, 1 + i, '2024-01-01', i FROM generate_series(1, 20000) i;
    INSERT INTO child SELECT i, i FROM generate_series(1, 100) i`;
  const cases: Array<{
    what: string;
    edit: Record<string, (json: string) => string>;
    code: string;
    details: Record<string, unknown>;
  }> = [
    {
      what: "a value of another type",
      edit: { "public.parent": (json) => json.replace('"id":15000,', `"id":"${SECRET}",`) },
      code: "LOAD_FAILED",
      details: { table: { schema: "public", name: "parent" }, rows: [15000, 15000], column: "id" },
    },
    {
      what: "a number out of range",
      edit: {
        "public.parent": (json) => json.replace('"big":"3"', '"big":"92233720368547758080"'),
      },
      code: "LOAD_FAILED",
      details: { rows: [3, 3], key: "id = 3", column: "big" },
    },
    {
      what: "a generated value out of range",
      edit: { "public.parent": (json) => json.replace('"size":19999,', '"size":2147483647,') },
      code: "LOAD_FAILED",
      details: { rows: [19998, 19998] },
    },
    {
      what: "NULL where a value must be",
      edit: { "public.parent": (json) => json.replace('"size":3,', '"size":null,') },
      code: "CONSTRAINT_VIOLATED",
      details: { rows: [2, 2], key: "id = 2", column: "size" },
    },
    {
      what: "a failed check",
      edit: { "public.parent": (json) => json.replace('"size":18001,', '"size":-1,') },
      code: "CONSTRAINT_VIOLATED",
      details: { rows: [18000, 18000], key: "id = 18000", constraint: "parent_size_check" },
    },
    {
      what: "a repeated key",
      edit: { "public.parent": (json) => json.replace('"id":12,', '"id":11,') },
      code: "CONSTRAINT_VIOLATED",
      details: { rows: [12, 12], key: "id = 11", constraint: "parent_pkey" },
    },
    {
      what: "a repeated key of an earlier batch: some of its rows is to blame",
      edit: { "public.parent": (json) => json.replace('"id":20000,', '"id":1,') },
      code: "CONSTRAINT_VIOLATED",
      details: { rows: [expect.any(Number), 20000], constraint: "parent_pkey" },
    },
    {
      what: "a missing parent",
      edit: { "public.child": (json) => json.replace('"parent_id":7}', '"parent_id":70007}') },
      code: "CONSTRAINT_VIOLATED",
      details: {
        table: { schema: "public", name: "child" },
        key: "id = 7",
        missing: "parent_id = 70007",
        constraint: "the parent",
      },
    },
  ];
  test.for(sample(cases))("$what", async ({ edit, code, details }) => {
    const { db, database } = await testDatabase({ sql: SQL });
    const path = await editArchive((await backUp(database)).path, edit);
    await db.query(
      "UPDATE parent SET day = 'today' WHERE id < 100; DELETE FROM child WHERE id > 50",
    );
    const before = await pgDumpText(db.url);

    const error = await errorOf(restore(database, path));
    expect(error).toMatchObject({ code, details });
    expect(error.message).toContain("Nothing was changed.");
    const { key, missing, ...others } = error.details ?? {};
    expect(toldOf(Object.assign(error, { details: others }))).not.toMatch(
      new RegExp(`${SECRET}|70007|ccc|92233720368547758080`),
    );
    expect(await leftSessions(db)).toEqual([]);
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

describe("a schema that does not fit is refused before anything is changed", () => {
  const SQL =
    "CREATE TABLE t (a int, b varchar(10)); CREATE TABLE u (a int); INSERT INTO t VALUES (1, 'x')";
  test.for([
    ["a missing table", "DROP TABLE u", "The database has no table public.u."],
    [
      "another type",
      "ALTER TABLE t ALTER b TYPE varchar(5)",
      "was character varying(10) and is character varying(5) now",
    ],
    [
      "a new required column",
      "ALTER TABLE t ADD c int NOT NULL DEFAULT 0; ALTER TABLE t ALTER c DROP DEFAULT",
      "The column c of public.t is required",
    ],
    [
      "a column that is generated now",
      "ALTER TABLE t DROP b; ALTER TABLE t ADD b varchar(10) GENERATED ALWAYS AS ('x') STORED",
      "is now generated",
    ],
    [
      "a table outside that refers to one inside",
      "ALTER TABLE t ADD PRIMARY KEY (a); CREATE TABLE v (t_a int CONSTRAINT to_t REFERENCES t)",
      "public.v refers to public.t (to_t)",
    ],
  ] as const)("%s", async ([, change, message]) => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path } = await backUp(database);
    await db.query(change);
    const before = await pgDumpText(db.url);
    const error = await errorOf(restore(database, path));
    expect(error.code).toBe("SCHEMA_DRIFT");
    expect(error.message).toContain(message);
    expect(error.message).toContain("Nothing was changed.");
    expect(await pgDumpText(db.url)).toBe(before);
    const plan = await check(database, path);
    expect(plan.canStart).toBe(false);
    expect(JSON.stringify(plan.checks.filter(({ state }) => state === "failed"))).toContain(
      message,
    );
  });

  test("a dropped column is left out, and a widened one takes every value as its new type", async () => {
    const sql = `CREATE TABLE t (id int PRIMARY KEY, gone text, a smallint, b varchar(3), c numeric(4,2), d real, e timestamp(3), f int[], g char(3), h bigint);
      INSERT INTO t VALUES (1, 'gone', -32768, 'abc', 12.34, 0.1, '2024-01-01 00:00:00.123', '{1,NULL}', 'x', 9223372036854775807), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, '', 1, '', 'NaN', 'NaN', 'infinity', '{}', '', 0)`;
    const change = `ALTER TABLE t DROP gone, ALTER a TYPE bigint, ALTER b TYPE text, ALTER c TYPE numeric(10,4), ALTER d TYPE double precision, ALTER e TYPE timestamp, ALTER f TYPE bigint[],
      ALTER g TYPE text, ALTER h TYPE numeric, ADD UNIQUE (b)`;
    const { db, database } = await testDatabase({ sql });
    const { path } = await backUp(database);
    await db.query(change);
    // The rows as PostgreSQL itself converts them.
    const before = await pgDumpText(db.url);
    await db.query("UPDATE t SET a = 7, b = NULL; DELETE FROM t WHERE id = 3");
    const { drift, canStart } = await check(database, path);
    expect(canStart).toBe(true);
    expect(drift.map(({ column }) => column)).toEqual(["gone", ..."abcdefgh"]);
    const { warnings } = await restore(database, path);
    expect(warnings.map(({ code }) => code)).toEqual(["COLUMN_LEFT_OUT"]);
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test("a new column that may be empty, or has a default, is no hindrance", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path } = await backUp(database);
    await db.query(
      "ALTER TABLE t ADD c int, ADD d int NOT NULL DEFAULT 5, ADD e int GENERATED ALWAYS AS (a * 2) STORED; DELETE FROM t",
    );
    expect((await check(database, path)).drift.map(({ kind, column }) => [kind, column])).toEqual([
      ["column-added", "c"],
      ["column-added", "d"],
    ]);
    await restore(database, path);
    expect(await db.query("SELECT * FROM t")).toEqual([{ a: 1, b: "x", c: null, d: 5, e: 2 }]);
  });
});

test("foreign keys whose triggers only a superuser could put back are refused by name", async () => {
  const { db } = await testDatabase({
    sql: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)",
  });
  const owner = await asRole(
    db,
    (role) =>
      `ALTER TABLE p OWNER TO ${role}; ALTER TABLE c OWNER TO ${role}; ALTER TABLE p DISABLE TRIGGER ALL`,
  );
  const { path } = await backUp(owner);
  await db.query("DELETE FROM p");
  const before = await pgDumpText(db.url);
  const error = await errorOf(restore(owner, path));
  expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
  expect(error.message).toContain("c_p_id_fkey of public.c. Nothing was changed.");
  expect((await check(owner, path)).canStart).toBe(false);
  expect(await pgDumpText(db.url)).toBe(before);
});

test("an event trigger that fires for a plain owner and writes into a restored table makes the restore fail, and says why", async () => {
  const { db } = await testDatabase({
    sql: "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int REFERENCES p); CREATE TABLE ddl (what text)",
  });
  const owner = await asRole(
    db,
    (role) =>
      `ALTER TABLE p OWNER TO ${role}; ALTER TABLE c OWNER TO ${role}; ALTER TABLE ddl OWNER TO ${role}; GRANT USAGE ON SCHEMA public TO ${role};
      CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ddl VALUES (tg_tag); END';
      CREATE EVENT TRIGGER logged ON ddl_command_end EXECUTE FUNCTION log_ddl(); TRUNCATE ddl`,
  );
  const { path } = await backUp(owner);
  await db.query("INSERT INTO p VALUES (1)");
  const before = await pgDumpText(db.url);
  const error = await errorOf(restore(owner, path));
  expect(error.code).toBe("LOAD_FAILED");
  expect(error.message).toContain("public.ddl has 1 rows after the load, but the backup has 0");
  expect(error.hint).toContain("event trigger");
  expect(await pgDumpText(db.url)).toBe(before);
});

describe("rights", () => {
  test("all tables and sequences that a role may not read are named", async () => {
    const { db } = await testDatabase({
      sql: "CREATE TABLE a (id serial); CREATE TABLE b (id int); CREATE TABLE ok (id int); CREATE SCHEMA closed CREATE TABLE c (id int)",
    });
    const database = await asRole(db, (role) => `GRANT SELECT ON ok, closed.c TO ${role}`);
    const error = await errorOf(backUp(database));
    expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
    expect(error.message).toContain("closed.c, public.a, public.b, public.a_id_seq");
    expect(error.message).toContain("No backup was made.");
    expect(
      (await backUp(database, { tables: [{ schema: "public", name: "ok" }] })).result.rows,
    ).toBe(0);
  });

  test("all tables and sequences that a role does not own are named", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE a (id serial); CREATE TABLE b (id int); CREATE TABLE own (id int)",
    });
    const { path } = await backUp(database);
    const other = await asRole(
      db,
      (role) =>
        `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}; ALTER TABLE own OWNER TO ${role}; INSERT INTO b VALUES (1)`,
    );
    const before = await pgDumpText(db.url);
    const error = await errorOf(restore(other, path));
    expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
    expect(error.message).toBe(
      "The database role does not own public.a, public.b, public.a_id_seq. Nothing was changed.",
    );
    expect(await pgDumpText(db.url)).toBe(before);
  });

  const FOR_T = "INSERT, TRUNCATE for public.t";
  test.for([
    ["USAGE", "REVOKE ALL ON SCHEMA shop FROM $role", "USAGE of the schema shop for shop.s"],
    ["SELECT", "REVOKE SELECT ON p1, s FROM $role", "SELECT for public.s"],
    ["SELECT of a sequence", "REVOKE SELECT ON t_id_seq FROM $role", "SELECT for public.t_id_seq"],
    ["UPDATE of a sequence", "REVOKE UPDATE ON t_id_seq FROM $role", "UPDATE for public.t_id_seq"],
    ["INSERT and TRUNCATE", "REVOKE INSERT, TRUNCATE, UPDATE ON t FROM $role", FOR_T],
    ["REFERENCES", "REVOKE REFERENCES, DELETE ON t FROM $role", "REFERENCES for public.t"],
    [
      "all, in a partitioned table",
      "REVOKE ALL ON p FROM $role; REVOKE TRUNCATE ON t FROM $role",
      "SELECT, INSERT, TRUNCATE for public.p; TRUNCATE for public.t",
    ],
  ] as const)(
    "%s that was revoked from the owner is named with its tables, before anything is written",
    async ([, revoke, missing]) => {
      const { db, database } = await testDatabase({
        sql: `CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE s (t_id int REFERENCES t); CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT;
        CREATE SCHEMA shop; CREATE TABLE shop.s (a int); INSERT INTO t VALUES (1); INSERT INTO s VALUES (1); INSERT INTO p VALUES (1); INSERT INTO shop.s VALUES (1)`,
      });
      const { path } = await backUp(database);
      let name = "";
      const owner = await asRole(db, (role) => {
        name = role;
        return `GRANT USAGE ON SCHEMA shop TO ${role}; ${["t", "s", "p", "p1", "shop.s"].map((it) => `ALTER TABLE ${it} OWNER TO ${role}`).join("; ")}`;
      });
      await db.query(`${revoke.replaceAll("$role", name)}; DELETE FROM s; DELETE FROM p`);
      const before = await pgDumpText(db.url);
      const error = await errorOf(restore(owner, path));
      expect(error).toMatchObject({
        code: "INSUFFICIENT_PRIVILEGE",
        message: `The database role is an owner from whom rights were revoked that a restore needs: ${missing}. Nothing was changed.`,
      });
      expect((await check(owner, path)).canStart).toBe(false);
      expect(await pgDumpText(db.url)).toBe(before);
    },
  );

  test("an owner needs no right that a restore does not use", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE t (id serial PRIMARY KEY); CREATE TABLE s (t_id int REFERENCES t); INSERT INTO t DEFAULT VALUES; INSERT INTO s VALUES (1)",
    });
    const { path } = await backUp(database);
    const owner = await asRole(
      db,
      (role) =>
        `ALTER TABLE t OWNER TO ${role}; ALTER TABLE s OWNER TO ${role}; REVOKE UPDATE, DELETE, TRIGGER ON t, s FROM ${role}; REVOKE REFERENCES ON s FROM ${role}; REVOKE USAGE ON t_id_seq FROM ${role}`,
    );
    const before = await pgDumpText(db.url);
    await db.query("TRUNCATE s, t; INSERT INTO t VALUES (7)");
    await restore(owner, path);
    expect(await pgDumpText(db.url)).toBe(before);
    // Merged rows are deleted one by one.
    const error = await errorOf(
      restore(owner, path, {
        scope: { mode: "overwrite", tables: [{ schema: "public", name: "t" }] },
      }),
    );
    expect(error.message).toContain("DELETE for public.t");
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test("an owner that is no superuser backs up and restores", async () => {
    const { db } = await testDatabase({
      sql: "CREATE TABLE p (id serial PRIMARY KEY); CREATE TABLE c (id int REFERENCES p ON DELETE CASCADE); INSERT INTO p DEFAULT VALUES; INSERT INTO c VALUES (1)",
    });
    const owner = await asRole(
      db,
      (role) =>
        `ALTER TABLE p OWNER TO ${role}; ALTER TABLE c OWNER TO ${role}; GRANT USAGE ON SCHEMA public TO ${role}`,
    );
    const before = await pgDumpText(db.url);
    const { path } = await backUp(owner);
    await db.query("DELETE FROM p; INSERT INTO p DEFAULT VALUES");
    await restore(owner, path);
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

test("a domain's check that is not valid, and somebody else's: the rows that violate it are refused with its name", async () => {
  const { db } = await testDatabase({
    sql: `CREATE DOMAIN late AS int; CREATE TABLE t (id int PRIMARY KEY, a late); INSERT INTO t VALUES (1, 1), (2, -1);
      ALTER DOMAIN late ADD CONSTRAINT "later on" CHECK (VALUE > 0) NOT VALID`,
  });
  const owner = await asRole(db, (role) => `ALTER TABLE t OWNER TO ${role}`);
  const { path } = await backUp(owner);
  await db.query("DELETE FROM t WHERE id = 1");
  const before = await pgDumpText(db.url);
  const error = await errorOf(restore(owner, path));
  expect(error).toMatchObject({
    code: "CONSTRAINT_VIOLATED",
    details: { table: { schema: "public", name: "t" }, constraint: "later on" },
  });
  expect(error.message).toContain("Nothing was changed.");
  expect(await pgDumpText(db.url)).toBe(before);
});

test("partitions that the role does not own are named", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT",
  });
  const { path } = await backUp(database);
  const other = await asRole(
    db,
    (role) => `ALTER TABLE ONLY p OWNER TO ${role}; INSERT INTO p VALUES (1)`,
  );
  const before = await pgDumpText(db.url);
  const error = await errorOf(restore(other, path));
  expect(error.message).toBe("The database role does not own public.p1. Nothing was changed.");
  expect(await pgDumpText(db.url)).toBe(before);
});

describe("row-level security", () => {
  const SQL =
    "CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY only_one ON t USING (a = 1); INSERT INTO t VALUES (1), (2)";

  test("does not concern the owner", async () => {
    const { db } = await testDatabase({ sql: SQL });
    const owner = await asRole(db, (role) => `ALTER TABLE t OWNER TO ${role}`);
    const { path, result } = await backUp(owner);
    expect(result.rows).toBe(2);
    await db.query("DELETE FROM t");
    await restore(owner, path);
    expect(await db.query("SELECT a FROM t ORDER BY a")).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test("makes a backup by a role that it applies to fail, never with rows missing", async () => {
    const { db } = await testDatabase({ sql: SQL });
    const reader = await asRole(db, (role) => `GRANT SELECT ON t TO ${role}`);
    const error = await errorOf(backUp(reader));
    expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
    expect(error.message).toBe(
      "Row-level security may hide rows of public.t from the database role. No backup was made.",
    );
  });

  test("forced upon an owner with BYPASSRLS has no effect", async () => {
    const { db } = await testDatabase({ sql: SQL });
    const owner = await asRole(
      db,
      (role) =>
        `ALTER TABLE t OWNER TO ${role}; ALTER TABLE t FORCE ROW LEVEL SECURITY; ALTER ROLE ${role} BYPASSRLS`,
    );
    const { path, result } = await backUp(owner);
    expect(result.rows).toBe(2);
    await db.query("DELETE FROM t");
    await restore(owner, path);
    expect(await db.query("SELECT a FROM t ORDER BY a")).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test("forced upon the owner makes backup and restore fail", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path } = await backUp(database);
    const owner = await asRole(
      db,
      (role) => `ALTER TABLE t OWNER TO ${role}; ALTER TABLE t FORCE ROW LEVEL SECURITY`,
    );
    expect((await errorOf(backUp(owner))).code).toBe("INSUFFICIENT_PRIVILEGE");
    const error = await errorOf(restore(owner, path));
    expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
    expect(error.message).toBe(
      "Row-level security applies to the database role in public.t. Nothing was changed.",
    );
    expect(await db.query("SELECT a FROM t ORDER BY a")).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

describe("others at work", () => {
  test("who holds a table is named when the wait is over", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE t (a int); CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p VALUES (1)",
    });
    const { path } = await backUp(database);
    const other = new pg.Client({ connectionString: db.url, application_name: "nightly job" });
    await other.connect();
    await other.query("BEGIN; SELECT FROM p1");
    const error = await errorOf(restore(database, path, { lockTimeoutMs: 200 }));
    await other.end();
    expect(error.code).toBe("LOCK_TIMEOUT");
    expect(error.message).toMatch(
      /Nothing was changed\. .*nightly job \(process \d+, role postgres\) on public\.p1/,
    );
    expect(await leftSessions(db)).toEqual([]);
    await restore(database, path);
  });

  test("of two restores at once, one is refused", async () => {
    const { db, database } = await testDatabase({ sql: "CREATE TABLE t (a int)" });
    const began = await Promise.allSettled([
      beginRestore(database),
      beginRestore(openTestDatabase(db.url)),
    ]);
    const refused = began.filter((it) => it.status === "rejected");
    expect(refused.map(({ reason }) => reason.code)).toEqual(["OPERATION_IN_PROGRESS"]);
    for (const it of began) if (it.status === "fulfilled") await it.value.end();
    await (await beginRestore(database)).end();
    expect(await leftSessions(db)).toEqual([]);
  });
});
