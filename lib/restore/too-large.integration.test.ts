/** Values that are too large for an index or a row, and constraints that are NOT VALID because of existing rows. */
import { describe, expect, test } from "vitest";
import type { RestoreScope } from "../shared/api.ts";
import { backUp, errorOf, restore, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";

/** Too many bytes for an index, and not compressible. */
const NOISE = "(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i)";
const PAGE = `CREATE TABLE page (id int PRIMARY KEY, body text, tags text[]); INSERT INTO page VALUES (1, 'short', '{}'), (7, ${NOISE}, ARRAY[${NOISE}])`;
const PARTS = `CREATE TABLE page (id int PRIMARY KEY, body text) PARTITION BY RANGE (id);
  CREATE TABLE page_1 PARTITION OF page FOR VALUES FROM (0) TO (5); CREATE TABLE page_2 PARTITION OF page FOR VALUES FROM (5) TO (10);
  INSERT INTO page VALUES (1, 'short'), (7, ${NOISE})`;

interface Case {
  what: string;
  sql: string;
  /** Run after the backup, on an empty table. */
  change: string;
  /** Null if PostgreSQL accepts the rows. */
  remedy: string | null;
  /** PostgreSQL does not report the key for every kind of index. */
  key?: string[];
  scope?: RestoreScope;
}

const CASES: Case[] = [
  {
    what: "a B-tree",
    sql: PAGE,
    change: "CREATE INDEX by_body ON page (body)",
    remedy: "DROP INDEX public.by_body",
    key: ["7"],
  },
  {
    what: "a unique constraint of several columns",
    sql: PAGE,
    change: `ALTER TABLE page ADD CONSTRAINT "One" UNIQUE NULLS NOT DISTINCT (id, body)`,
    remedy: `ALTER TABLE public.page DROP CONSTRAINT "One"`,
    key: ["7"],
  },
  {
    what: "an expression, merged",
    sql: PAGE,
    change: "CREATE INDEX by_body ON page (lower(body)) WHERE id > 1",
    scope: { mode: "overwrite" },
    remedy: "DROP INDEX public.by_body",
    key: ["7"],
  },
  {
    what: "included columns",
    sql: PAGE,
    change: "CREATE INDEX by_id ON page (id) INCLUDE (body)",
    remedy: "DROP INDEX public.by_id",
    key: ["7"],
  },
  {
    what: "GIN",
    sql: PAGE,
    change: "CREATE INDEX by_tags ON page USING gin (tags)",
    remedy: "DROP INDEX public.by_tags",
  },
  {
    what: "all partitions",
    sql: PARTS,
    change: "CREATE INDEX by_body ON page (body)",
    remedy: "DROP INDEX public.by_body",
    key: ["7"],
  },
  {
    what: "one partition, of other rows",
    sql: PARTS,
    change: "CREATE INDEX by_body ON page_1 (body)",
    remedy: null,
  },
  {
    what: "a condition that leaves it out",
    sql: PAGE,
    change: "CREATE INDEX by_body ON page (body) WHERE id < 7",
    remedy: null,
  },
  {
    what: "a hash index",
    sql: PAGE,
    change: "CREATE INDEX by_body ON page USING hash (body)",
    remedy: null,
  },
  {
    what: "what can be compressed",
    sql: `CREATE TABLE page (id int PRIMARY KEY, body text); INSERT INTO page VALUES (1, repeat('a', 50000))`,
    change: "CREATE INDEX by_body ON page (body)",
    remedy: null,
  },
];

describe.each(MAJORS)("PostgreSQL %s", (major) => {
  test.each(sample(CASES))("$what", async ({ sql, change, remedy, key, scope }) => {
    const { db, database } = await testDatabase({ major, sql });
    const { path } = await backUp(database);
    await db.query(`TRUNCATE page; ${change}`);
    const options = scope ? { scope } : {};
    const { wouldSucceed, violations } = await rehearsed(database, path, options);
    expect(wouldSucceed).toBe(remedy === null);
    if (remedy !== null) {
      expect(violations).toMatchObject([
        { kind: "value", remedy: expect.stringContaining(remedy), rows: key ? [{ key }] : [] },
      ]);
      const error = await errorOf(restore(database, path, options));
      expect(error).toMatchObject({
        details: { sqlState: "54000" },
        hint: expect.stringContaining(remedy),
      });
      if (key) expect(error.details).toMatchObject({ key: `id = ${key}` });
      await db.query(remedy);
      expect(await rehearsed(database, path, options)).toMatchObject({ wouldSucceed: true });
    }
    await restore(database, path, options);
  });

  test("a row that a page has no room for", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE TABLE page (id int PRIMARY KEY, body text); INSERT INTO page VALUES (1, 'short'), (7, ${NOISE} || ${NOISE})`,
    });
    const { path } = await backUp(database);
    await db.query("TRUNCATE page; ALTER TABLE page ALTER body SET STORAGE PLAIN");
    expect(await rehearsed(database, path)).toMatchObject({
      wouldSucceed: false,
      violations: [{ kind: "value", rows: [{ key: ["7"] }] }],
    });
    const { details } = await errorOf(restore(database, path));
    expect(details).toMatchObject({ sqlState: "54000" });
  });

  test.each(["replace", "overwrite", "keep-existing"] as const)(
    "a CHECK that is NOT VALID where it comes from: %s",
    async (mode) => {
      const { db, database } = await testDatabase({
        major,
        sql: `CREATE TABLE page (id int); CREATE TABLE note (PRIMARY KEY (id)) INHERITS (page); INSERT INTO note VALUES (-2), (3);
          ALTER TABLE page ADD CONSTRAINT positive CHECK (id > 0) NOT VALID`,
      });
      const { path } = await backUp(database);
      const alone: RestoreScope = { mode, tables: [{ schema: "public", name: "note" }] };
      // Rows that stay need not fulfil it.
      await db.query("DELETE FROM note WHERE id = 3");
      const kept = mode === "keep-existing";
      const { wouldSucceed, violations } = await rehearsed(database, path, { scope: alone });
      expect({ wouldSucceed, violations }).toMatchObject({
        wouldSucceed: kept,
        violations: kept ? [] : [{ kind: "check", constraint: "positive", total: 1 }],
      });
      if (kept) await restore(database, path, { scope: alone });
      else
        expect(await errorOf(restore(database, path, { scope: alone }))).toMatchObject({
          code: "CONSTRAINT_VIOLATED",
        });
      // If the table that it is inherited from is restored too, it is put aside.
      await db.query("TRUNCATE note");
      expect(await rehearsed(database, path)).toMatchObject({ wouldSucceed: true });
      await restore(database, path);
    },
  );
});
