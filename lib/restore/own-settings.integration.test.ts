/** Functions find each other by the app's search_path, regardless of how it was set. */
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { openConfiguredDatabase } from "../config.ts";
import type { Database } from "../postgres/connection/connection.ts";
import {
  backUp,
  errorOf,
  openTestDatabase,
  restore,
  testDatabase,
  toldOf,
} from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { requireTool } from "../testing/oracles.ts";
import { startPgBouncer } from "../testing/pgbouncer.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";

const SHOP = (schema = "shop") => `
  CREATE SCHEMA ${schema}; SET search_path = ${schema};
  CREATE FUNCTION tidy(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN btrim(t); END';
  CREATE FUNCTION slug(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN lower(tidy(t)); END';
  CREATE TABLE page (id integer PRIMARY KEY, title text CHECK (slug(title) <> ''), slug text GENERATED ALWAYS AS (slug(title)) STORED);
  CREATE UNIQUE INDEX ON page (slug(title));
  INSERT INTO page (id, title) VALUES (1, ' One '), (2, 'Two'); RESET search_path`;

const withParameter = ({ url }: TestDatabase, parameter: string) =>
  `${url}${url.includes("?") ? "&" : "?"}${parameter}`;

/** Opens the database like the add-on does for an app with this adapter. */
async function ofAdapter(adapter: PrismaPg): Promise<Database> {
  const database = await openConfiguredDatabase(
    {
      prisma: { _engineConfig: { adapter } },
      connectionString: undefined,
      pool: undefined,
      ssl: undefined,
    },
    {},
  );
  onTestFinished(() => database.close());
  return database;
}

const WAYS: Array<[string, (db: TestDatabase) => Promise<Database> | Database]> = [
  ["?schema=", (db) => openTestDatabase(withParameter(db, "schema=shop"))],
  ["?options=", (db) => openTestDatabase(withParameter(db, "options=-c%20search_path%3Dshop"))],
  [
    "?options= beside another ?schema=",
    (db) => openTestDatabase(withParameter(db, "schema=other&options=-csearch-path%3Dshop,public")),
  ],
  [
    "the adapter's schema",
    (db) => ofAdapter(new PrismaPg({ connectionString: db.url }, { schema: "shop" })),
  ],
  [
    "the adapter's options",
    (db) => ofAdapter(new PrismaPg({ connectionString: db.url, options: "-c search_path=shop" })),
  ],
  [
    "the adapter's URL with ?schema=",
    (db) => ofAdapter(new PrismaPg(withParameter(db, "schema=shop"))),
  ],
  [
    "the options of the adapter's pool",
    (db) => {
      const pool = new pg.Pool({
        connectionString: db.url,
        options: String.raw`--search_path="$user",\ shop -c application_name=app`,
      });
      pool.on("error", () => {});
      onTestFinished(() => pool.end());
      return ofAdapter(new PrismaPg(pool));
    },
  ],
  [
    "the schema of the adapter's pool",
    (db) => {
      const pool = new pg.Pool({ connectionString: db.url });
      pool.on("error", () => {});
      onTestFinished(() => pool.end());
      return ofAdapter(new PrismaPg(pool, { schema: "shop" }));
    },
  ],
  [
    "a connection string beside the adapter",
    async (db) => {
      const database = await openConfiguredDatabase({
        prisma: { _engineConfig: { adapter: new PrismaPg(db.url, { schema: "shop" }) } },
        connectionString: db.url,
        pool: undefined,
        ssl: undefined,
      });
      onTestFinished(() => database.close());
      return database;
    },
  ],
];

describe.each(MAJORS)("PostgreSQL %s", (major) => {
  test.each(sample(WAYS))("%s", async (_, open) => {
    const { db } = await testDatabase({ major, sql: SHOP() });
    const database = await open(db);
    const { path } = await backUp(database);
    const before = await db.query("SELECT * FROM shop.page ORDER BY id");
    await db.query("UPDATE shop.page SET title = 'gone', id = 3 WHERE id = 1").catch(() => {});
    await db.query("DELETE FROM shop.page WHERE id = 1");
    expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true, notRehearsed: [] });
    await restore(database, path);
    expect(await db.query("SELECT * FROM shop.page ORDER BY id")).toEqual(before);
    await db.query("DELETE FROM shop.page WHERE id = 1");
    await restore(database, path, { scope: { mode: "overwrite" } });
    expect(await db.query("SELECT * FROM shop.page ORDER BY id")).toEqual(before);
  });

  test("without one, the error names function, table and both ways", async () => {
    const { db, database } = await testDatabase({ major, sql: SHOP() });
    const { path } = await backUp(database);
    const { wouldSucceed, obstacles } = await rehearsed(database, path);
    const error = await errorOf(restore(database, path));
    expect(error.code).toBe("LOAD_FAILED");
    expect(error.message).toMatch(
      /shop\.slug\(text\) .*function tidy\(text\) does not exist.*\(table shop\.page/,
    );
    expect(error.hint).toContain("ALTER FUNCTION shop.slug(text) SET search_path = shop");
    expect(error.hint).toContain("?options=-c%20search_path%3Dshop");
    expect(wouldSucceed).toBe(false);
    expect(obstacles).toMatchObject([{ code: error.code, hint: error.hint }]);
    expect(obstacles[0]?.message).toContain("function tidy(text) does not exist” (table shop.page");
    await db.query("ALTER FUNCTION shop.slug(text) SET search_path = shop");
    expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true });
    await restore(database, path);
  });

  test.for([
    ["a table", "BEGIN PERFORM FROM thing; RETURN t; END", /relation "thing" does not exist/],
    ["a type", "BEGIN RETURN t::thing::text; END", /type "thing" does not exist/],
    ["a schema", "BEGIN RETURN thing.f(t); END", /schema "thing" does not exist/],
    ["a setting", "BEGIN RETURN t || current_setting('app.tenant'); END", /parameter "app.tenant"/],
  ] as const)("%s that is not found", async ([, body, words]) => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE FUNCTION f(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN t; END';
        CREATE TABLE page (id int, t text, g text GENERATED ALWAYS AS (f(t)) STORED); INSERT INTO page VALUES (1, 'the value')`,
    });
    const { path } = await backUp(database);
    await db.query(
      `CREATE OR REPLACE FUNCTION f(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ ${body} $$`,
    );
    const error = await errorOf(restore(database, path));
    expect(error.message).toMatch(words);
    expect(toldOf(error)).not.toContain("the value");
    const { wouldSucceed, obstacles } = await rehearsed(database, path);
    expect({ wouldSucceed, hint: obstacles[0]?.hint }).toEqual({
      wouldSucceed: false,
      hint: error.hint,
    });
    if (words.source.includes("app")) expect(error.hint).toContain("-c%20app.tenant%3D");
  });

  test("a function of a CHECK alone", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE SCHEMA shop; CREATE FUNCTION shop.tidy(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN btrim(t); END';
        CREATE FUNCTION shop.is_slug(t text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN tidy(t) = t; END';
        SET search_path = shop; CREATE TABLE page (id int PRIMARY KEY, t text CHECK (is_slug(t))); INSERT INTO page VALUES (1, 'the value'); RESET search_path`,
    });
    const { path } = await backUp(database);
    const { wouldSucceed, violations } = await rehearsed(database, path);
    const { hint } = await errorOf(restore(database, path));
    expect(hint).toContain("ALTER FUNCTION shop.is_slug(text) SET search_path = shop");
    expect({ wouldSucceed, violations }).toMatchObject({
      wouldSucceed: false,
      violations: [{ constraint: "page_t_check", remedy: hint }],
    });
    await db.query("ALTER FUNCTION shop.is_slug(text) SET search_path = shop");
    expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true });
    await restore(database, path);
  });

  test("what a function raises itself is not repeated", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE FUNCTION f(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN t; END';
        CREATE TABLE page (id int, t text, g text GENERATED ALWAYS AS (f(t)) STORED); INSERT INTO page VALUES (1, 'the value')`,
    });
    const { path } = await backUp(database);
    await db.query(
      `CREATE OR REPLACE FUNCTION f(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', t USING ERRCODE = '42883'; END $$`,
    );
    expect(toldOf(await errorOf(restore(database, path)))).not.toContain("the value");
  });
});

test("a role of the options", async () => {
  const { db } = await testDatabase({ sql: SHOP() });
  const owner = `owner_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_s`;
  await db.query(
    `CREATE ROLE ${owner}; ALTER TABLE shop.page OWNER TO ${owner}; GRANT USAGE ON SCHEMA shop TO ${owner}`,
  );
  onTestFinished(async () => {
    await db.query(
      `REASSIGN OWNED BY ${owner} TO CURRENT_USER; DROP OWNED BY ${owner}; DROP ROLE ${owner}`,
    );
  });
  const adapter = new PrismaPg({
    connectionString: db.url,
    options: `-c role=${owner} -c search_path=shop`,
  });
  const database = await ofAdapter(adapter);
  const { path } = await backUp(database);
  await restore(database, path);
  const client = await database.connect("test");
  expect((await client.query("SELECT current_user AS name")).rows).toEqual([{ name: owner }]);
  await client.end();
});

test.skipIf(!requireTool("pgbouncer"))(
  "?schema= through a pooler that takes no options",
  async () => {
    const { db } = await testDatabase({ sql: SHOP() });
    await using pooler = await startPgBouncer(db.url, "session");
    const database = openTestDatabase(
      `${pooler.url}${pooler.url.includes("?") ? "&" : "?"}schema=shop`,
    );
    const { path } = await backUp(database);
    expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true });
    await restore(database, path);
    // Our settings must not remain for the pooler's next client.
    const client = new pg.Client(pooler.url);
    await client.connect();
    const { rows } = await client.query("SHOW search_path");
    await client.end();
    expect(rows).toEqual([{ search_path: '"$user", public' }]);
  },
);

test("a schema with a name that needs quotes", async () => {
  const { db } = await testDatabase({ sql: SHOP(`"My, Shop"`) });
  const database = openTestDatabase(withParameter(db, `schema=${encodeURIComponent("My, Shop")}`));
  const { path } = await backUp(database);
  expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true });
  await restore(database, path);
});
