import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { EncryptionChoice, Unlock } from "../shared/api.ts";
import { backUp, restore, temporaryPath, testDatabase } from "../testing/backups.ts";
import { EVERYTHING_SQL, MESS_SQL } from "../testing/everything-schema.ts";
import { databaseText, pgDumpText, requireTool } from "../testing/oracles.ts";

describe("a restored database is the one that was backed up, by pg_dump", () => {
  const modes: Array<{ encryption: EncryptionChoice; unlock: Unlock }> = [
    { encryption: { mode: "none" }, unlock: {} },
    {
      encryption: { mode: "passphrase", passphrase: "correct horse" },
      unlock: { passphrase: "correct horse" },
    },
  ];
  test.for(modes)("mode $encryption.mode", async ({ encryption, unlock }) => {
    const { db, database } = await testDatabase({ sql: EVERYTHING_SQL });
    const before = await pgDumpText(db.url);
    const { path, result } = await backUp(database, { encryption });
    expect(result.rows).toBeGreaterThan(300);

    await db.query(MESS_SQL);
    expect(await pgDumpText(db.url)).not.toBe(before);

    const restored = await restore(database, path, { unlock });
    expect(await pgDumpText(db.url)).toBe(before);
    expect(restored.rows).toBe(result.rows);
    expect(restored.warnings).toEqual([]);
  });

  test.skipIf(!requireTool("age-keygen"))("mode recipients, with a key of age-keygen", async () => {
    const keyPath = await temporaryPath("key.txt");
    const { stdout: identity } = await promisify(execFile)("age-keygen");
    await writeFile(keyPath, identity);
    const { stdout: recipient } = await promisify(execFile)("age-keygen", ["-y", keyPath]);
    const { db, database } = await testDatabase({ sql: EVERYTHING_SQL });
    const before = await pgDumpText(db.url);
    const { path } = await backUp(database, {
      encryption: { mode: "recipients", recipients: [recipient.trim()] },
    });
    await db.query(MESS_SQL);
    await restore(database, path, { unlock: { identity } });
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test("into an empty database of another name", async () => {
    const { db, database } = await testDatabase({ sql: EVERYTHING_SQL });
    const { path } = await backUp(database);
    const other = await testDatabase({ sql: EVERYTHING_SQL });
    await other.db.query(
      "SET session_replication_role = replica; DELETE FROM everything; DELETE FROM employee; DELETE FROM department",
    );
    await restore(other.database, path);
    expect(await pgDumpText(other.db.url)).toBe(await pgDumpText(db.url));
  });
});

describe("on PostgreSQL 18", () => {
  test("a restored database is the one that was backed up, by SELECT", async () => {
    const { db, database } = await testDatabase({ major: 18, sql: EVERYTHING_SQL });
    const before = await databaseText(db.url);
    const { path } = await backUp(database);
    await db.query(MESS_SQL);
    expect(await databaseText(db.url)).not.toBe(before);
    await restore(database, path);
    expect(await databaseText(db.url)).toBe(before);
  });

  test("virtual generated columns, and foreign keys that are not enforced or not valid", async () => {
    const { db, database } = await testDatabase({
      major: 18,
      sql: `CREATE TABLE p (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL, CONSTRAINT named_null NOT NULL id);
        CREATE TABLE c (p_id int CONSTRAINT loose REFERENCES p NOT ENFORCED, q_id int);
        INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1), (77, 99);
        ALTER TABLE c ADD CONSTRAINT late FOREIGN KEY (q_id) REFERENCES p NOT VALID`,
    });
    const before = await databaseText(db.url);
    const { path } = await backUp(database);
    await db.query("DELETE FROM c; DELETE FROM p");
    await restore(database, path);
    expect(await databaseText(db.url)).toBe(before);
  });

  test("an archive of PostgreSQL 15 fits", async () => {
    const old = await testDatabase({ sql: EVERYTHING_SQL });
    const { path } = await backUp(old.database);
    const { db, database } = await testDatabase({ major: 18, sql: EVERYTHING_SQL });
    const before = await databaseText(db.url);
    await db.query(MESS_SQL);
    await restore(database, path);
    expect(await databaseText(db.url)).toBe(before);
  });
});

test("bytes without an encoding come back as they were", async () => {
  const { db, database } = await testDatabase({
    encoding: "SQL_ASCII",
    sql: String.raw`CREATE TABLE t (a text, b text[]); INSERT INTO t VALUES (E'caf\xe9', ARRAY[E'\xff"'])`,
  });
  const bytes = () =>
    db.query(
      "SELECT encode(convert_to(a, 'SQL_ASCII'), 'hex') AS a, encode(convert_to(b[1], 'SQL_ASCII'), 'hex') AS b FROM t",
    );
  expect(await bytes()).toEqual([{ a: "636166e9", b: "ff22" }]);
  const { path } = await backUp(database);
  await db.query("DELETE FROM t");
  await restore(database, path);
  expect(await bytes()).toEqual([{ a: "636166e9", b: "ff22" }]);
});
