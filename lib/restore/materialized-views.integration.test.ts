import pg from "pg";
import { describe, expect, test } from "vitest";
import { asRole, backUp, check, errorOf, restore, testDatabase } from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";

/** The alphabetical order of the views is the opposite of the order in which they depend on each other. */
const SQL = `
  CREATE TABLE sale (id int PRIMARY KEY, at timestamptz NOT NULL, cents int NOT NULL);
  CREATE TABLE other (id int);
  CREATE TABLE part (id int) PARTITION BY LIST (id); CREATE TABLE part_1 PARTITION OF part DEFAULT;
  CREATE TABLE animal (name text); CREATE TABLE cat () INHERITS (animal);
  INSERT INTO sale SELECT i, timestamptz '2024-06-01 22:30+00' + i * interval '1 hour', 100 FROM generate_series(1, 10) i;
  INSERT INTO other VALUES (1); INSERT INTO part VALUES (1), (2); INSERT INTO cat VALUES ('tom');
  CREATE VIEW sale_view AS SELECT * FROM sale;
  CREATE MATERIALIZED VIEW z_days AS SELECT at::date AS day, sum(cents)::int AS cents FROM sale_view GROUP BY 1;
  CREATE UNIQUE INDEX days_day ON z_days (day); ALTER MATERIALIZED VIEW z_days CLUSTER ON days_day;
  CREATE MATERIALIZED VIEW b_total AS SELECT sum(cents)::int AS cents FROM z_days;
  CREATE MATERIALIZED VIEW a_twice AS SELECT cents * 2 AS cents FROM b_total;
  CREATE MATERIALIZED VIEW of_part AS SELECT count(*)::int AS n FROM part_1;
  CREATE MATERIALIZED VIEW of_animals AS SELECT count(*)::int AS n FROM animal;
  CREATE FUNCTION hidden() RETURNS bigint STABLE LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM public.sale); END';
  CREATE FUNCTION visible() RETURNS bigint STABLE BEGIN ATOMIC SELECT count(*) FROM sale; END;
  CREATE MATERIALIZED VIEW by_hidden AS SELECT hidden()::int AS n;
  CREATE MATERIALIZED VIEW by_visible AS SELECT visible()::int AS n;
  CREATE MATERIALIZED VIEW never AS SELECT * FROM sale WITH NO DATA;
  CREATE MATERIALIZED VIEW of_other AS SELECT count(*)::int AS n FROM other`;

const CHANGE = `
  DELETE FROM sale WHERE id > 3; DELETE FROM other; DELETE FROM part; DELETE FROM cat;
  REFRESH MATERIALIZED VIEW z_days; REFRESH MATERIALIZED VIEW b_total; REFRESH MATERIALIZED VIEW a_twice; REFRESH MATERIALIZED VIEW of_part;
  REFRESH MATERIALIZED VIEW of_animals; REFRESH MATERIALIZED VIEW by_hidden; REFRESH MATERIALIZED VIEW by_visible; REFRESH MATERIALIZED VIEW of_other`;

const VIEWS = [
  ...["a_twice", "b_total", "z_days", "of_part", "of_animals", "by_hidden", "by_visible"],
  "of_other",
];

/** The rows that each view shows. */
async function shown(db: TestDatabase, views = VIEWS): Promise<Record<string, string>> {
  const rows = await Promise.all(
    views.map(async (view) => [
      view,
      JSON.stringify(await db.query(`SELECT v::text FROM ${view} v ORDER BY 1`)),
    ]),
  );
  return Object.fromEntries(rows);
}

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  test("a restore leaves the views as they were at the time of the backup, whatever they draw from", async () => {
    const { db, database } = await testDatabase({ major, sql: SQL });
    const before = await shown(db);
    const { path, result } = await backUp(database);
    expect(result.warnings.filter(({ code }) => code === "MATERIALIZED_VIEW")).toHaveLength(9);
    await db.query(CHANGE);
    for (const view of VIEWS) expect((await shown(db))[view], view).not.toBe(before[view]);

    const { warnings } = await restore(database, path);
    expect(warnings).toEqual([]);
    expect(await shown(db)).toEqual(before);
    // It was never refreshed before, and is not refreshed now.
    expect(await db.query("SELECT relispopulated FROM pg_class WHERE relname = 'never'")).toEqual([
      { relispopulated: false },
    ]);
    expect(await db.query("SELECT FROM pg_index WHERE indisclustered")).toHaveLength(1);
  });

  test("only views that may draw from restored tables are refreshed", async () => {
    const { db, database } = await testDatabase({ major, sql: SQL });
    const before = await shown(db);
    const tables = [{ schema: "public", name: "cat" }];
    const { path } = await backUp(database, { tables });
    await db.query(CHANGE);
    const changed = await shown(db);
    const files = () =>
      db.query("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'm' ORDER BY 1");
    const filesBefore = await files();
    await restore(database, path);
    // This view may depend on anything, because PostgreSQL does not record what it reads.
    expect(await shown(db)).toEqual({ ...changed, of_animals: before.of_animals });
    const filesAfter = await files();
    expect(
      filesAfter.filter((it, i) => it.relfilenode !== filesBefore[i]?.relfilenode),
    ).toMatchObject([{ relname: "by_hidden" }, { relname: "of_animals" }]);
  });

  test("a view's days are those of the database's time zone, as for whoever refreshes it by hand", async () => {
    const { db, database } = await testDatabase({ major, sql: SQL });
    const { path } = await backUp(database);
    await db.query(`ALTER DATABASE ${db.name} SET TimeZone = 'Pacific/Auckland'`);
    await restore(database, path);
    const days = () => shown(db, ["z_days"]);
    const restored = await days();
    expect(restored.z_days).toContain("2024-06-02,1000");
    await db.query("SET TimeZone = 'Pacific/Auckland'; REFRESH MATERIALIZED VIEW z_days");
    expect(await days()).toEqual(restored);
  });

  test("one that cannot be refreshed is named, with all that draw from it; the rows are restored all the same", async () => {
    const { db, database } = await testDatabase({ major, sql: SQL });
    await db.query(
      "CREATE MATERIALIZED VIEW share AS SELECT 100 / (11 - count(*)) AS n FROM sale; CREATE MATERIALIZED VIEW of_share AS SELECT n FROM share",
    );
    const { path } = await backUp(database);
    await db.query("INSERT INTO sale VALUES (11, 'now', 1)");
    const more = await backUp(database);
    await restore(database, path);
    const { warnings } = await restore(database, more.path);
    expect(warnings).toMatchObject([
      { code: "MATERIALIZED_VIEW_STALE", table: { name: "share" } },
      { code: "MATERIALIZED_VIEW_STALE", table: { name: "of_share" } },
    ]);
    expect(warnings.map(({ message }) => message)).toEqual([
      'The materialised view public.share was not refreshed (PostgreSQL refused with SQLSTATE 22012) and shows its rows from before the restore. Refresh it as its owner: REFRESH MATERIALIZED VIEW "public"."share";',
      expect.stringContaining("it draws from public.share, which was not refreshed either"),
    ]);
    expect(await db.query("SELECT count(*)::int AS n FROM sale")).toEqual([{ n: 11 }]);
    expect(await shown(db, ["share", "by_visible"])).toEqual({
      share: '[{"v":"(100)"}]',
      by_visible: '[{"v":"(11)"}]',
    });
  });

  test("one that the role does not own is named before and after", async () => {
    const { db } = await testDatabase({
      major,
      sql: `CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW theirs AS SELECT * FROM t; CREATE MATERIALIZED VIEW own AS SELECT * FROM t`,
    });
    const owner = await asRole(
      db,
      (role) =>
        `ALTER TABLE t OWNER TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}; ALTER MATERIALIZED VIEW own OWNER TO ${role}`,
    );
    const { path } = await backUp(owner);
    await db.query(
      "DELETE FROM t; REFRESH MATERIALIZED VIEW own; REFRESH MATERIALIZED VIEW theirs",
    );
    expect((await check(owner, path)).checks).toContainEqual({
      name: "materialised-views",
      state: "warning",
      message:
        "The database role may not refresh these materialised views, which keep their current rows: public.theirs. Their owner has to refresh them after the restore.",
    });
    const { warnings } = await restore(owner, path);
    expect(warnings.map(({ table }) => table?.name)).toEqual(["theirs"]);
    expect(warnings[0]?.message).toContain("the database role may not, it is postgres's");
    expect(await shown(db, ["own", "theirs"])).toEqual({ own: '[{"v":"(1)"}]', theirs: "[]" });
  });
});

test("from PostgreSQL 17 on, MAINTAIN is enough", async () => {
  const { db } = await testDatabase({
    major: 18,
    sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW theirs AS SELECT * FROM t",
  });
  const owner = await asRole(
    db,
    (role) => `ALTER TABLE t OWNER TO ${role}; GRANT MAINTAIN ON theirs TO ${role}`,
  );
  // The table is read with the rights of the view's owner.
  const { path } = await backUp(owner);
  await db.query("DELETE FROM t; REFRESH MATERIALIZED VIEW theirs");
  expect((await restore(owner, path)).warnings).toEqual([]);
  expect(await shown(db, ["theirs"])).toEqual({ theirs: '[{"v":"(1)"}]' });
});

test("who reads a view for long is waited for at the beginning, and named", async () => {
  const { db, database } = await testDatabase({ sql: SQL });
  const { path } = await backUp(database);
  const other = new pg.Client({ connectionString: db.url, application_name: "dashboard" });
  await other.connect();
  await other.query("BEGIN; SELECT FROM b_total");
  const error = await errorOf(restore(database, path, { lockTimeoutMs: 200 }));
  await other.end();
  expect(error.code).toBe("LOCK_TIMEOUT");
  expect(error.message).toMatch(/dashboard .* on public\.b_total/);
});

test("cancelling during a refresh rolls everything back", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE MATERIALIZED VIEW slow AS SELECT a, CASE a WHEN 1 THEN '' ELSE pg_sleep(60)::text END FROM t",
  });
  await db.query("INSERT INTO t VALUES (2)");
  const { path } = await backUp(database);
  await db.query("DELETE FROM t WHERE a = 1");
  const stop = new AbortController();
  const error = await errorOf(
    restore(database, path, {
      signal: stop.signal,
      onProgress: (event) =>
        event.type === "phase" &&
        event.phase === "sequences" &&
        setTimeout(() => stop.abort(), 500),
    }),
  );
  expect(error.code).toBe("ABORTED");
  expect(await db.query("SELECT a FROM t")).toEqual([{ a: 2 }]);
});
