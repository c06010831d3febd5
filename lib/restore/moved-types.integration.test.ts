/** Restores types that are in another schema, or have another name, than when the backup was made. */
import { describe, expect, test } from "vitest";
import type { RestoreMode, TableName } from "../shared/api.ts";
import { backUp, check, editArchive, errorOf, restore, testDatabase } from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { rehearsed } from "../testing/rehearsals.ts";

/**
 * The types of a database that moves from Supabase or Heroku and back: every kind of type, in keys, arrays and domains.
 */
const SQL = `
  CREATE SCHEMA ext; CREATE SCHEMA "My Types";
  CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext;
  CREATE EXTENSION cube SCHEMA ext; CREATE EXTENSION isn SCHEMA ext; CREATE EXTENSION seg SCHEMA ext;
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s'); CREATE TYPE "My Types"."My Mood" AS ENUM ('Ä', 'b c');
  CREATE TYPE place AS (street text, "no" int, m mood); CREATE TYPE floats AS RANGE (subtype = float8);
  CREATE DOMAIN mail AS ext.citext CHECK (VALUE ~ '@'); CREATE DOMAIN moods AS mood[];
  CREATE TABLE person (mail ext.citext PRIMARY KEY, kept ext.hstore, path ext.ltree, c ext.cube, book ext.isbn13, s ext.seg,
    mails ext.citext[], kepts ext.hstore[], m mood, ms mood[], my "My Types"."My Mood", mys "My Types"."My Mood"[], p place, ps place[],
    r floats, d mail, ds mail[], dm moods);
  CREATE TABLE post (id int, m mood, author ext.citext REFERENCES person, PRIMARY KEY (id, m));
  INSERT INTO person VALUES ('A@x', 'a=>1, "b c"=>NULL', 'a.b', '(1,2),(3,4)', '9780393040029', '1.5 .. 2', '{B@x,NULL}', '{a=>1}', 'it''s', '{ok,sad}', 'Ä', '{b c,Ä}',
      '("a ""q"" street",1,ok)', '{"(b,2,sad)","(,,)"}', '[1,2.5)', 'D@x', '{E@x}', '{sad,NULL}');
  INSERT INTO person (mail) VALUES ('b@X');
  INSERT INTO post VALUES (1, 'ok', 'a@X'), (1, 'sad', 'b@x'), (2, 'ok', NULL)`;

const EXTENSIONS = ["citext", "hstore", "ltree", "cube", "isn", "seg"];
const TO_PUBLIC = EXTENSIONS.map((it) => `ALTER EXTENSION ${it} SET SCHEMA public`).join(";");
const TYPES = ["mood", "place", "floats", "mail", "moods"];
const TO_EXT = `${TYPES.map((it) => `ALTER TYPE ${it} SET SCHEMA ext`).join(";")}; ALTER TYPE "My Types"."My Mood" SET SCHEMA ext`;

const MESS =
  "DELETE FROM post; UPDATE person SET m = NULL, mails = NULL; DELETE FROM person WHERE mail = 'b@x'";

const table = (name: string): TableName => ({ schema: "public", name });

describe.for(MAJORS)("the same type in another schema: PostgreSQL %i", (major) => {
  test.for([
    [
      "extensions",
      TO_PUBLIC,
      ["mail", "kept", "path", "c", "book", "s", "mails", "kepts", "author"],
    ],
    ["others", TO_EXT, ["m", "ms", "my", "mys", "p", "ps", "r", "d", "ds", "dm", "m"]],
  ] as const)("%s: said, rehearsed, and restored as they were", async ([, move, columns]) => {
    const { db, database } = await testDatabase({ sql: SQL, major });
    const { path } = await backUp(database);
    await db.query(move);
    const before = await contentOf(db);
    await db.query(MESS);
    const plan = await check(database, path);
    expect(plan.canStart).toBe(true);
    expect(plan.drift.map(({ column }) => column).toSorted()).toEqual([...columns].toSorted());
    for (const { blocks, message } of plan.drift) {
      expect(blocks).toBe(false);
      expect(message).toContain("the same type in another schema");
    }
    const report = await rehearsed(database, path);
    expect(report).toMatchObject({ wouldSucceed: true, violations: [] });
    await restore(database, path);
    expect(await contentOf(db)).toEqual(before);
  });

  test.for<RestoreMode>(["keep-existing", "overwrite"])("%s", async (mode) => {
    const { db, database } = await testDatabase({ sql: SQL, major });
    const { path } = await backUp(database);
    await db.query(`${TO_PUBLIC}; ${TO_EXT}`);
    const before = await contentOf(db);
    await db.query(
      "DELETE FROM post; DELETE FROM person WHERE mail = 'b@x'; UPDATE person SET s = NULL WHERE mail = 'a@x'",
    );
    const scope = { mode };
    expect(await rehearsed(database, path, { scope })).toMatchObject({
      wouldSucceed: true,
      tables: [
        { name: "person", changes: { added: 1, changed: mode === "overwrite" ? 1 : 0 } },
        { name: "post", changes: { added: 3 } },
      ],
    });
    await restore(database, path, { scope });
    if (mode === "keep-existing")
      await db.query("UPDATE person SET s = '1.5 .. 2' WHERE mail = 'a@x'");
    expect(await contentOf(db)).toEqual(before);
  });

  test("with a modifier of its own", async () => {
    const type = (
      schema: string,
    ) => `CREATE SCHEMA IF NOT EXISTS ${schema}; CREATE TYPE ${schema}.short;
      CREATE FUNCTION ${schema}.short_in(cstring, oid, int) RETURNS ${schema}.short AS 'varcharin' LANGUAGE internal IMMUTABLE STRICT;
      CREATE FUNCTION ${schema}.short_out(${schema}.short) RETURNS cstring AS 'varcharout' LANGUAGE internal IMMUTABLE STRICT;
      CREATE TYPE ${schema}.short (INPUT = ${schema}.short_in, OUTPUT = ${schema}.short_out, TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout, LIKE = varchar)`;
    const { db, database } = await testDatabase({
      sql: `${type("ext")}; CREATE TABLE t (a ext.short(3), b ext.short(4)[]); INSERT INTO t VALUES ('abc', '{abcd,e}')`,
      major,
    });
    const { path } = await backUp(database);
    await db.query("ALTER TYPE ext.short SET SCHEMA public; DELETE FROM t");
    expect((await check(database, path)).drift.map(({ blocks }) => blocks)).toEqual([false, false]);
    await restore(database, path);
    expect(await db.query("SELECT a::text, b::text FROM t")).toEqual([{ a: "abc", b: "{abcd,e}" }]);
  });
});

describe.for(MAJORS)("enums: PostgreSQL %i", (major) => {
  const ENUM = `CREATE SCHEMA a; CREATE SCHEMA b; CREATE TYPE a.status AS ENUM ('new', 'old'); CREATE DOMAIN state AS a.status; CREATE DOMAIN states AS a.status[];
    CREATE TABLE t (id int PRIMARY KEY, s a.status, ss a.status[], d state, ds states); INSERT INTO t VALUES (1, 'new', '{new,old}', 'old', '{new}'), (2, NULL, NULL, NULL, NULL)`;

  test("renamed with all its labels, in another order: restored", async () => {
    const { db, database } = await testDatabase({ sql: ENUM, major });
    const { path } = await backUp(database);
    const before = await rowsOf(db);
    await db.query(`CREATE TYPE b."My Kind" AS ENUM ('old', 'else', 'new'); UPDATE t SET s = NULL;
      ALTER TABLE t ALTER s TYPE b."My Kind" USING s::text::b."My Kind", ALTER ss TYPE b."My Kind"[] USING ss::text::b."My Kind"[]`);
    const plan = await check(database, path);
    expect(plan.drift.map(({ column, blocks }) => [column, blocks])).toEqual([
      ["s", false],
      ["ss", false],
    ]);
    expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true });
    await restore(database, path);
    expect(await rowsOf(db)).toEqual(before);
  });

  test("renamed, of an older backup: the statement is named, and helps", async () => {
    const { db, database } = await testDatabase({ sql: ENUM, major });
    const path = await editArchive((await backUp(database)).path, {}, (it) => {
      delete it.enums;
    });
    await db.query(
      'ALTER TYPE a.status RENAME TO "Kind"; ALTER TYPE a."Kind" SET SCHEMA b; ALTER DOMAIN state RENAME TO condition; DELETE FROM t',
    );
    const before = await rowsOf(db);
    const error = await errorOf(restore(database, path));
    expect(error).toMatchObject({ code: "SCHEMA_DRIFT" });
    expect(error.hint).toContain(
      'ALTER TYPE b."Kind" SET SCHEMA a; ALTER TYPE a."Kind" RENAME TO status;',
    );
    expect(error.hint).toContain("ALTER TYPE public.condition RENAME TO state;");
    expect(await rowsOf(db)).toEqual(before);
    for (const [statement] of error.hint?.matchAll(/ALTER TYPE [^;]+;/g) ?? [])
      await db.query(statement).catch(() => {});
    await restore(database, path);
    expect(await db.query("SELECT count(*)::int AS n FROM t WHERE s = 'new'")).toEqual([{ n: 1 }]);
  });

  test.for([
    [
      "the same enum",
      "ALTER TABLE t ALTER s TYPE text, ALTER ss TYPE text[] USING ss::text[]; DROP TYPE a.status CASCADE; CREATE TYPE a.status AS ENUM ('old')",
      "a.status",
    ],
    ["another enum of that name", "CREATE TYPE b.status AS ENUM ('old')", "b.status"],
  ] as const)(
    "%s without a label: said, found by the rehearsal, and refused",
    async ([, change, type]) => {
      const { db, database } = await testDatabase({ sql: ENUM, major });
      const { path } = await backUp(database);
      await db.query(`DELETE FROM t; ${change};
      ALTER TABLE t ALTER s TYPE ${type} USING s::text::${type}, ALTER ss TYPE ${type}[] USING ss::text::${type}[]`);
      const { canStart, drift } = await check(database, path);
      expect(canStart).toBe(true);
      const said = drift.filter(({ column }) => column?.startsWith("s"));
      expect(said).toHaveLength(2);
      for (const { message, remedy } of said) {
        expect(message).toContain("does not take the label “new” any more");
        expect(remedy).toBe(`ALTER TYPE ${type} ADD VALUE 'new';`);
      }
      const before = await rowsOf(db);
      expect(await rehearsed(database, path)).toMatchObject({
        wouldSucceed: false,
        violations: expect.arrayContaining([
          expect.objectContaining({ kind: "value", table: table("t") }),
        ]),
      });
      expect((await errorOf(restore(database, path))).code).toBe("LOAD_FAILED");
      expect(await rowsOf(db)).toEqual(before);
      await db.query(`ALTER TYPE ${type} ADD VALUE 'new'`);
      await restore(database, path);
      expect(await db.query("SELECT s::text FROM t WHERE id = 1")).toEqual([{ s: "new" }]);
    },
  );

  test("below domains as well: a label that is gone is said", async () => {
    const { db, database } = await testDatabase({ sql: ENUM, major });
    const { path } = await backUp(database);
    await db.query("ALTER TYPE a.status RENAME VALUE 'old' TO 'past'");
    const { drift } = await check(database, path);
    expect(drift.map(({ column, blocks }) => [column, blocks])).toEqual(
      ["s", "ss", "d", "ds"].map((it) => [it, false]),
    );
    for (const { message } of drift) expect(message).toContain("“old”");
  });
});

/** What PostgreSQL shows for every row, regardless of a type's schema. */
const contentOf = async (db: TestDatabase) => ({
  person: await db.query("SELECT t::text FROM person t ORDER BY mail::text"),
  post: await db.query("SELECT t::text FROM post t ORDER BY id, m::text"),
});

const rowsOf = (db: TestDatabase) => db.query("SELECT t::text FROM t ORDER BY id");
