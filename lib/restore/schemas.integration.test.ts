/**
 * For each schema case, a restore brings back every row and leaves everything else unchanged: according to `pg_dump` on
 * PostgreSQL 15, and to the server's own output on newer versions. On 15 a superuser backs up and restores. On newer
 * versions a plain role does that owns the database, except for cases that say why it cannot. To add a case, add an
 * entry to SCHEMA_CASES.
 */

import { describe, expect, test } from "vitest";
import {
  archivedRows,
  backUp,
  check,
  plainOwnersDatabase,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText, pgDumpText, surroundingsText } from "../testing/oracles.ts";
import { missedRows } from "../testing/row-oracle.ts";
import { SCHEMA_CASES } from "../testing/schema-cases.ts";
import { SCOPE, sample } from "../testing/scope.ts";

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  const everything = async ({ url, name }: TestDatabase) =>
    [major === 15 ? await pgDumpText(url) : await databaseText(url), await surroundingsText(url)]
      .join("")
      .replaceAll(name, "db")
      // PostgreSQL numbers its own triggers, so the names differ. Their definitions are compared with the surroundings.
      .replaceAll(/RI_ConstraintTrigger_([ac])_\d+/g, "RI_ConstraintTrigger_$1");

  test.for(sample(SCHEMA_CASES.filter((it) => major >= (it.since ?? 15))))(
    "$what",
    async ({ sql, change, needsSuperuser }) => {
      const create = major === 15 || needsSuperuser ? testDatabase : plainOwnersDatabase;
      const { db, database } = await create({ major, sql });
      const before = await everything(db);
      const rows = await databaseText(db.url);
      const { path, result } = await backUp(database);
      expect(await missedRows(db.url, await archivedRows(path), result.warnings)).toEqual([]);

      await db.query(`SET session_replication_role = replica; ${change}`);
      expect(await databaseText(db.url)).not.toBe(rows);
      const { checks } = await check(database, path);
      expect(checks.filter(({ state }) => state === "failed")).toEqual([]);
      expect((await restore(database, path)).warnings).toEqual([]);
      expect(await everything(db)).toBe(before);

      // Restore into another database too, whose rows differ as well.
      const other = await create({ major, sql });
      await other.db.query(`SET session_replication_role = replica; ${change}`);
      await restore(other.database, path);
      expect(await everything(other.db)).toBe(before);
    },
  );
});

test("a thousand tables, each with a key to another, a sequence and a trigger", async () => {
  const count = SCOPE.manyTables;
  const { db, database } = await testDatabase({
    sql: `CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''a trigger fired''; END';
      DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, next int)', i); END LOOP; END $$;
      DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE format('INSERT INTO t%s (next) SELECT j FROM generate_series(1, 3) j', i); END LOOP; END $$;
      DO $$ BEGIN FOR i IN 1..${count} LOOP EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (next) REFERENCES t%s', i, 1 + (i * 7) % ${count}); EXECUTE format('CREATE TRIGGER boom BEFORE INSERT ON t%s FOR EACH ROW EXECUTE FUNCTION boom()', i); END LOOP; END $$`,
  });
  const before = await pgDumpText(db.url);
  const { path, result } = await backUp(database);
  expect(result.rows).toBe(3 * count);
  await db.query(
    `SET session_replication_role = replica; DELETE FROM t1; UPDATE t${count / 2} SET next = NULL; DELETE FROM t${count}`,
  );
  expect((await restore(database, path)).rows).toBe(3 * count);
  expect((await pgDumpText(db.url)) === before).toBe(true);
});
