/** Unique indexes that are not valid but still reject rows. Whatever prevents a restore is known beforehand. */
import { describe, expect, test } from "vitest";
import type { Database } from "../postgres/connection/connection.ts";
import type { RestoreMode } from "../shared/api.ts";
import { backUp, check, errorOf, restore, testDatabase } from "../testing/backups.ts";
import { MAJORS } from "../testing/majors.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";

/**
 * What an interrupted CREATE UNIQUE INDEX CONCURRENTLY leaves behind. Some rows were inserted before the index was
 * ready.
 */
const invalid = (index: string, before: string, sql: string) => `
  ${before};
  UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = '${index}'::regclass;
  ${sql};
  UPDATE pg_index SET indisready = true WHERE indexrelid = '${index}'::regclass`;

const MAIL = invalid(
  "mail_address_key",
  `CREATE TABLE mail (id int PRIMARY KEY, address text); CREATE UNIQUE INDEX mail_address_key ON mail (address);
   INSERT INTO mail VALUES (1, 'a@x')`,
  "INSERT INTO mail VALUES (2, 'a@x')",
);

interface Case {
  what: string;
  sql: string;
  /** Run after the backup. */
  change?: string;
  mode?: RestoreMode;
  /** The statement that removes the obstacle. Null if there is none. */
  remedy: string | null;
}

const CASES: Case[] = [
  {
    what: "one that is left behind",
    sql: MAIL,
    remedy: "DROP INDEX public.mail_address_key",
  },
  {
    what: "one that collides with a row that stays",
    sql: MAIL,
    change: "DELETE FROM mail WHERE id = 2",
    mode: "keep-existing",
    remedy: "DROP INDEX public.mail_address_key",
  },
  {
    what: "rows that stay, and repeat each other",
    sql: `${MAIL}; INSERT INTO mail VALUES (3, 'c@x')`,
    change: "DELETE FROM mail WHERE id = 3",
    mode: "keep-existing",
    remedy: null,
  },
  {
    what: "rows that are not in the backup, and repeat each other",
    sql: "CREATE TABLE mail (id int PRIMARY KEY, address text); INSERT INTO mail VALUES (3, 'c@x')",
    change: `DROP TABLE mail; ${MAIL}; INSERT INTO mail VALUES (3, 'new')`,
    mode: "overwrite",
    remedy: null,
  },
  {
    what: "a row of the backup that repeats one that stays",
    sql: "CREATE TABLE mail (id int PRIMARY KEY, address text); INSERT INTO mail VALUES (3, 'a@x')",
    change: `DROP TABLE mail; ${MAIL}; INSERT INTO mail VALUES (3, 'new')`,
    mode: "overwrite",
    remedy: "DROP INDEX public.mail_address_key",
  },
  {
    what: "rows of the backup that repeat each other, merged into none",
    sql: MAIL,
    change: "DELETE FROM mail",
    mode: "overwrite",
    remedy: "DROP INDEX public.mail_address_key",
  },
  {
    what: "one of an expression, with a condition",
    sql: invalid(
      `"Mail_Lower"`,
      `CREATE TABLE mail (id int PRIMARY KEY, address text); CREATE UNIQUE INDEX "Mail_Lower" ON mail (lower(address)) WHERE id > 1`,
      "INSERT INTO mail VALUES (1, 'A@x'), (2, 'a@x'), (3, 'A@x')",
    ),
    remedy: `DROP INDEX public."Mail_Lower"`,
  },
  {
    what: "one whose condition leaves them out",
    sql: invalid(
      "late_ones",
      "CREATE TABLE mail (id int PRIMARY KEY, address text); CREATE UNIQUE INDEX late_ones ON mail (address) WHERE id > 2",
      "INSERT INTO mail VALUES (1, 'a@x'), (2, 'a@x')",
    ),
    remedy: null,
  },
  {
    what: "one that includes other columns",
    sql: invalid(
      "mail_address_idx_ccnew",
      "CREATE TABLE mail (id int PRIMARY KEY, address text, n int); CREATE UNIQUE INDEX mail_address_idx_ccnew ON mail (address) INCLUDE (n)",
      "INSERT INTO mail VALUES (1, 'a@x', 1), (2, 'a@x', 2)",
    ),
    remedy: "DROP INDEX public.mail_address_idx_ccnew",
  },
  {
    what: "one that takes NULL for a value",
    sql: invalid(
      "one_null",
      "CREATE TABLE mail (id int PRIMARY KEY, address text); CREATE UNIQUE INDEX one_null ON mail (address) NULLS NOT DISTINCT",
      "INSERT INTO mail VALUES (1, NULL), (2, NULL)",
    ),
    remedy: "DROP INDEX public.one_null",
  },
  {
    what: "one of a partition",
    sql: invalid(
      "old_key",
      `CREATE TABLE visit (id int, who text, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (0) TO (10);
       CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM (10) TO (20); CREATE UNIQUE INDEX old_key ON visit_old (who)`,
      "INSERT INTO visit VALUES (1, 'a'), (2, 'a'), (11, 'b'), (12, 'b')",
    ),
    remedy: "DROP INDEX public.old_key",
  },
  {
    what: "one of a table of which not every partition has one",
    sql: `CREATE TABLE visit (id int, who text) PARTITION BY LIST (who); CREATE TABLE visit_a PARTITION OF visit FOR VALUES IN ('a');
      CREATE TABLE visit_b PARTITION OF visit FOR VALUES IN ('b'); INSERT INTO visit VALUES (1, 'a'), (1, 'a'), (1, 'b'), (1, 'b')`,
    change: `DELETE FROM visit; CREATE UNIQUE INDEX whole ON ONLY visit (id, who); CREATE UNIQUE INDEX a_key ON visit_a (id, who); ALTER INDEX whole ATTACH PARTITION a_key`,
    remedy: "DROP INDEX public.whole",
  },
  {
    what: "one of a table of which no partition has one",
    sql: `CREATE TABLE visit (id int, who text) PARTITION BY LIST (who); CREATE TABLE visit_a PARTITION OF visit FOR VALUES IN ('a');
      INSERT INTO visit VALUES (1, 'a'), (1, 'a'); CREATE UNIQUE INDEX whole ON ONLY visit (id, who)`,
    remedy: null,
  },
  {
    what: "one that refuses no repetition, but a value",
    sql: "CREATE TABLE mail (id int PRIMARY KEY, n int); INSERT INTO mail VALUES (1, 0), (2, 1)",
    change: "TRUNCATE mail; CREATE INDEX inverse ON mail ((1 / n))",
    remedy: "DROP INDEX public.inverse",
  },
  {
    what: "one that refuses a value that stays, and is not valid",
    sql: invalid(
      "inverse",
      "CREATE TABLE mail (id int PRIMARY KEY, n int); INSERT INTO mail VALUES (2, 1); CREATE INDEX inverse ON mail (id) WHERE 1 / n > 0",
      "INSERT INTO mail VALUES (1, 0)",
    ),
    change: "DELETE FROM mail WHERE id = 2",
    mode: "keep-existing",
    remedy: null,
  },
  {
    what: "one that refuses a value of the backup, and is not valid",
    sql: invalid(
      "inverse",
      "CREATE TABLE mail (id int PRIMARY KEY, n int); INSERT INTO mail VALUES (2, 1); CREATE INDEX inverse ON mail (id) WHERE 1 / n > 0",
      "INSERT INTO mail VALUES (1, 0)",
    ),
    mode: "overwrite",
    remedy: "DROP INDEX public.inverse",
  },
  {
    what: "one that is valid and not ready",
    sql: `CREATE TABLE mail (id int PRIMARY KEY, address text); CREATE UNIQUE INDEX mail_address_key ON mail (address);
      UPDATE pg_index SET indisready = false WHERE indexrelid = 'mail_address_key'::regclass;
      INSERT INTO mail VALUES (1, 'a@x'), (2, 'a@x')`,
    remedy: null,
  },
  {
    what: "one that is valid, and no constraint",
    sql: "CREATE TABLE mail (id int PRIMARY KEY, address text); INSERT INTO mail VALUES (1, 'a@x'), (2, 'a@x')",
    change: `DELETE FROM mail; CREATE UNIQUE INDEX "mail_address_key" ON mail (address)`,
    remedy: "DROP INDEX public.mail_address_key",
  },
  {
    what: "one of a constraint",
    sql: "CREATE TABLE mail (id int PRIMARY KEY, address text); INSERT INTO mail VALUES (1, 'a@x'), (2, 'a@x')",
    change: `DELETE FROM mail; ALTER TABLE mail ADD CONSTRAINT "Once" UNIQUE (address)`,
    remedy: `ALTER TABLE public.mail DROP CONSTRAINT "Once"`,
  },
  {
    what: "one of an exclusion constraint",
    sql: "CREATE TABLE mail (id int PRIMARY KEY, address text); INSERT INTO mail VALUES (1, 'a@x'), (2, 'a@x')",
    change: `DELETE FROM mail; ALTER TABLE mail ADD CONSTRAINT apart EXCLUDE USING hash (address WITH =)`,
    remedy: `ALTER TABLE public.mail DROP CONSTRAINT apart`,
  },
];

/** Checks that the trial run and the restore report the same, and returns their remedy. */
async function said(database: Database, path: string, mode: RestoreMode) {
  const scope = { mode };
  const { wouldSucceed, violations } = await rehearsed(database, path, { scope });
  if (wouldSucceed) {
    await restore(database, path, { scope });
    return { remedies: [], hint: null };
  }
  const { code, hint = "" } = await errorOf(restore(database, path, { scope }));
  expect(["CONSTRAINT_VIOLATED", "LOAD_FAILED"]).toContain(code);
  return { remedies: violations.map(({ remedy }) => remedy), hint };
}

describe.each(MAJORS)("PostgreSQL %s", (major) => {
  test.each(sample(CASES))("$what", async ({ sql, change = "", mode = "replace", remedy }) => {
    const { db, database } = await testDatabase({ major, sql });
    const { path } = await backUp(database);
    if (change) await db.query(change);
    const { remedies, hint } = await said(database, path, mode);
    expect(remedies.length === 0).toBe(remedy === null);
    if (remedy === null) return;
    for (const it of remedies) expect(it).toContain(remedy);
    expect(hint).toContain(remedy);
    await db.query(remedy);
    expect(await said(database, path, mode)).toEqual({ remedies: [], hint: null });
  });
});

test("the backup, the check and the catalog name it", async () => {
  const { database } = await testDatabase({ sql: MAIL });
  const { path, result } = await backUp(database);
  const warning = { code: "INVALID_INDEX", table: { schema: "public", name: "mail" } };
  expect(result.warnings).toMatchObject([
    { ...warning, message: expect.stringContaining("DROP INDEX public.mail_address_key") },
  ]);
  const { checks } = await check(database, path);
  expect(checks.filter(({ name }) => name === "indexes")).toMatchObject([
    { state: "warning", message: expect.stringContaining("DROP INDEX public.mail_address_key") },
  ]);
});

test.each([
  [
    "that has failed at once, and takes no rows",
    "CREATE UNIQUE INDEX CONCURRENTLY failed ON mail (address)",
  ],
  ["that refuses nothing", invalid("plain", "CREATE INDEX plain ON mail (address)", "")],
])("nothing is said of one %s", async (_, sql) => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE mail (id int PRIMARY KEY, address text); INSERT INTO mail VALUES (1, 'a@x'), (2, 'a@x')",
  });
  await db.query(sql).catch(() => {});
  const [{ invalid: found } = {}] = await db.query(
    "SELECT count(*)::int AS invalid FROM pg_index WHERE NOT indisvalid",
  );
  expect(found).toBe(1);
  const { path, result } = await backUp(database);
  expect(result.warnings).toEqual([]);
  expect(await said(database, path, "replace")).toEqual({ remedies: [], hint: null });
});
