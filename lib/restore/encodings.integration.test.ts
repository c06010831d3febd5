/** Restores from a database with one encoding into one with another. */
import { describe, expect, test } from "vitest";
import type { RestoreMode } from "../shared/api.ts";
import { backUp, check, errorOf, restore, testDatabase, toldOf } from "../testing/backups.ts";
import type { TestDatabaseOptions } from "../testing/database.ts";
import { databaseText } from "../testing/oracles.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { sample } from "../testing/scope.ts";

/** A key whose values are not part of any word, and texts before and after the one that is rejected. */
const tableSql = (bad: string) => `
  CREATE TABLE t (id int, part text, a text, "é" text[], j jsonb, z varchar(20), PRIMARY KEY (part, id));
  INSERT INTO t SELECT i, 'zq', 'a', '{b}', '{"a": 1}', 'z' FROM generate_series(1, 3000) i;
  ${bad}`;
const EMPTY = "TRUNCATE t; INSERT INTO t VALUES (0, 'zq', 'now', NULL, NULL, NULL)";

type Encoding = NonNullable<TestDatabaseOptions["encoding"]>;

const CASES: Array<{
  name: string;
  from: Encoding;
  to: Encoding;
  bad: string;
  column: string;
  sqlState: string;
  warning: string | null;
  says: RegExp;
}> = [
  {
    name: "a euro sign",
    from: "UTF8",
    to: "LATIN1",
    bad: "UPDATE t SET z = '€' WHERE id = 2345",
    column: "z",
    sqlState: "22P05",
    warning: "UTF8, and this one has LATIN1",
    says: /a character that the database's encoding, LATIN1, does not have/,
  },
  {
    name: "a euro sign in an array",
    from: "WIN1252",
    to: "LATIN1",
    bad: `UPDATE t SET "é" = '{ü,€}' WHERE id = 2345`,
    column: "é",
    sqlState: "22P05",
    warning: "WIN1252, and this one has LATIN1",
    says: /a character that the database's encoding, LATIN1, does not have/,
  },
  {
    name: "an emoji in jsonb",
    from: "UTF8",
    to: "EUC_JP",
    bad: `UPDATE t SET "é" = NULL, j = '{"k": "😀"}' WHERE id = 2345`,
    column: "j",
    sqlState: "22P05",
    warning: "UTF8, and this one has EUC_JP",
    says: /a character that the database's encoding, EUC_JP, does not have/,
  },
  {
    name: "a byte of LATIN1",
    from: "SQL_ASCII",
    to: "UTF8",
    bad: String.raw`UPDATE t SET z = E'caf\xe9' WHERE id = 2345`,
    column: "z",
    sqlState: "22021",
    warning: "SQL_ASCII, which takes all bytes. This one has UTF8",
    says: /bytes that are no character in UTF8/,
  },
];

describe.for(sample(CASES))(
  "$name, from $from to $to",
  ({ from, to, bad, column, sqlState, warning, says }) => {
    // EUC_JP does not contain é, so the column needs another name.
    const name = to === "EUC_JP" ? "e" : "é";
    const asNamed = (sql: string) => sql.replaceAll(`"é"`, `"${name}"`);

    async function scene() {
      const source = await testDatabase({ encoding: from, sql: asNamed(tableSql(bad)) });
      const { path } = await backUp(source.database);
      const target = await testDatabase({
        encoding: to,
        sql: asNamed(`${tableSql("")}; ${EMPTY}`),
      });
      return { path, ...target };
    }

    test("the check warns, the rehearsal finds the row and the column, and each restore names them", async () => {
      const { path, db, database } = await scene();
      const before = await databaseText(db.url);
      const { checks } = await check(database, path);
      expect(checks.find((it) => it.name === "encoding")).toMatchObject({
        state: "warning",
        message: expect.stringContaining(warning ?? ""),
      });

      for (const mode of ["replace", "keep-existing", "overwrite"] satisfies RestoreMode[]) {
        const report = await rehearsed(database, path, { scope: { mode } });
        expect(report.wouldSucceed).toBe(false);
        expect(report.warnings).toContainEqual(
          expect.objectContaining({ code: "ENCODING_DIFFERS" }),
        );
        expect(report.violations).toMatchObject([
          {
            kind: "value",
            columns: [column],
            key: ["part", "id"],
            total: 1,
            rows: [{ key: ["zq", "2345"] }],
            message: expect.stringMatching(says),
            remedy: expect.stringMatching(/CREATE DATABASE … ENCODING/),
          },
        ]);

        const error = await errorOf(restore(database, path, { scope: { mode } }));
        expect(error).toMatchObject({
          code: "LOAD_FAILED",
          details: { sqlState, column, key: "part = zq, id = 2345" },
        });
        expect(error.message).toMatch(says);
        expect(error.message).toContain("Nothing was changed.");
        expect(toldOf(error)).toContain("CREATE DATABASE … ENCODING");
        expect(await databaseText(db.url)).toBe(before);
      }
    });

    test("without that row it restores", async () => {
      const source = await testDatabase({ encoding: from, sql: asNamed(tableSql("")) });
      const { path } = await backUp(source.database);
      const { db, database } = await testDatabase({
        encoding: to,
        sql: asNamed(`${tableSql("")}; ${EMPTY}`),
      });
      expect((await rehearsed(database, path)).wouldSucceed).toBe(true);
      await restore(database, path);
      expect(await db.query("SELECT count(*)::int AS n FROM t WHERE z = 'z'")).toEqual([
        { n: 3000 },
      ]);
    });
  },
);

test.for([
  ["LATIN1", "UTF8"],
  ["WIN1251", "UTF8"],
  ["EUC_JP", "UTF8"],
  ["LATIN1", "LATIN1"],
  ["SQL_ASCII", "SQL_ASCII"],
] as const)("from %s to %s all text fits, and nothing warns", async ([from, to]) => {
  const sql = "CREATE TABLE t (a text); INSERT INTO t VALUES ('a')";
  const { path } = await backUp((await testDatabase({ encoding: from, sql })).database);
  const { database } = await testDatabase({ encoding: to, sql });
  const { checks } = await check(database, path);
  expect(checks.map(({ name }) => name)).not.toContain("encoding");
  expect((await rehearsed(database, path)).warnings).toEqual([]);
  await restore(database, path);
});
