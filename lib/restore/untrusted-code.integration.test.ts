/**
 * A role that may create objects in the database tries to run its code with the rights of the role that backs up or
 * restores.
 */
import { describe, expect, test } from "vitest";
import { checkDatabase } from "../cli/doctor/doctor.ts";
import type { Database } from "../postgres/connection/connection.ts";
import type { RestoreScope } from "../shared/api.ts";
import {
  asRole,
  backUp,
  check,
  errorOf,
  openTestDatabase,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";

/** Code that runs as another role leaves a trace that no rollback removes. */
const SPIES = (mallory: string) => `
  CREATE SCHEMA lair;
  GRANT USAGE ON SCHEMA lair TO PUBLIC;
  CREATE SEQUENCE lair.trace;
  GRANT ALL ON SEQUENCE lair.trace TO PUBLIC;
  CREATE FUNCTION lair.spy() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF current_user <> '${mallory}' THEN PERFORM nextval('lair.trace'); END IF; END $$;
  CREATE FUNCTION lair.is_fine(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN true; END $$;
  CREATE FUNCTION lair.same(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN $1; END $$;`;

interface Case {
  what: string;
  /** Run as the attacker, who has CREATE on the database and on public. */
  mallory?: string;
  /** Run after it as the role that restores. */
  owner?: string;
  /** Run after the backup, as the attacker. */
  later?: string;
  /** Must match the error's message. */
  names: RegExp;
  mode?: RestoreScope["mode"];
  /** The role that restores. Default: a superuser, the only one who can restore the attacker's own tables. */
  by?: "superuser" | "owner";
}

const ITEM = (rest: string) =>
  `CREATE TABLE public.item (id integer PRIMARY KEY, name text${rest}; INSERT INTO public.item (id, name) VALUES (1, 'a'), (2, 'b')`;

const CASES: Case[] = [
  {
    what: "a CHECK",
    mallory: ITEM(", CONSTRAINT fine CHECK (lair.is_fine(name)))"),
    names: /fine of public\.item calls lair\.is_fine\(text\), which belongs to role_/,
  },
  {
    what: "a generated column",
    mallory: ITEM(", also text GENERATED ALWAYS AS (lair.same(name)) STORED)"),
    names: /also of public\.item calls lair\.same\(text\)/,
  },
  {
    what: "the default of a column that the backup does not have",
    mallory: ITEM(")"),
    later: "ALTER TABLE public.item ADD added text DEFAULT lair.same('x')",
    names: /added of public\.item calls lair\.same\(text\)/,
  },
  {
    what: "an index's expression",
    mallory: `${ITEM(")")}; CREATE UNIQUE INDEX by_name ON public.item (lair.same(name))`,
    names: /by_name of public\.item calls lair\.same\(text\)/,
  },
  {
    what: "an index's condition",
    mallory: `${ITEM(")")}; CREATE INDEX few ON public.item (name) WHERE lair.is_fine(name)`,
    names: /few of public\.item calls lair\.is_fine\(text\)/,
  },
  {
    what: "a partition key",
    mallory: `CREATE TABLE public.item (id integer, name text) PARTITION BY LIST (lair.same(name));
      CREATE TABLE public.item_all PARTITION OF public.item DEFAULT; INSERT INTO public.item VALUES (1, 'a')`,
    names: /public\.item calls lair\.same\(text\)/,
  },
  {
    what: "a partition's own CHECK",
    mallory: `CREATE TABLE public.item (id integer, name text) PARTITION BY LIST (id);
      CREATE TABLE public.item_all PARTITION OF public.item (CONSTRAINT fine CHECK (lair.is_fine(name))) DEFAULT; INSERT INTO public.item VALUES (1, 'a')`,
    names: /fine of public\.item_all calls lair\.is_fine\(text\)/,
  },
  {
    what: "SQL that a built-in function is given",
    mallory: ITEM(
      ", CONSTRAINT fine CHECK (query_to_xml('SELECT lair.spy()', true, true, '') IS NOT NULL))",
    ),
    names: /fine of public\.item, which role_\S+ has written, calls query_to_xml\(/,
  },
  {
    what: "a view that a built-in function reads",
    mallory: `CREATE VIEW lair.peek AS SELECT lair.is_fine('') AS fine; ${ITEM(
      ", CONSTRAINT fine CHECK (table_to_xml('lair.peek', true, true, '') IS NOT NULL))",
    )}`,
    names: /calls table_to_xml\(/,
  },
  {
    what: "a domain",
    mallory: "CREATE DOMAIN lair.label AS text CONSTRAINT fine CHECK (lair.is_fine(VALUE))",
    owner:
      "CREATE TABLE item (id integer PRIMARY KEY, name lair.label); INSERT INTO item VALUES (1, 'a')",
    names: /fine of public\.item calls lair\.is_fine\(text\)/,
  },
  {
    what: "a domain in an array of a composite type",
    by: "owner",
    mallory:
      "CREATE DOMAIN lair.label AS text CONSTRAINT fine CHECK (lair.is_fine(VALUE)); CREATE TYPE lair.pair AS (a integer, b lair.label)",
    owner:
      "CREATE TABLE item (id integer PRIMARY KEY, pairs lair.pair[]); INSERT INTO item VALUES (1, ARRAY[ROW(1, 'a')::lair.pair])",
    names: /calls lair\.is_fine\(text\)/,
  },
  {
    what: "a domain whose SQL a built-in function is given",
    mallory:
      "CREATE DOMAIN lair.label AS text CONSTRAINT fine CHECK (query_to_xml('SELECT lair.spy()', true, true, '') IS NOT NULL)",
    owner:
      "CREATE TABLE item (id integer PRIMARY KEY, name lair.label); INSERT INTO item VALUES (1, 'a')",
    names: /fine of public\.item, which role_\S+ has written, calls query_to_xml/,
  },
  {
    what: "an operator",
    mallory: `CREATE FUNCTION lair.matches(text, text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN true; END $$;
      CREATE OPERATOR lair.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = lair.matches)`,
    owner: ITEM(", CONSTRAINT fine CHECK (name OPERATOR(lair.===) 'x'))"),
    names: /fine of public\.item calls lair\.matches\(text,text\)/,
  },
  {
    what: "what a trusted function's body names",
    owner: `CREATE FUNCTION trusted(text) RETURNS boolean IMMUTABLE RETURN lair.is_fine($1); ${ITEM(
      ", CONSTRAINT fine CHECK (trusted(name)))",
    )}`,
    names: /fine of public\.item calls lair\.is_fine\(text\)/,
  },
  {
    what: "casts of a type",
    by: "owner",
    mallory: `CREATE TYPE lair.mood AS ENUM ('good', 'bad');
      CREATE FUNCTION lair.said(lair.mood) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN 'good'; END $$;
      CREATE FUNCTION lair.told(lair.mood) RETURNS json IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN '1'; END $$;
      CREATE CAST (lair.mood AS text) WITH FUNCTION lair.said(lair.mood); CREATE CAST (lair.mood AS json) WITH FUNCTION lair.told(lair.mood)`,
    owner:
      "CREATE TABLE item (id integer PRIMARY KEY, mood lair.mood, moods lair.mood[]); INSERT INTO item VALUES (1, 'good', '{bad}')",
    names: /public\.item calls lair\.said\(lair\.mood\)/,
  },
  {
    what: "a range's distance, in an index",
    mallory: `CREATE FUNCTION lair.distance(float8, float8) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN $1 - $2; END $$;
      CREATE TYPE lair.span AS RANGE (subtype = float8, subtype_diff = lair.distance)`,
    owner:
      "CREATE TABLE item (id integer PRIMARY KEY, span lair.span); CREATE INDEX spans ON item USING gist (span); INSERT INTO item SELECT i, lair.span(i, i + 2) FROM generate_series(1, 20) i",
    names: /public\.item calls lair\.distance\(/,
  },
  {
    what: "an overwrite, whose keys are read beforehand",
    by: "owner",
    mallory: "CREATE DOMAIN lair.label AS text CONSTRAINT fine CHECK (lair.is_fine(VALUE))",
    owner: `CREATE TABLE item (name lair.label UNIQUE NOT NULL, other integer); INSERT INTO item VALUES ('a', 1);
      CREATE PUBLICATION everything FOR TABLE item`,
    names: /fine of public\.item calls lair\.is_fine\(text\)/,
    mode: "overwrite",
  },
  {
    what: "a function that fits better than PostgreSQL's",
    by: "owner",
    mallory:
      "CREATE FUNCTION public.array_length(text[], integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN 1; END $$",
    owner:
      "CREATE TABLE item (id integer PRIMARY KEY, tags text[], CONSTRAINT few CHECK (pg_catalog.array_length(tags, 1) < 5)); INSERT INTO item VALUES (1, '{a}')",
    names: /function public\.array_length\(text\[\],integer\), which belongs to role_/,
  },
  {
    what: "an operator that fits better than PostgreSQL's",
    by: "owner",
    mallory: "SELECT",
    owner:
      "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE item (id integer PRIMARY KEY, mood mood, CONSTRAINT well CHECK (mood = 'good')); INSERT INTO item VALUES (1, 'good')",
    later: `CREATE FUNCTION lair.alike(public.mood, public.mood) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN true; END $$;
      CREATE OPERATOR public.= (LEFTARG = public.mood, RIGHTARG = public.mood, FUNCTION = lair.alike)`,
    names: /operator public\.=\(public\.mood,public\.mood\), which belongs to role_/,
  },
  {
    what: "a domain that comes before the one that the owner's function means",
    by: "owner",
    mallory: "SELECT",
    owner: `CREATE SCHEMA shop; ALTER ROLE CURRENT_USER SET search_path = public, shop; CREATE DOMAIN shop.label AS text;
      CREATE FUNCTION shop.fits(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1::label <> ''; END $$;
      SET search_path = public, shop; CREATE TABLE item (id integer PRIMARY KEY, name text, CONSTRAINT fine CHECK (fits(name))); INSERT INTO item VALUES (1, 'a'); RESET search_path`,
    later: "CREATE DOMAIN public.label AS text CONSTRAINT fine CHECK (lair.is_fine(VALUE))",
    names: /the domain public\.label, which belongs to role_/,
  },
  {
    what: "a table with a trigger that comes before the one into which the owner's function writes",
    by: "owner",
    mallory: "SELECT",
    owner: `CREATE SCHEMA shop; ALTER ROLE CURRENT_USER SET search_path = public, shop; CREATE TABLE shop.seen (name text);
      CREATE FUNCTION shop.noted(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES ($1); RETURN true; END $$;
      SET search_path = public, shop; CREATE TABLE item (id integer PRIMARY KEY, name text, CONSTRAINT fine CHECK (noted(name))); INSERT INTO item VALUES (1, 'a'); RESET search_path`,
    later: `CREATE TABLE public.seen (name text); GRANT ALL ON public.seen TO PUBLIC;
      CREATE FUNCTION lair.fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN NEW; END $$;
      CREATE TRIGGER fired BEFORE INSERT ON public.seen FOR EACH ROW EXECUTE FUNCTION lair.fired()`,
    names: /the table public\.seen, which belongs to role_/,
  },
];

/** Only the attacker can restore the attacker's sequence. */
const WITHOUT_LAIR: RestoreScope = { mode: "replace", exclude: [{ schema: "lair" }] };

interface Scene {
  db: TestDatabase;
  /** Connected as the role that restores. */
  database: Database;
  mallory: string;
  owner: string;
  as(role: string, sql: string): Promise<unknown>;
  traces(): Promise<number>;
}

async function scene(major: 15 | 16 | 17 | 18, isSuperuser: boolean): Promise<Scene> {
  const { db, database } = await testDatabase({ major });
  let [mallory, owner] = ["", "CURRENT_USER"];
  await asRole(db, (role) => {
    mallory = role;
    return `GRANT CREATE ON DATABASE ${db.name} TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`;
  });
  const plain = await asRole(db, (role) => {
    if (!isSuperuser) owner = role;
    return `GRANT CREATE ON SCHEMA public TO ${role}; GRANT CREATE ON DATABASE ${db.name} TO ${role}`;
  });
  const as = (role: string, sql: string) =>
    db.query(`SET SESSION AUTHORIZATION ${role}; ${sql}; RESET SESSION AUTHORIZATION`);
  await as(mallory, SPIES(mallory));
  return {
    ...{ db, mallory, owner, database: isSuperuser ? database : plain },
    as: (role, sql) => (role === "CURRENT_USER" ? db.query(sql) : as(role, sql)),
    async traces() {
      const [row] = await db.query("SELECT last_value, is_called FROM lair.trace");
      return row?.is_called ? Number(row.last_value) : 0;
    },
  };
}

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  describe.for([
    { by: "a superuser", isSuperuser: true },
    { by: "a plain owner", isSuperuser: false },
  ])("for $by", ({ isSuperuser }) => {
    const cases = CASES.filter(({ by = "superuser" }) => (by === "superuser") === isSuperuser);
    test.for(sample(cases))("$what is named, and nothing runs", async (it) => {
      const { db, database, mallory, owner, as, traces } = await scene(major, isSuperuser);
      if (it.mallory) await as(mallory, it.mallory);
      if (it.owner) await as(owner, it.owner);
      await db.query("SELECT setval('lair.trace', 1, false)");

      const { path, result } = await backUp(database);
      expect(result.rows).toBeGreaterThan(0);
      if (it.later) await as(mallory, it.later);
      expect(await traces()).toBe(0);

      const scope: RestoreScope = { ...WITHOUT_LAIR, mode: it.mode ?? "replace" };
      const plan = await check(database, path, scope);
      expect(plan.canStart).toBe(false);
      const failed = plan.checks.find(({ name }) => name === "code");
      expect(failed).toMatchObject({ state: "failed", message: expect.stringMatching(it.names) });
      expect(failed?.message).toContain(mallory);
      const report = await rehearsed(database, path, { scope });
      expect(report).toMatchObject({
        wouldSucceed: false,
        obstacles: [{ code: "UNTRUSTED_CODE", message: failed?.message }],
      });
      const error = await errorOf(restore(database, path, { scope }));
      expect(error).toMatchObject({ code: "UNTRUSTED_CODE", message: failed?.message });
      expect(await traces()).toBe(0);
    });
  });

  test("an event trigger, from which nobody but a superuser is safe", async () => {
    const { db, database, mallory, owner, as, traces } = await scene(major, false);
    await as(owner, "CREATE TABLE item (id integer PRIMARY KEY); INSERT INTO item VALUES (1)");
    await as(
      mallory,
      "CREATE FUNCTION lair.seen() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); END $$",
    );
    await db.query(
      "CREATE EVENT TRIGGER seen ON ddl_command_end EXECUTE FUNCTION lair.seen(); SELECT setval('lair.trace', 1, false)",
    );
    const scope = WITHOUT_LAIR;
    const { path } = await backUp(database);
    const error = await errorOf(restore(database, path, { scope }));
    expect(error.code).toBe("UNTRUSTED_CODE");
    expect(error.message).toMatch(
      /the event trigger seen calls lair\.seen\(\), which belongs to role_/,
    );
    const superuser = openTestDatabase(db.url);
    expect(await rehearsed(superuser, path, { scope })).toMatchObject({ wouldSucceed: true });
    expect((await restore(superuser, path, { scope })).rows).toBe(1);
    expect(await traces()).toBe(0);
  });

  test("what PostgreSQL runs as its owner, or a restore keeps from running, is no obstacle", async () => {
    const { database, db, mallory, as, traces } = await scene(major, true);
    await as(
      mallory,
      `${ITEM(")")}; CREATE INDEX plain ON public.item (lower(name));
       ALTER TABLE public.item ADD CONSTRAINT positive CHECK (id > 0), ADD at timestamptz DEFAULT now(), ADD u uuid DEFAULT gen_random_uuid();
       CREATE FUNCTION lair.fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lair.spy(); RETURN NEW; END $$;
       CREATE TRIGGER fired BEFORE INSERT OR UPDATE OR DELETE ON public.item FOR EACH ROW EXECUTE FUNCTION lair.fired();
       CREATE TRIGGER emptied BEFORE TRUNCATE ON public.item EXECUTE FUNCTION lair.fired();
       ALTER TABLE public.item ENABLE ALWAYS TRIGGER fired;
       CREATE RULE also AS ON INSERT TO public.item DO ALSO SELECT lair.spy();
       ALTER TABLE public.item ENABLE ROW LEVEL SECURITY; ALTER TABLE public.item FORCE ROW LEVEL SECURITY;
       CREATE POLICY fine ON public.item USING (lair.is_fine(name)) WITH CHECK (lair.is_fine(name));
       CREATE VIEW public.fine AS SELECT lair.same(name) FROM public.item;
       CREATE MATERIALIZED VIEW public.kept AS SELECT lair.same(name) AS name FROM public.item`,
    );
    await db.query("SELECT setval('lair.trace', 1, false)");
    const tables = [{ schema: "public", name: "item" }];
    const { path } = await backUp(database, { tables });
    await db.query(
      "ALTER TABLE public.item DISABLE TRIGGER USER; UPDATE public.item SET name = 'c'; ALTER TABLE public.item ENABLE ALWAYS TRIGGER fired",
    );
    expect((await check(database, path)).canStart).toBe(true);
    expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true });
    expect((await restore(database, path)).warnings).toEqual([]);
    expect(await db.query("SELECT name FROM public.kept ORDER BY 1")).toEqual([
      { name: "a" },
      { name: "b" },
    ]);
    expect(await traces()).toBe(0);
  });

  test("code of the role, its groups, a superuser, the database's owner and extensions is trusted", async () => {
    const { db, database, mallory, owner, as } = await scene(major, false);
    await db.query(
      `GRANT ${mallory} TO ${owner}; CREATE EXTENSION citext;
       CREATE FUNCTION public.superuser_says(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END'`,
    );
    await as(
      owner,
      `CREATE FUNCTION public.own(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
       CREATE TABLE item (id integer PRIMARY KEY, name text, ci citext UNIQUE, CHECK (own(name)), CHECK (lair.is_fine(name)), CHECK (superuser_says(name)));
       INSERT INTO item VALUES (1, 'a', 'A')`,
    );
    const scope = WITHOUT_LAIR;
    const { path } = await backUp(database);
    const plan = await check(database, path, scope);
    expect(plan.canStart).toBe(true);
    expect(plan.checks.map(({ name }) => name)).not.toContain("code");
    expect((await restore(database, path, { scope })).rows).toBe(1);
    // No longer a member, but the owner of the database.
    await db.query(`REVOKE ${mallory} FROM ${owner}`);
    expect((await errorOf(restore(database, path, { scope }))).code).toBe("UNTRUSTED_CODE");
    await db.query(`ALTER DATABASE ${db.name} OWNER TO ${mallory}`);
    expect((await restore(database, path, { scope })).rows).toBe(1);
    await db.query(`ALTER DATABASE ${db.name} OWNER TO CURRENT_USER`);
  });

  test("a role that it has created is not trusted for that, until it is made a member", async () => {
    const { db, database, mallory, owner, as } = await scene(major, false);
    await as(mallory, `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lair TO ${owner}`);
    // PostgreSQL 16 grants this when a role with CREATEROLE creates another role.
    if (major > 15)
      await db.query(`GRANT ${mallory} TO ${owner} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
    await as(
      owner,
      "CREATE TABLE item (id integer PRIMARY KEY, name text, CHECK (lair.is_fine(name))); INSERT INTO item VALUES (1, 'a')",
    );
    const scope = WITHOUT_LAIR;
    const { path } = await backUp(database);
    expect((await errorOf(restore(database, path, { scope }))).code).toBe("UNTRUSTED_CODE");
    await db.query(`GRANT ${mallory} TO ${owner}${major > 15 ? " WITH SET TRUE" : ""}`);
    expect((await restore(database, path, { scope })).rows).toBe(1);
  });

  test("a superuser is told how to restore without being one, and doctor says the same", async () => {
    const { db, database, mallory, as } = await scene(major, true);
    await as(mallory, ITEM(", CONSTRAINT fine CHECK (lair.is_fine(name)))"));
    const tables = [{ schema: "public", name: "item" }];
    const { path } = await backUp(database, { tables });
    const { hint = "", details } = await errorOf(restore(database, path));
    expect(details).toMatchObject({
      code: [{ table: tables[0], caller: "fine", code: "lair.is_fine(text)", owner: mallory }],
    });
    expect(hint).toContain(`GRANT ${mallory} TO restorer;`);
    const { findings } = await checkDatabase({ text: db.url, from: "--url" }, null);
    expect(findings).toContainEqual(
      expect.objectContaining({
        level: "problem",
        code: "RESTORE_RIGHTS",
        what: expect.stringContaining("fine of public.item calls lair.is_fine(text)"),
      }),
    );
    const restorer = await asRole(db, (role) => `GRANT ${mallory} TO ${role}`);
    expect((await restore(restorer, path)).rows).toBe(2);
  });

  test("to take on the owner's role would not contain its code", async () => {
    const { db, mallory, as } = await scene(major, true);
    await as(
      mallory,
      "CREATE FUNCTION lair.escape() RETURNS name LANGUAGE plpgsql AS $$ BEGIN RESET ROLE; RETURN current_user; END $$",
    );
    const client = await openTestDatabase(db.url).connect("test");
    await client.query(`BEGIN; SET LOCAL ROLE ${mallory}`);
    const { rows } = await client.query("SELECT lair.escape() AS role");
    await client.end();
    expect(rows).toEqual([{ role: "postgres" }]);
  });
});
