/**
 * Constraints, domains and generated columns whose functions read other rows: a restore checks and computes them after
 * all rows are loaded, and a trial run reports the same as the restore.
 */
import pg from "pg";
import { describe, expect, test } from "vitest";
import { BackupError } from "../errors.ts";
import { backUp, errorOf, type RestoreOptions, restore, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { databaseText } from "../testing/oracles.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";

/** The checked tables come before the table that their checks read. */
const SHELVES = `
  CREATE TABLE shelf (code text PRIMARY KEY);
  CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE
    AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = c)';
  CREATE TABLE item (id integer PRIMARY KEY, shelf text CONSTRAINT item_on_shelf CHECK (public.has_shelf(shelf)));
  CREATE TABLE zlabel (id integer PRIMARY KEY, shelf text CONSTRAINT zlabel_on_shelf CHECK (public.has_shelf(shelf)));
  INSERT INTO shelf VALUES ('S1'), ('S2');
  INSERT INTO item VALUES (1, 'S1'), (2, 'S2');
  INSERT INTO zlabel VALUES (1, 'S1'), (2, 'S2')`;

interface Case {
  what: string;
  sql: string;
  /** Run after the backup, one after the other. A trial run and a restore follow each. */
  changes?: string[];
  options?: Pick<RestoreOptions, "scope">;
  /** Whether the restore succeeds after each change. Default: always. */
  succeeds?: boolean[];
  /** Names of constraints and columns that a trial run must report. */
  says?: string;
  /** A failed restore has drawn from a sequence, which a rollback does not undo. */
  draws?: boolean;
}

const table = (name: string) => ({ schema: "public", name });
const withFunction = (head: string, body: string) =>
  SHELVES.replace(/LANGUAGE sql STABLE\s+AS '.*'/, () => `${head} AS $f$${body}$f$`);

const CASES: Case[] = [
  {
    what: "a CHECK whose function reads another table",
    sql: SHELVES,
    changes: ["", "DELETE FROM shelf WHERE code = 'S2'", "TRUNCATE item, shelf, zlabel"],
  },
  {
    what: "the checked table is chosen, and the one that is read",
    sql: SHELVES,
    changes: ["DELETE FROM shelf WHERE code = 'S2'"],
    options: { scope: { mode: "replace", tables: [table("shelf"), table("zlabel")] } },
  },
  {
    what: "the checked table is chosen, and not the one that is read, which lacks a row",
    sql: SHELVES,
    changes: ["DELETE FROM shelf WHERE code = 'S2'"],
    options: { scope: { mode: "replace", tables: [table("item")] } },
    succeeds: [false],
    says: "item_on_shelf",
  },
  {
    what: "rows are merged, the one that is read among them",
    sql: SHELVES,
    changes: ["DELETE FROM item; DELETE FROM zlabel; DELETE FROM shelf WHERE code = 'S2'"],
    options: { scope: { mode: "keep-existing" } },
  },
  {
    what: "rows are overwritten",
    sql: SHELVES,
    changes: [
      "UPDATE item SET shelf = 'S1'; DELETE FROM zlabel; DELETE FROM shelf WHERE code = 'S2'",
    ],
    options: { scope: { mode: "overwrite" } },
  },
  {
    what: "in PL/pgSQL, by a name without schema",
    sql: withFunction(
      "LANGUAGE plpgsql",
      "DECLARE found_one shelf%ROWTYPE; BEGIN SELECT * INTO found_one FROM Shelf WHERE code = c; RETURN FOUND; END",
    ),
    changes: ["DELETE FROM shelf WHERE code = 'S2'", "TRUNCATE item, shelf, zlabel"],
  },
  {
    what: "with a search_path of its own, the temporary schema last",
    sql: withFunction(
      "LANGUAGE sql STABLE SET search_path = public, pg_temp",
      "SELECT EXISTS (SELECT FROM shelf s WHERE s.code = c)",
    ),
    changes: ["DELETE FROM shelf WHERE code = 'S2'"],
  },
  {
    what: "in a body of standard SQL",
    sql: SHELVES.replace(
      /LANGUAGE sql STABLE\s+AS '.*'/,
      "STABLE RETURN EXISTS (SELECT FROM public.shelf s WHERE s.code = c)",
    ),
    changes: ["DELETE FROM shelf WHERE code = 'S2'"],
  },
  {
    what: "through another function, and a view of a view",
    sql: `CREATE TABLE shelf (code text PRIMARY KEY); CREATE VIEW zfull AS SELECT code FROM shelf; CREATE VIEW afull AS TABLE zfull;
      CREATE FUNCTION is_code(c text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.afull WHERE code = c)';
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN is_code(c); END';
      CREATE TABLE item (id integer PRIMARY KEY, shelf text CONSTRAINT item_on_shelf CHECK (public.has_shelf(shelf)));
      INSERT INTO shelf VALUES ('S1'), ('S2'); INSERT INTO item VALUES (1, 'S1'), (2, 'S2')`,
    changes: ["", "DELETE FROM shelf WHERE code = 'S2'"],
  },
  {
    what: "as an operator",
    sql: `${withFunction("LANGUAGE sql STABLE", "SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = c)")};
      CREATE FUNCTION is_on(a text, b text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = a || b)';
      CREATE OPERATOR ### (LEFTARG = text, RIGHTARG = text, FUNCTION = is_on);
      ALTER TABLE item ADD CONSTRAINT item_operator CHECK (shelf ### '')`,
    changes: ["DELETE FROM shelf WHERE code = 'S2'"],
  },
  {
    what: "a partition, and a parent with its children",
    sql: `CREATE TABLE shelf (code text) PARTITION BY LIST (code); CREATE TABLE shelf_s PARTITION OF shelf FOR VALUES IN ('S1', 'S2');
      CREATE TABLE room (code text); CREATE TABLE hall () INHERITS (room);
      CREATE FUNCTION has_place(c text) RETURNS boolean LANGUAGE sql STABLE
        AS 'SELECT EXISTS (SELECT FROM public.shelf_s s WHERE s.code = c) AND EXISTS (SELECT FROM public.room WHERE code = c)';
      CREATE TABLE item (id integer PRIMARY KEY, shelf text CONSTRAINT item_placed CHECK (public.has_place(shelf)));
      INSERT INTO shelf VALUES ('S1'), ('S2'); INSERT INTO hall VALUES ('S1'); INSERT INTO room VALUES ('S2'); INSERT INTO item VALUES (1, 'S1'), (2, 'S2')`,
    changes: ["", "DELETE FROM shelf; DELETE FROM hall"],
  },
  {
    what: "a domain",
    sql: `CREATE TABLE shelf (code text PRIMARY KEY);
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = c)';
      CREATE DOMAIN place AS text CONSTRAINT on_shelf CHECK (public.has_shelf(VALUE)); CREATE DOMAIN fine_place AS place;
      INSERT INTO shelf VALUES ('S1'), ('S2');
      CREATE TABLE item (id integer PRIMARY KEY, at place, also fine_place); INSERT INTO item VALUES (1, 'S1', 'S1'), (2, 'S2', 'S2')`,
    changes: ["", "DELETE FROM shelf WHERE code = 'S2'", "TRUNCATE shelf, item"],
  },
  {
    what: "a domain within an array, whose constraint cannot be put aside",
    sql: `CREATE TABLE shelf (code text PRIMARY KEY);
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = c)';
      CREATE DOMAIN place AS text CONSTRAINT on_shelf CHECK (public.has_shelf(VALUE)); INSERT INTO shelf VALUES ('S1');
      CREATE TABLE item (id integer PRIMARY KEY, at place[]); INSERT INTO item VALUES (1, '{S1}')`,
    changes: ["", "DELETE FROM shelf", "TRUNCATE shelf, item"],
  },
  {
    what: "a domain within an array, where rows are merged into what lacks the one that is read",
    sql: `CREATE TABLE shelf (code text PRIMARY KEY);
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN EXISTS (SELECT FROM public.shelf s WHERE s.code = c); END';
      CREATE DOMAIN place AS text CONSTRAINT on_shelf CHECK (public.has_shelf(VALUE)); INSERT INTO shelf VALUES ('S1'), ('S2');
      CREATE TABLE item (id integer PRIMARY KEY, at place[]); INSERT INTO item VALUES (1, '{S1}'), (2, '{S2}')`,
    changes: [
      "DELETE FROM shelf WHERE code = 'S2'",
      "TRUNCATE item",
      "INSERT INTO shelf VALUES ('S2')",
    ],
    options: { scope: { mode: "keep-existing" } },
    succeeds: [false, false, true],
    says: "at",
  },
  ...Object.entries({
    "a table's row": "CREATE TABLE other (x item)",
    "a domain over its array": "CREATE DOMAIN places AS place[]; CREATE TABLE other (x places)",
  }).map(([holder, other]) => ({
    what: `a domain that ${holder} holds`,
    sql: `CREATE FUNCTION is_long(c text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length(c) > 1';
      CREATE DOMAIN place AS text CHECK (is_long(VALUE)); CREATE TABLE item (id integer PRIMARY KEY, at place); INSERT INTO item VALUES (1, 'S1'); ${other}`,
    changes: ["", "TRUNCATE item"],
  })),
  {
    what: "unique, partial and exclusion indexes, and a partition key",
    sql: `CREATE TABLE word (n integer PRIMARY KEY, w text); INSERT INTO word VALUES (1, 'one'), (2, 'two');
      CREATE FUNCTION label(k integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT coalesce((SELECT w FROM public.word WHERE n = k), 'none')$$;
      CREATE FUNCTION place(k integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 10 FROM public.word WHERE n = k';
      CREATE TABLE badge (id integer PRIMARY KEY, c text); CREATE UNIQUE INDEX badge_label ON badge (label(id)); CREATE UNIQUE INDEX badge_none ON badge (c) WHERE label(id) = 'none';
      ALTER TABLE badge ADD EXCLUDE USING btree (label(id) WITH =);
      CREATE TABLE part (id integer) PARTITION BY RANGE (place(id)); CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (15); CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (15) TO (100);
      INSERT INTO badge VALUES (1, 'x'), (2, 'x'); INSERT INTO part VALUES (1), (2)`,
    changes: ["", "TRUNCATE word, badge, part"],
  },
  {
    what: "a CHECK that a table inherits from one that is not restored",
    sql: `CREATE TABLE zshelf (code text PRIMARY KEY); INSERT INTO zshelf VALUES ('S1');
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.zshelf s WHERE s.code = c)';
      CREATE TABLE item (id integer PRIMARY KEY, at text CONSTRAINT on_shelf CHECK (has_shelf(at))); CREATE TABLE child () INHERITS (item); INSERT INTO child VALUES (1, 'S1')`,
    changes: ["", "TRUNCATE child, zshelf"],
    options: { scope: { mode: "replace", exclude: [table("item")] } },
  },
  ...Object.entries({
    "an operator": `CREATE FUNCTION reads(a text, b text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = a)';
      CREATE OPERATOR ~~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = reads); CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT c OPERATOR(public.~~~~) 'x'$$`,
    "a cast": `CREATE TYPE spot AS (code text); CREATE FUNCTION reads(a spot) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = (a).code)';
      CREATE CAST (spot AS boolean) WITH FUNCTION reads(spot); CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT (row(c)::public.spot)::boolean'`,
    "a domain": `CREATE FUNCTION reads(a text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = a)'; CREATE DOMAIN known AS text CHECK (reads(VALUE));
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN PERFORM c::public.known; RETURN true; EXCEPTION WHEN check_violation THEN RETURN false; END'`,
    "an argument's default": `CREATE FUNCTION reads() RETURNS text[] LANGUAGE sql STABLE AS 'SELECT array_agg(code) FROM public.shelf'; CREATE FUNCTION among(c text, a text[] DEFAULT public.reads()) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT c = ANY (a)';
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT public.among(c)'`,
    "a view over a function": `CREATE FUNCTION reads() RETURNS SETOF shelf LANGUAGE sql STABLE AS 'SELECT * FROM public.shelf'; CREATE VIEW shown AS SELECT * FROM reads();
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shown s WHERE s.code = c)'`,
  }).map(([way, functions]) => ({
    what: `by way of ${way}`,
    sql: `CREATE TABLE shelf (code text PRIMARY KEY); INSERT INTO shelf VALUES ('S1'), ('S2'); ${functions};
      CREATE TABLE item (id integer PRIMARY KEY, at text CONSTRAINT on_shelf CHECK (has_shelf(at))); INSERT INTO item VALUES (1, 'S1'), (2, 'S2')`,
    changes: ["", "DELETE FROM shelf WHERE code = 'S2'"],
  })),
  {
    what: "a row that only what is there now fulfils, by way of an operator",
    sql: `CREATE TABLE shelf (code text PRIMARY KEY); INSERT INTO shelf VALUES ('S1'); CREATE TABLE item (id integer PRIMARY KEY, at text); INSERT INTO item VALUES (1, 'S3')`,
    changes: [
      `INSERT INTO shelf VALUES ('S3'); CREATE FUNCTION reads(a text, b text) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM public.shelf s WHERE s.code = a)';
      CREATE OPERATOR ~~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = reads); CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT c OPERATOR(public.~~~~) 'x'$$;
      ALTER TABLE item ADD CONSTRAINT on_shelf CHECK (has_shelf(at))`,
    ],
    succeeds: [false],
    says: "on_shelf",
  },
  {
    what: "a function that writes: what it changes no rollback undoes",
    sql: `CREATE TABLE log (id serial PRIMARY KEY, n integer);
      CREATE FUNCTION logs(c text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.log (n) VALUES (1); RETURN true; END';
      CREATE TABLE item (id integer PRIMARY KEY, at text CONSTRAINT logged CHECK (logs(at))); INSERT INTO item VALUES (1, 'S1')`,
    succeeds: [false],
    says: "logged of public.item cannot be tried beforehand",
    draws: true,
  },
  {
    what: "a domain within a composite, a range and both",
    sql: `CREATE TABLE shelf (code text PRIMARY KEY);
      CREATE FUNCTION has_shelf(c text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN EXISTS (SELECT FROM public.shelf s WHERE s.code = c); END';
      CREATE DOMAIN place AS text CONSTRAINT on_shelf CHECK (public.has_shelf(VALUE)); INSERT INTO shelf VALUES ('S1'), ('S2');
      CREATE TYPE places AS RANGE (subtype = place); CREATE TYPE spot AS (at place, n integer); CREATE TYPE spots AS (all_of spot[], between_them places);
      CREATE TABLE item (id integer PRIMARY KEY, at spot, within places, many spots);
      INSERT INTO item VALUES (1, '(S1,1)', '[S1,S2]', NULL), (2, '(S2,2)', NULL, ROW(ARRAY[ROW('S2', 2)::spot], '[S1,S1]')::spots)`,
    changes: ["", "DELETE FROM shelf WHERE code = 'S2'", "TRUNCATE shelf, item"],
  },
  {
    what: "rows of the same table, which each was inserted after",
    sql: `CREATE FUNCTION few(g integer) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) < 2 FROM public.seat WHERE flight = g); END';
      CREATE TABLE seat (id integer PRIMARY KEY, flight integer CONSTRAINT few_seats CHECK (public.few(flight))); INSERT INTO seat VALUES (1, 7); INSERT INTO seat VALUES (2, 7)`,
    changes: ["", "TRUNCATE seat"],
    succeeds: [false, false],
    says: "few_seats",
  },
  {
    what: "a setting of the session that is not there",
    sql: `CREATE FUNCTION is_tenant(t text) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT t = current_setting('app.tenant')$$;
      SET app.tenant = 'a'; CREATE TABLE note (id integer PRIMARY KEY, tenant text CONSTRAINT own_tenant CHECK (is_tenant(tenant))); INSERT INTO note VALUES (1, 'a')`,
    changes: [""],
    succeeds: [false],
    says: "own_tenant",
  },
  {
    what: "a setting of the session that is there, and other",
    sql: `CREATE FUNCTION is_tenant(t text) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT coalesce(t = nullif(current_setting('app.tenant', true), ''), false)$$;
      SET app.tenant = 'a'; CREATE TABLE note (id integer PRIMARY KEY, tenant text CONSTRAINT own_tenant CHECK (is_tenant(tenant))); INSERT INTO note VALUES (1, 'a')`,
    changes: [""],
    succeeds: [false],
    says: "own_tenant",
  },
  {
    what: "a generated column that looks up another table",
    sql: `CREATE TABLE word (n integer PRIMARY KEY, w text);
      CREATE FUNCTION get_label(k integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT w FROM public.word WHERE n = k';
      INSERT INTO word VALUES (1, 'one'), (2, 'two');
      CREATE TABLE badge (id integer PRIMARY KEY, label text GENERATED ALWAYS AS (public.get_label(id)) STORED); INSERT INTO badge VALUES (1), (2)`,
    changes: ["", "DELETE FROM word; DELETE FROM badge", "TRUNCATE word, badge"],
  },
  {
    what: "one that raises an error where there is no row, in a NOT NULL column with a unique index, by an identity column",
    sql: `CREATE TABLE word (n integer PRIMARY KEY, w text);
      CREATE FUNCTION get_label(k integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'DECLARE l text; BEGIN SELECT w INTO STRICT l FROM word WHERE n = k; RETURN l; END';
      INSERT INTO word VALUES (1, 'one'), (2, 'two');
      CREATE TABLE badge (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, label text UNIQUE NOT NULL GENERATED ALWAYS AS (public.get_label(id)) STORED);
      INSERT INTO badge DEFAULT VALUES; INSERT INTO badge DEFAULT VALUES`,
    changes: ["", "DELETE FROM badge; DELETE FROM word WHERE n = 2"],
  },
  {
    what: "two that look each other up, in partitions, and one of no column",
    sql: `CREATE FUNCTION label_of(k integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT name FROM public.b WHERE id = k); END';
      CREATE FUNCTION size_of(k integer) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT count(*) FROM public.a WHERE id = k); END';
      CREATE FUNCTION b_size() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT count(*) FROM public.c); END';
      CREATE TABLE b (id integer PRIMARY KEY, name text); CREATE TABLE c (id integer);
      CREATE TABLE a (id integer, label text GENERATED ALWAYS AS (label_of(id)) STORED, size bigint GENERATED ALWAYS AS (b_size()) STORED) PARTITION BY LIST (id);
      CREATE TABLE a_1 PARTITION OF a FOR VALUES IN (1); CREATE TABLE a_2 PARTITION OF a FOR VALUES IN (2);
      ALTER TABLE b ADD size bigint GENERATED ALWAYS AS (size_of(id)) STORED;
      INSERT INTO c VALUES (1), (2); INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1, 'one'), (2, 'two');
      WITH gone AS (DELETE FROM a RETURNING id) INSERT INTO a SELECT id FROM gone`,
    changes: ["", "DELETE FROM a; DELETE FROM b; DELETE FROM c"],
  },
  {
    what: "rows of a generated column that come back by key",
    sql: `CREATE TABLE word (n integer PRIMARY KEY, w text);
      CREATE FUNCTION get_label(k integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT w FROM public.word WHERE n = k';
      INSERT INTO word VALUES (1, 'one'), (2, 'two');
      CREATE TABLE badge (id integer PRIMARY KEY, label text GENERATED ALWAYS AS (public.get_label(id)) STORED); INSERT INTO badge VALUES (1), (2)`,
    changes: ["DELETE FROM badge WHERE id = 2; DELETE FROM word"],
    options: { scope: { mode: "keep-existing" } },
  },
  {
    what: "a generated column of a table whose publication lets nobody delete",
    sql: `CREATE FUNCTION size_of() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (SELECT count(*) FROM public.badge); END';
      CREATE TABLE badge (id integer, size bigint GENERATED ALWAYS AS (size_of()) STORED); INSERT INTO badge VALUES (1), (2);
      WITH gone AS (DELETE FROM badge RETURNING id) INSERT INTO badge SELECT id FROM gone; CREATE PUBLICATION changes FOR TABLE badge`,
    succeeds: [false],
    says: "changes",
  },
  {
    what: "SQL that is put together, which no rehearsal can follow",
    sql: withFunction(
      "LANGUAGE plpgsql",
      "DECLARE found_one boolean; BEGIN EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I WHERE code = $1)', 'public', 'shelf') INTO found_one USING c; RETURN found_one; END",
    ),
    changes: [""],
  },
];

describe.for(MAJORS)("on PostgreSQL %i", (major) => {
  test.for(sample(CASES))(
    "$what",
    async ({ sql, changes = [""], options = {}, succeeds = [], says, draws = false }) => {
      const { db, database } = await testDatabase({ major, sql });
      const before = await databaseText(db.url);
      const { path } = await backUp(database);
      for (const [index, change] of changes.entries()) {
        const shouldSucceed = succeeds[index] ?? true;
        if (change !== "") await db.query(change);
        const changed = await databaseText(db.url);
        const report = await rehearsed(database, path, options);
        expect({
          wouldSucceed: report.wouldSucceed,
          violations: report.violations.map(({ message }) => message),
        }).toMatchObject({ wouldSucceed: shouldSucceed });
        if (says !== undefined && !shouldSucceed)
          expect(report.violations.map(({ message }) => message).join("\n")).toContain(says);
        expect(await databaseText(db.url)).toBe(changed);
        const outcome = await restore(database, path, options).then(
          () => "restored",
          (error: unknown) => {
            if (error instanceof BackupError) return error.code;
            throw error;
          },
        );
        const after = await databaseText(db.url);
        if (!shouldSucceed) {
          expect(["CONSTRAINT_VIOLATED", "LOAD_FAILED"]).toContain(outcome);
          const withoutStates = (text: string) =>
            draws ? text.replaceAll(/(?<=_seq\n).*/g, "") : text;
          expect(withoutStates(after)).toBe(withoutStates(changed));
        } else {
          expect(outcome).toBe("restored");
          expect(after).toBe(before);
        }
      }
    },
  );
});

describe.for(MAJORS)("on PostgreSQL %i", (major) => {
  test("a row that its function refuses in the end is named by its key, a table's or a domain's", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `${SHELVES}; CREATE DOMAIN place AS text CONSTRAINT on_shelf CHECK (public.has_shelf(VALUE));
        CREATE TABLE stock (id integer PRIMARY KEY, at place); INSERT INTO stock VALUES (7, 'S1'), (8, 'S2')`,
    });
    const { path } = await backUp(database, { exclude: [table("shelf")] });
    await db.query("DELETE FROM stock; DELETE FROM zlabel; DELETE FROM shelf WHERE code = 'S2'");
    for (const [name, details] of [
      ["item", { constraint: "item_on_shelf", key: "id = 2" }],
      ["stock", { constraint: "on_shelf", column: "at", key: "id = 8" }],
    ] as const) {
      const scope = { mode: "replace" as const, tables: [table(name)] };
      const error = await errorOf(restore(database, path, { scope }));
      expect(error).toMatchObject({
        code: "CONSTRAINT_VIOLATED",
        details: { table: table(name), ...details },
      });
      const { violations } = await rehearsed(database, path, { scope });
      expect(violations).toMatchObject([{ constraint: details.constraint, total: 1 }]);
    }
  });

  test("an index whose function reads another table finds the rows", async () => {
    const { db, database } = await testDatabase({
      major,
      sql: `CREATE TABLE word (n integer PRIMARY KEY, w text); INSERT INTO word VALUES (1, 'one'), (2, 'two');
        CREATE FUNCTION label(k integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT w FROM public.word WHERE n = k';
        CREATE TABLE badge (id integer PRIMARY KEY); INSERT INTO badge VALUES (1), (2); CREATE INDEX by_label ON badge (label(id))`,
    });
    const { path } = await backUp(database);
    await restore(database, path);
    const client = new pg.Client(db.url);
    await client.connect();
    await client.query("SET enable_seqscan = off");
    const { rows } = await client.query("SELECT id FROM badge WHERE label(id) = 'two'");
    await client.end();
    expect(rows).toEqual([{ id: 2 }]);
  });
});
