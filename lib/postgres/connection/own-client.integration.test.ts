/** Settings that an app makes for all connections of its process do not affect ours. */

import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { backUp, check, restore, testDatabase } from "../../testing/backups.ts";
import { databaseText } from "../../testing/oracles.ts";
import { rehearsed } from "../../testing/rehearsals.ts";
import { sample } from "../../testing/scope.ts";
import { openDatabase } from "./connection.ts";

const SQL = `
  CREATE TABLE person (id serial PRIMARY KEY, name text, is_glad boolean, weight float8, tags text[]);
  CREATE TABLE visit (at date NOT NULL, person_id integer REFERENCES person) PARTITION BY RANGE (at);
  CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);
  INSERT INTO person (name, is_glad, weight, tags) VALUES ('Ada', true, 1.5, '{a,NULL}'), ('Grace', false, 'NaN', NULL);
  INSERT INTO visit VALUES ('2025-06-01', 1);
  INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('1', 'x', '2025-01-01 12:00+02', 'first')`;

/** The types that our statements return, and others. */
const TYPES = [
  16, 17, 20, 21, 23, 25, 26, 114, 700, 701, 1000, 1009, 1043, 1082, 1114, 1184, 1700, 3802,
];

const SETTINGS: Array<[what: string, set: () => () => void]> = [
  ...TYPES.map((oid): [string, () => () => void] => [
    `a parser of type ${oid}`,
    () => {
      const own = pg.types.getTypeParser(oid) as (text: string) => unknown;
      pg.types.setTypeParser(oid, () => "something else");
      return () => pg.types.setTypeParser(oid, own);
    },
  ]),
  ...Object.entries({
    binary: true,
    query_timeout: 1,
    parseInt8: true,
    statement_timeout: 500,
  }).map(([name, value]): [string, () => () => void] => [
    `pg.defaults.${name}`,
    () => {
      const defaults = pg.defaults as unknown as Record<string, unknown>;
      const before = defaults[name];
      defaults[name] = value;
      return () => {
        defaults[name] = before;
      };
    },
  ]),
];

test.for(sample(SETTINGS))("%s", async ([, set]) => {
  const { db, database } = await testDatabase({ sql: SQL, copied: true });
  const before = await databaseText(db.url);
  const { path: expected, result } = await backUp(database);
  expect(result.rows).toBe(4);

  const unset = set();
  onTestFinished(unset);
  const ours = openDatabase({ connectionString: `${db.url}?query_timeout=1` });
  try {
    const made = await backUp(ours);
    expect(made.result).toMatchObject({
      rows: 4,
      tables: result.tables.map(({ name, jsonSha256 }) => ({ name, jsonSha256 })),
    });
    expect(await check(ours, made.path)).toMatchObject({
      canStart: true,
      migrations: [{ name: "first", inBackup: true, inDatabase: true }],
    });
    expect(await rehearsed(ours, expected)).toMatchObject({ wouldSucceed: true, violations: [] });
    expect(await restore(ours, made.path)).toMatchObject({ rows: 3 });
  } finally {
    await ours.close();
  }
  unset();
  expect(await databaseText(db.url)).toBe(before);
});
