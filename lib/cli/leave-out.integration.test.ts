import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import { asRole, temporaryPath, testDatabase } from "../testing/backups.ts";
import { pgDumpText, type TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";

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

async function scene(sql: string, major: Major = 15) {
  const { db } = await testDatabase({ sql, major });
  const file = await temporaryPath();
  const create = (...args: string[]) =>
    cli("create", "--url", db.url, "--out", file, "--no-encryption", ...args);
  const restore = (...args: string[]) => cli("restore", file, "--url", db.url, ...args);
  return { db, file, create, restore };
}

/** The options in a hint, as a person would copy them. */
const optionsIn = (stderr: string): string[] =>
  [...(/^hint: To leave them out: (.*)$/m.exec(stderr)?.[1] ?? "").matchAll(/'([^']*)'|\S+/g)].map(
    ([word, quoted]) => quoted ?? word,
  );

const inBackup = async (file: string): Promise<string[]> => {
  const { manifest } = JSON.parse((await cli("inspect", file, "--json")).stdout);
  return manifest.tables
    .map(({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`)
    .toSorted();
};

const count = async (db: TestDatabase, table: string) =>
  (await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n;

/** A schema without tables of its own: only partitions of another schema's table, or sequences. */
const PARTITIONS = `CREATE SCHEMA q; CREATE TABLE p (id int) PARTITION BY LIST (id);
  CREATE TABLE q.p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE q.p2 PARTITION OF p DEFAULT PARTITION BY LIST (id);
  CREATE TABLE q.p3 PARTITION OF q.p2 DEFAULT; CREATE TABLE t (id int)`;
const SEQUENCES =
  "CREATE SCHEMA q; CREATE SEQUENCE q.s; SELECT setval('q.s', 7); CREATE TABLE t (id int)";

const UNENCRYPTED =
  "warning: The backup is not encrypted. Its checksums find damage, but no deliberate forgery.\n";

const LEFTOVERS = `
  CREATE TABLE t1 (id integer PRIMARY KEY); CREATE TABLE t2 (id integer PRIMARY KEY);
  CREATE TABLE leftover_1 AS TABLE t1; CREATE TABLE "left.over 2" AS TABLE t1;
  CREATE SEQUENCE free_no; SELECT setval('free_no', 77);
  INSERT INTO t1 VALUES (1); INSERT INTO t2 VALUES (1)`;

describe("restore --exclude", () => {
  test.for(MAJORS)(
    "leftovers: the remedy is an option, and can be copied: PostgreSQL %i",
    async (major) => {
      const { db, create, restore } = await scene(LEFTOVERS, major);
      await create();
      await db.query(
        `DROP TABLE leftover_1, "left.over 2"; DELETE FROM t1; SELECT setval('free_no', 90)`,
      );
      const refused = await restore("--yes");
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(
        "The database has no tables public.left.over 2 and public.leftover_1. Nothing was changed.",
      );
      const options = optionsIn(refused.stderr);
      expect(options).toEqual([
        "--exclude",
        'public."left.over 2"',
        "--exclude",
        "public.leftover_1",
      ]);
      // The check and the trial run, which change nothing, give the same options.
      expect(optionsIn((await restore()).stderr)).toEqual(options);
      expect((await restore("--rehearse")).stdout).toContain(
        `  To leave them out: --exclude 'public."left.over 2"' --exclude public.leftover_1\n`,
      );

      expect(await restore("--rehearse", ...options)).toMatchObject({ code: 0 });
      expect(await restore(...options)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("The restore would replace every row of 2 tables"),
      });
      const restored = await restore("--yes", ...options);
      // No message says that tables stay, because the excluded ones do not exist here.
      expect(restored).toMatchObject({ code: 0, stderr: UNENCRYPTED });
      expect(await count(db, "t1")).toBe(1);
      expect(await db.query("SELECT last_value::int FROM free_no")).toEqual([{ last_value: 77 }]);
    },
  );

  const SCHEMAS = `
    CREATE SCHEMA auth; CREATE SCHEMA "my.app"; CREATE SCHEMA empty;
    CREATE TABLE auth.users (id int PRIMARY KEY); CREATE TABLE auth.sessions (id serial PRIMARY KEY);
    CREATE TABLE "my.app".t (id int PRIMARY KEY, user_id int REFERENCES auth.users);
    CREATE TABLE post (id int PRIMARY KEY, user_id int REFERENCES auth.users);
    CREATE SEQUENCE auth.free_no; SELECT setval('auth.free_no', 5);
    INSERT INTO auth.users VALUES (1), (2); INSERT INTO auth.sessions DEFAULT VALUES;
    INSERT INTO "my.app".t VALUES (1, 1); INSERT INTO post VALUES (1, 2)`;
  const change =
    'INSERT INTO auth.users VALUES (3); DELETE FROM auth.sessions; DELETE FROM post; DELETE FROM "my.app".t';

  test.for([
    ["a schema", ["auth"], { post: 1, '"my.app".t': 1, "auth.users": 3, "auth.sessions": 0 }],
    ["a schema with a star", ["auth.*"], { post: 1, "auth.users": 3, "auth.sessions": 0 }],
    ["a schema with a dot", ['"my.app"', "auth"], { post: 1, '"my.app".t': 0, "auth.users": 3 }],
    ["a table", ["auth.users"], { post: 1, "auth.users": 3, "auth.sessions": 1 }],
  ] as const)("%s", async ([, exclude, expected]) => {
    const { db, create, restore } = await scene(SCHEMAS);
    await create();
    await db.query(change);
    const options = exclude.flatMap((it) => ["--exclude", it]);
    expect(await restore("--rehearse", ...options)).toMatchObject({ code: 0 });
    expect(await restore("--yes", ...options)).toMatchObject({ code: 0 });
    for (const [table, rows] of Object.entries(expected)) expect(await count(db, table)).toBe(rows);
  });

  test("a schema goes with its sequences, and they with it", async () => {
    const { db, file, create, restore } = await scene(SCHEMAS);
    await create();
    await db.query(`SELECT setval('auth.free_no', 3), setval('auth.sessions_id_seq', 30)`);
    const left = await restore("--yes", "--exclude", "auth");
    expect(left).toMatchObject({ code: 0, stderr: expect.not.stringContaining("free_no") });
    const states = `SELECT (SELECT last_value::int FROM auth.free_no) AS free,
      (SELECT last_value::int FROM auth.sessions_id_seq) AS sessions`;
    expect(await db.query(states)).toEqual([{ free: 3, sessions: 30 }]);

    await rm(file);
    await create("--exclude", "auth");
    await db.query("DROP TABLE auth.sessions; DROP SEQUENCE auth.free_no");
    const { manifest } = JSON.parse((await cli("inspect", file, "--json")).stdout);
    expect(manifest.sequences).toBe(0);
    // The excluded objects need not exist any more.
    const restored = await restore("--yes");
    expect(restored).toMatchObject({ code: 0, stderr: expect.not.stringContaining("sequence") });
  });

  test("a sequence that another schema's trigger draws from is named, by the backup as well", async () => {
    const { file, create, restore } =
      await scene(`CREATE SCHEMA q; CREATE SEQUENCE q.s; CREATE TABLE t (id int PRIMARY KEY);
      CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := nextval(''q.s''); RETURN NEW; END';
      CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tr()`);
    await create();
    for (const how of [[], ["--rehearse"], ["--yes"]]) {
      const { stdout, stderr } = await restore("--exclude", "q", ...how);
      expect(stdout + stderr).toContain("draw from the sequence q.s, which was left out");
    }
    await rm(file);
    expect((await create("--exclude", "q")).stderr).toContain(
      "draw from the sequence q.s, which was left out with its schema: its value is not",
    );
  });

  test("what stays is said in the number that it has", async () => {
    const { create, restore } = await scene(SCHEMAS);
    await create();
    expect((await restore("--yes", "--exclude", "auth.users")).stderr).toContain(
      "left as it is: auth.users. It was left out of the restore.",
    );
    expect((await restore("--yes", "--exclude", "auth")).stderr).toContain(
      "left as they are: auth.sessions, auth.users. They were left out of the restore.",
    );
  });

  test("too many to be pasted: a sentence instead", async () => {
    const tables = Array.from({ length: 71 }, (_, i) => `t${i}`);
    const { db, create, restore } = await scene(
      [...tables, "kept"].map((it) => `CREATE TABLE ${it} (id int)`).join(";"),
    );
    await create();
    await db.query(tables.map((it) => `DROP TABLE ${it}`).join(";"));
    for (const how of [[], ["--rehearse"], ["--yes"]]) {
      const { stdout, stderr } = await restore(...how);
      expect(stdout + stderr).toContain(
        "These are 71, too many to leave out one by one: choose the other tables instead, each as --table.",
      );
      expect(stdout + stderr).not.toContain("--exclude public");
    }
  });

  test("what is left out and referred to: said beforehand, and refused by rehearsal and restore alike", async () => {
    const { db, create, restore } = await scene(SCHEMAS);
    await create();
    await db.query(`${change}; DELETE FROM auth.users WHERE id = 2`);
    const before = await pgDumpText(db.url);
    const options = ["--exclude", "auth"];
    expect((await restore(...options)).stderr).toContain(
      "warning: public.post is replaced, and refers by user_id (post_user_id_fkey) to auth.users, which stays as it is.",
    );
    const rehearsed = await restore("--rehearse", ...options);
    expect(rehearsed).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("post_user_id_fkey"),
    });
    expect(await restore("--yes", ...options)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/error\[CONSTRAINT_VIOLATED\].*post_user_id_fkey/),
    });
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test("with --table and --mode: what is chosen but for what is left out", async () => {
    const { db, create, restore } = await scene(LEFTOVERS);
    await create();
    await db.query("DELETE FROM t1; DELETE FROM t2");
    const both = ["--table", "public.t1", "--table", "public.t2"];
    expect(
      await restore("--yes", ...both, "--exclude", "public.t1", "--mode", "keep-existing"),
    ).toMatchObject({ code: 0 });
    expect([await count(db, "t1"), await count(db, "t2")]).toEqual([0, 1]);
    expect(await restore("--yes", ...both, "--exclude", "public")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("error[REQUEST_INVALID]: No table is left to restore."),
    });
  });

  test("what there is not, is an error, from the check on", async () => {
    const { db, create, restore } = await scene(`${LEFTOVERS}; CREATE SCHEMA empty`);
    await create();
    const before = await pgDumpText(db.url);
    const no = "Neither the backup nor the database has a";
    for (const [name, message, ...how] of [
      ["public.nope", `${no} table public.nope. Nothing was changed.`, "--yes"],
      ["nope", `${no} schema nope with tables. Nothing was changed.`, "--rehearse"],
      ["empty", `${no} schema empty with tables. Nothing was changed.`, "--yes"],
      ["t1", "hint: A table is named with its schema: public.t1."],
      ["public.T1", `${no} table public.T1. Nothing was changed.`],
    ] as const) {
      expect(await restore("--exclude", name, ...how)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(message),
      });
    }
    expect(await restore("--exclude", "a.b.c")).toMatchObject({ code: 2 });
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test.for([["q"], ["q.p1"]])(
    "a schema of partitions, or one of them: the root is named: %s",
    async ([name = ""]) => {
      const { create, restore } = await scene(PARTITIONS);
      await create();
      for (const how of [[], ["--rehearse"], ["--yes"]]) {
        const { code, stdout, stderr } = await restore("--exclude", name, ...how);
        expect(code).toBe(1);
        expect(stdout + stderr).toContain("partitions of public.p");
        expect(stdout + stderr).toContain("Name public.p instead.");
      }
      expect(await restore("--exclude", "public.p", "--yes")).toMatchObject({ code: 0 });
    },
  );

  test("a schema of sequences alone", async () => {
    const { db, create, restore } = await scene(SEQUENCES);
    await create();
    await db.query("SELECT setval('q.s', 3)");
    expect(await restore("--rehearse", "--exclude", "q")).toMatchObject({ code: 0 });
    expect(await restore("--yes", "--exclude", "q")).toMatchObject({ code: 0 });
    expect(await db.query("SELECT last_value::int FROM q.s")).toEqual([{ last_value: 3 }]);
    await db.query("DROP SCHEMA q CASCADE");
    expect(await restore("--yes", "--exclude", "q")).toMatchObject({
      code: 0,
      stderr: UNENCRYPTED,
    });
  });

  test("a table that only the database has, and that refers into the backup, can be left out as the error says", async () => {
    const { db, create, restore } = await scene(LEFTOVERS);
    await create();
    await db.query("CREATE TABLE since (id int REFERENCES t1); INSERT INTO since VALUES (1)");
    const refused = await restore("--yes");
    expect(refused.stderr).toContain("public.since refers to public.t1");
    expect(optionsIn(refused.stderr)).toEqual(["--exclude", "public.since"]);
    expect(await restore("--yes", ...optionsIn(refused.stderr))).toMatchObject({ code: 0 });
    expect(await count(db, "since")).toBe(1);
  });

  test("tables that are not the role's own: the whole schema is named", async () => {
    const { db, create, file } = await scene(SCHEMAS);
    await create();
    let url = "";
    await asRole(db, (role) => {
      const own = new URL(db.url);
      own.username = role;
      own.password = "x";
      url = own.href;
      return `GRANT USAGE ON SCHEMA auth, "my.app", public TO ${role}; GRANT SELECT, REFERENCES ON ALL TABLES IN SCHEMA auth TO ${role};
        ALTER TABLE "my.app".t OWNER TO ${role}; ALTER TABLE post OWNER TO ${role}; DELETE FROM post`;
    });
    const refused = await cli("restore", file, "--url", url, "--yes");
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("error[INSUFFICIENT_PRIVILEGE]"),
    });
    expect(optionsIn(refused.stderr)).toEqual(["--exclude", "auth"]);
    const options = optionsIn(refused.stderr);
    expect(await cli("restore", file, "--url", url, "--yes", ...options)).toMatchObject({
      code: 0,
    });
    expect(await count(db, "post")).toBe(1);
  });
});

describe("create --exclude", () => {
  const SCHEMAS =
    "CREATE SCHEMA auth; CREATE SCHEMA empty; CREATE TABLE auth.a (id int); CREATE TABLE auth.b (id int); CREATE TABLE t (id int); CREATE TABLE u (id int)";

  test.for(MAJORS)("a schema, and a table of another: PostgreSQL %i", async (major) => {
    const { file, create } = await scene(SCHEMAS, major);
    expect(await create("--exclude", "auth", "--exclude", "public.u")).toMatchObject({ code: 0 });
    expect(await inBackup(file)).toEqual(["public.t"]);
  });

  test.for([
    [["auth.c"], "The database has no table auth.c. No backup was made."],
    [["nope"], "The database has no schema nope with tables. No backup was made."],
    [
      ["empty", "x.y"],
      "The database has no table x.y or schema empty with tables. No backup was made.",
    ],
    [["auth", "public"], "There is no table to back up."],
    [["auth", "public"], "hint: Leave fewer tables out."],
    [["nope"], "hint: Name tables as schema.name, or a schema alone,"],
  ] as const)("an error: %s", async ([exclude, message]) => {
    const { create } = await scene(SCHEMAS);
    const refused = await create(...exclude.flatMap((it) => ["--exclude", it]));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  });

  test("a schema of partitions, and one of sequences", async () => {
    const { create } = await scene(PARTITIONS);
    expect(await create("--exclude", "q")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        "There are only partitions of public.p, which go with their table. Name public.p instead.",
      ),
    });
    const other = await scene(SEQUENCES);
    expect(await other.create("--exclude", "q")).toMatchObject({ code: 0 });
    expect(JSON.parse((await cli("inspect", other.file, "--json")).stdout).manifest.sequences).toBe(
      0,
    );
  });

  test("partitions elsewhere that go with what is left out, and those here that do not, are named", async () => {
    const { create, file } =
      await scene(`${PARTITIONS}; CREATE SCHEMA r; CREATE TABLE q.x (id int) PARTITION BY LIST (id); CREATE TABLE q.none (id int); CREATE TABLE r.none (id int);
      CREATE TABLE x1 PARTITION OF q.x FOR VALUES IN (1); CREATE TABLE q.x2 PARTITION OF q.x FOR VALUES IN (2); CREATE TABLE r.x3 PARTITION OF q.x DEFAULT`);
    const created = await create("--exclude", "q", "--exclude", "r");
    expect(created).toMatchObject({ code: 0 });
    expect(await inBackup(file)).toEqual(["public.p", "public.t"]);
    expect(created.stderr).toContain("warning: The rows of public.x1 are not in the backup");
    expect(created.stderr).not.toMatch(/x2|x3/);
    expect(created.stderr).toContain("warning: The rows of q.p1, q.p3 are in the backup");
    await rm(file);
    expect((await create("--exclude", "q.x")).stderr).not.toContain("x1");
  });

  test("what the role may not read can be left out as the error says", async () => {
    const { db, file } = await scene(SCHEMAS);
    let url = "";
    await asRole(db, (role) => {
      const own = new URL(db.url);
      own.username = role;
      own.password = "x";
      url = own.href;
      return `GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON t, u TO ${role}`;
    });
    const create = (...args: string[]) =>
      cli("create", "--url", url, "--out", file, "--no-encryption", ...args);
    const refused = await create();
    expect(refused.stderr).toContain("error[INSUFFICIENT_PRIVILEGE]");
    expect(optionsIn(refused.stderr)).toEqual(["--exclude", "auth"]);
    expect(await create(...optionsIn(refused.stderr))).toMatchObject({ code: 0 });
    expect(await inBackup(file)).toEqual(["public.t", "public.u"]);
  });

  test("of another role's schema one table can be read: also the schema as a whole is proposed", async () => {
    const { db, file } = await scene(
      `CREATE SCHEMA hosted; CREATE TABLE hosted.people (id int); CREATE TABLE hosted.inner_1 (id serial);
       CREATE TABLE hosted.inner_2 (id serial); CREATE TABLE t (id int)`,
    );
    let url = "";
    await asRole(db, (role) => {
      const own = new URL(db.url);
      own.username = role;
      own.password = "x";
      url = own.href;
      return `GRANT USAGE ON SCHEMA public, hosted TO ${role}; GRANT SELECT ON t, hosted.people TO ${role}`;
    });
    const create = (...args: string[]) =>
      cli("create", "--url", url, "--out", file, "--no-encryption", ...args);
    const refused = await create();
    expect(optionsIn(refused.stderr)).toEqual([
      ...["--exclude", "hosted.inner_1"],
      ...["--exclude", "hosted.inner_2"],
    ]);
    expect(refused.stderr).toContain(
      "hint: To leave out all of schema hosted, also tables that it gets later: --exclude hosted\n",
    );
    await db.query("CREATE TABLE hosted.new_1 (id int)");
    expect(await create("--exclude", "hosted")).toMatchObject({ code: 0 });
    expect(await inBackup(file)).toEqual(["public.t"]);
  });
});

describe("many differences are said in a few sentences", () => {
  const many = (sql: (i: string) => string, to = 71) =>
    Array.from({ length: to }, (_, i) => sql(String(i + 1).padStart(2, "0"))).join(";");

  test("none of the backup's tables", async () => {
    const { create, file } = await scene(many((i) => `CREATE TABLE t${i} (id int)`));
    await create();
    const { db } = await testDatabase({ sql: "CREATE TABLE other (id int)" });
    for (const how of [["--yes"], ["--rehearse"], []]) {
      const refused = await cli("restore", file, "--url", db.url, ...how);
      const said = refused.stdout + refused.stderr;
      expect(said).toContain(
        "This database has none of the backup's 71 tables. Nothing was changed.",
      );
      expect(said).toContain("prisma migrate deploy");
      expect(said).not.toContain("--exclude");
      expect(said).not.toContain("t01");
    }
  });

  test("some of them: the first few names, and how many more", async () => {
    const { db, create, restore } = await scene(many((i) => `CREATE TABLE t${i} (id int)`));
    await create();
    await db.query(many((i) => `DROP TABLE t${i}`, 69));
    const refused = await restore("--yes");
    expect(refused.stderr).toContain(
      "The database has no tables public.t01, public.t02, public.t03, public.t04, public.t05 and 64 more. Nothing was changed.",
    );
    expect(refused.stderr.match(/Make the table again/g)).toHaveLength(1);
    const report = JSON.parse((await restore("--rehearse", "--json")).stdout);
    expect(report.obstacles[0].details.drift).toHaveLength(69);
  });

  test("columns likewise, each remedy once and with what it is for", async () => {
    const sql = many((i) => `CREATE TABLE t${i} (id int, a text, b varchar(9))`, 8);
    const { db, create, restore } = await scene(sql);
    await create();
    await db.query(
      `${many((i) => `ALTER TABLE t${i} ADD c int NOT NULL, ALTER b TYPE varchar(5), DROP a, ADD d int`, 8)}; DROP TABLE t08`,
    );
    const refused = await restore("--yes");
    expect(refused.stderr).toContain(
      "Each of 7 columns (public.t01.c, public.t02.c, public.t03.c, public.t04.c, public.t05.c and 2 more) is required and not in the backup.",
    );
    expect(refused.stderr).toContain(
      "Each of 7 columns (public.t01.b, public.t02.b, public.t03.b, public.t04.b, public.t05.b and 2 more) was character varying(9) and is character varying(5) now.",
    );
    const hint = /^hint: (.*)$/m.exec(refused.stderr)?.[1] ?? "";
    expect(hint).toContain("public.t08: Make the table again");
    expect(hint).toContain("and 2 more: Give it a default");
    expect(hint).toContain("and 2 more: Give it the type character varying(9) again");
    // The check also reports columns that do not block the restore.
    expect((await restore()).stderr).toContain(
      "warning: Each of 7 columns (public.t01.a, public.t02.a, public.t03.a, public.t04.a, public.t05.a and 2 more) is not there any more: the backup's values of it are left out.",
    );
  });
});
