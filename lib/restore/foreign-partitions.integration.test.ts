import { expect, test } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";
import { asRole, backUp, check, errorOf, restore, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { pgDumpText } from "../testing/oracles.ts";

/** A table with some partitions in another database, which must not change. */
async function scene(major: Major) {
  const far = await testDatabase({
    major,
    sql: "CREATE TABLE old (n int, a int); INSERT INTO old VALUES (70, 7), (80, 8)",
  });
  const { port, hostname } = new URL(far.db.url);
  const { db, database } = await testDatabase({
    major,
    sql: `CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${hostname}', port '${port}', dbname '${far.db.name}');
      CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'postgres', password 'postgres', password_required 'false');
      CREATE TABLE p (id bigint GENERATED ALWAYS AS IDENTITY, a int, n int) PARTITION BY RANGE (a); ALTER TABLE p DROP COLUMN id; ALTER TABLE p ADD id serial;
      CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (3); CREATE TABLE p2 (n int, id int NOT NULL DEFAULT 0, a int);
      CREATE TABLE mid PARTITION OF p FOR VALUES FROM (3) TO (10) PARTITION BY RANGE (a); ALTER TABLE mid ATTACH PARTITION p2 FOR VALUES FROM (3) TO (5);
      INSERT INTO p (a, n) SELECT i, i * 10 FROM generate_series(0, 4) i;
      ALTER TABLE p ALTER id DROP NOT NULL; ALTER TABLE p2 ALTER id DROP NOT NULL;
      CREATE FOREIGN TABLE old (a int, n int, id int) SERVER far; ALTER FOREIGN TABLE old ALTER a OPTIONS (column_name 'a');
      CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''a trigger fired''; END'; CREATE TRIGGER boom BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION boom();
      ALTER TABLE mid ATTACH PARTITION old FOR VALUES FROM (5) TO (10); CREATE TABLE t (a int); INSERT INTO t VALUES (1)`,
  });
  return { db, database, far };
}

test.for(MAJORS)(
  "only the partitions of this server are backed up and restored, and the warnings say so: PostgreSQL %i",
  async (major) => {
    const { db, database, far } = await scene(major);
    const text = async () =>
      major === 15
        ? pgDumpText(db.url)
        : JSON.stringify(
            await db.query("SELECT *, 1 FROM p1 UNION ALL SELECT a, n, id, 2 FROM p2 ORDER BY 1"),
          );
    const before = await text();
    const { path, result } = await backUp(database);
    expect(result.rows).toBe(6);
    expect(result.warnings).toMatchObject([
      { code: "FOREIGN_PARTITION", table: { schema: "public", name: "old" } },
    ]);
    await db.query("DELETE FROM p1; UPDATE p2 SET n = 0");
    await far.db.query("DELETE FROM old WHERE a = 8");
    const old = await far.db.query("SELECT * FROM old");

    expect((await check(database, path)).canStart).toBe(true);
    expect(await restore(database, path)).toMatchObject({ rows: 6, warnings: [] });
    expect(await text()).toBe(before);
    expect(await far.db.query("SELECT * FROM old")).toEqual(old);
  },
);

test("the other server need not even be there", async () => {
  const { db, database } = await scene(15);
  await db.query("ALTER SERVER far OPTIONS (SET port '1')");
  const { path } = await backUp(database);
  await db.query("DELETE FROM p1");
  await restore(database, path);
  expect(await db.query("SELECT count(*)::int AS n FROM p1")).toEqual([{ n: 3 }]);
});

test("a role needs the right to read each partition itself", async () => {
  const { db } = await scene(15);
  const reader = await asRole(db, (role) => `GRANT SELECT ON p, t, p1, p_id_seq TO ${role}`);
  const error = await errorOf(backUp(reader));
  expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
  expect(error.message).toContain("may not read public.p.");
});
