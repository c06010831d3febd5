/** What a failed restore reports about the failing rows, in every mode and for every kind of constraint. */
import { describe, expect, test } from "vitest";
import type { RestoreMode } from "../shared/api.ts";
import {
  backUp,
  editArchive,
  errorOf,
  leftSessions,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import { pgDumpText, type TestDatabase } from "../testing/database.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText } from "../testing/oracles.ts";

/** A key of two columns, whose values are not part of any word. */
const SQL = `
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE account (region text, id int, email text, size int, during int4range, note text, parent_id int, PRIMARY KEY (region, id));
  INSERT INTO parent SELECT generate_series(1, 10);
  INSERT INTO account SELECT 'zq', i, CASE i WHEN 7 THEN 'm3' ELSE 'm' || i END, i,
    CASE i WHEN 8 THEN '[20,22)' ELSE int4range(10 * i, 10 * i + 5) END, CASE i WHEN 2 THEN NULL ELSE 'n' END, i FROM generate_series(1, 10) i;`;

/** The database has one row that the backup has too, and another one that conflicts with the backup's fifth. */
const NOW = `
  DELETE FROM account WHERE id <> 9; DELETE FROM parent WHERE id IN (6, 10);
  UPDATE account SET email = 'now', size = 90, during = '[900,901)';
  INSERT INTO account VALUES ('xk', 1, 'm5', 100, '[50,51)', 'n', NULL);`;

const key = (id: number): string => `region = zq, id = ${id}`;

/** Constraints added after the backup was made, with the details of the error for each mode. */
const CONSTRAINTS: Array<{
  name: string;
  add: string;
  drop?: string;
  details: Record<"loading" | "keep-existing" | "overwrite", Record<string, unknown>>;
}> = [
  {
    name: "unique_email",
    add: "ADD CONSTRAINT unique_email UNIQUE (email)",
    details: {
      loading: { rows: [7, 7], key: key(7) },
      "keep-existing": { key: key(5), otherKeys: [key(7)], conflictsWith: "region = xk, id = 1" },
      overwrite: { key: key(5), otherKeys: [key(7)], conflictsWith: "region = xk, id = 1" },
    },
  },
  {
    name: "other_sizes",
    add: "ADD CONSTRAINT other_sizes CHECK (size NOT IN (4, 9))",
    details: {
      loading: { rows: [4, 4], key: key(4) },
      // The ninth row is not changed.
      "keep-existing": { key: key(4) },
      overwrite: { key: key(4), otherKeys: [key(9)] },
    },
  },
  {
    name: "apart",
    add: "ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&)",
    details: {
      loading: { rows: [8, 8], key: key(8) },
      "keep-existing": { key: key(5), otherKeys: [key(8)] },
      overwrite: { key: key(5), otherKeys: [key(8)] },
    },
  },
  {
    name: "of_parent",
    add: "ADD CONSTRAINT of_parent FOREIGN KEY (parent_id) REFERENCES parent",
    details: {
      loading: { rows: [1, 10], key: key(6), otherKeys: [key(10)], missing: "parent_id = 6" },
      "keep-existing": { key: key(6), otherKeys: [key(10)], missing: "parent_id = 6" },
      overwrite: { key: key(6), otherKeys: [key(10)], missing: "parent_id = 6" },
    },
  },
  {
    name: "note",
    add: "ALTER note SET NOT NULL",
    drop: "ALTER note DROP NOT NULL",
    details: {
      loading: { rows: [2, 2], column: "note", key: key(2) },
      "keep-existing": { column: "note", key: key(2) },
      overwrite: { column: "note", key: key(2) },
    },
  },
];

const MODES: RestoreMode[] = ["replace", "if-empty", "keep-existing", "overwrite"];

describe.for(MAJORS)("PostgreSQL %i", (major) => {
  const textOf = ({ url }: TestDatabase) => (major === 15 ? pgDumpText(url) : databaseText(url));

  test.for(MODES)("%s", async (mode) => {
    const { db, database } = await testDatabase({ major, sql: SQL, copied: true });
    const { path } = await backUp(database);
    await db.query(NOW);
    if (mode === "if-empty") await db.query("DELETE FROM account");
    const way = mode === "keep-existing" || mode === "overwrite" ? mode : "loading";
    const table = { schema: "public", name: "account" };
    for (const { name, add, drop = `DROP CONSTRAINT ${name}`, details } of CONSTRAINTS) {
      await db.query(`ALTER TABLE account ${add}`);
      const before = await textOf(db);
      const error = await errorOf(restore(database, path, { scope: { mode, tables: [table] } }));
      const named = name === "note" ? {} : { constraint: name };
      expect(error.code, name).toBe("CONSTRAINT_VIOLATED");
      const { sqlState, ...told } = error.details ?? {};
      expect(told, name).toEqual({ table, ...named, ...details[way] });
      expect(sqlState).toMatch(/^23/);
      expect(error.message).toContain("public.account");
      expect(error.message).toContain(name);
      expect(error.hint).toBeTruthy();
      expect(error.message).toContain("Nothing was changed.");
      expect(`${error.message} ${error.hint}`).not.toMatch(/zq|xk|m\d|= \d/);
      expect(await textOf(db)).toBe(before);
      await db.query(`ALTER TABLE account ${drop}`);
    }
    expect(await leftSessions(db)).toEqual([]);
    // Nothing else prevented the restore.
    await restore(database, path, { scope: { mode, tables: [table] } });
  });

  test("many rows: a few are named, and all counted; by a partition's own foreign key as well", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p_id int) PARTITION BY RANGE (id);
      CREATE TABLE low PARTITION OF c FOR VALUES FROM (MINVALUE) TO (1000); CREATE TABLE high PARTITION OF c FOR VALUES FROM (1000) TO (MAXVALUE);
      INSERT INTO p SELECT generate_series(1, 2000); INSERT INTO c SELECT i, i FROM generate_series(1, 2000) i`,
    });
    const { path } = await backUp(database);
    const without = await editArchive(path, {
      "public.p": (json) => `${json.split("\n").slice(0, 900).join("\n")}\n]\n`,
    });
    await db.query("DELETE FROM c; DELETE FROM p WHERE id > 900");
    const c = { schema: "public", name: "c" };
    const p = { schema: "public", name: "p" };
    for (const [owner, first, violatingRows] of [
      ["c", 901, 1100],
      ["high", 1000, 1001],
    ] as const) {
      await db.query(`ALTER TABLE ${owner} ADD CONSTRAINT of_p FOREIGN KEY (p_id) REFERENCES p`);
      const blamed = {
        constraint: "of_p",
        key: `id = ${first}`,
        otherKeys: [1, 2, 3, 4].map((next) => `id = ${first + next}`),
        violatingRows,
        missing: `p_id = ${first}`,
      };
      // If the other table is not restored, the foreign key stays while rows are loaded. Otherwise it is dropped and
      // added again.
      const alone = { mode: "replace" as const, tables: [c] };
      expect((await errorOf(restore(database, path, { scope: alone }))).details).toMatchObject({
        table: c,
        ...blamed,
      });
      const both = { mode: "replace" as const, tables: [c, p] };
      expect((await errorOf(restore(database, without, { scope: both }))).details).toMatchObject({
        table: { schema: "public", name: owner },
        ...blamed,
      });
      await db.query(`ALTER TABLE ${owner} DROP CONSTRAINT of_p`);
    }

    // If the answer to the commit is lost, the outcome is looked up by the transaction's own number, although the
    // foreign keys were added after a savepoint.
    await db.query("ALTER TABLE c ADD FOREIGN KEY (p_id) REFERENCES p");
    let xid = "";
    const onTransaction = async (number: string) => {
      xid = number;
    };
    await restore(database, path, { scope: { mode: "replace", tables: [c, p] }, onTransaction });
    expect(
      await db.query(
        "SELECT relname FROM pg_class WHERE xmin = xid($1::xid8) AND relname IN ('low', 'high', 'p') ORDER BY 1",
        [xid],
      ),
    ).toEqual([{ relname: "high" }, { relname: "low" }, { relname: "p" }]);
  });
});
