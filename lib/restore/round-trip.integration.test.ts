import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createTestDatabase,
  pgDumpText,
  type TestDatabase,
} from "../../scripts/testing/database.ts";
import { openArchive } from "../archive/archive-reader.ts";
import { createArchiveKey } from "../archive/encryption.ts";
import { runBackup } from "../backup/run-backup.ts";
import { type Database, openDatabase } from "../postgres/connection.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import type { EncryptionChoice, TableName, Unlock } from "../shared/api.ts";
import { beginRestore, runRestore } from "./run-restore.ts";
import { verifyArchive } from "./verify-archive.ts";

const models = NO_PRISMA_MODELS;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "round-trip-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function backUp(
  database: Database,
  name: string,
  options: { encryption?: EncryptionChoice; tables?: TableName[] } = {},
) {
  const path = join(folder, `${name}.zip`);
  const key = await createArchiveKey(options.encryption ?? { mode: "none" });
  const result = await runBackup({
    database,
    models,
    key,
    tables: options.tables,
    output: createWriteStream(path),
  });
  return { path, result };
}

async function restore(database: Database, path: string, unlock: Unlock = {}) {
  await using archive = await openArchive(path);
  await archive.unlock(unlock);
  const plan = await verifyArchive({ database, models, archive });
  const session = await beginRestore(database);
  try {
    return { plan, result: await runRestore(session, { archive, models }) };
  } finally {
    await session.end();
  }
}

/** Everything that a table, and what surrounds it, may have and that a plain load would change or trip over. */
const SCHEMA = String.raw`
  CREATE SCHEMA hr; CREATE SCHEMA "we.ird ""s/chema";
  CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'a,b');
  CREATE TYPE hr.address AS (street text, "zip code" int);
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE DOMAIN doc AS jsonb CHECK (VALUE IS NOT NULL);
  CREATE DOMAIN place AS hr.address;

  CREATE TABLE everything (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, i2 int2, i4 int4, i8 int8, n numeric, nn numeric(30,5), f4 float4, f8 float8,
    b bool, t text, v varchar(20), c char(5), nm name, qc "char", u uuid, by bytea, ts timestamp, tz timestamptz, tz3 timestamptz(3), d date, ti time, tt timetz, iv interval,
    j json, jb jsonb, x xml, ip inet, ci cidr, mac macaddr, mac8 macaddr8, bi bit(4), vb varbit, p point, pg polygon, tsv tsvector, tsq tsquery, m money,
    r int4range, mr datemultirange, ia int[], ta text[], ja jsonb[], ma mood[], mo mood, ad hr.address, ads hr.address[], po positive, do_ doc, pl place,
    ts_a timestamptz[], reg regclass, lsn pg_lsn, o oid, gen int GENERATED ALWAYS AS (i4 / 2) STORED);
  INSERT INTO everything (i2, i4, i8, n, nn, f4, f8, b, t, v, c, nm, qc, u, by, ts, tz, tz3, d, ti, tt, iv, j, jb, x, ip, ci, mac, mac8, bi, vb, p, pg, tsv, tsq, m,
    r, mr, ia, ta, ja, ma, mo, ad, ads, po, do_, pl, ts_a, reg, lsn, o) VALUES
    (-32768, 2147483647, -9223372036854775808, 'NaN', 1234567890123456789012345.12345, '3.4028235e38', '5e-324', true,
     E'tab\t nl\n cr\r q" bs\\ \x01\x02\x1f\x7f \u2028 😀 \\. \\n', 'x', 'ab', 'n', 'q', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\x00ff10',
     '4713-01-01 00:00:00 BC', '2024-02-29 12:34:56.123456+05:45', '2024-02-29 12:34:56.123+00', 'infinity', '24:00:00', '23:59:59.999999-15:59', '-1 year 2 mons -3 days 04:05:06.789',
     '{"a" : 1.0,  "a": 2, "b": [ ]}', '{"$json": {"x": 12345678901234567890.100}}', '<a>1</a>', '10.1.2.3', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'1010', B'101', '(1.5,-0)', '((0,0),(1,1),(1,0))',
     'a fat:2A cat', 'fat & (rat | !cat)', '-$1,234.56', '[1,5)', '{[2024-01-01,2024-02-01),[2025-01-01,)}', '[2:3]={7,NULL}', ARRAY['a,b', NULL, '', 'NULL', E'\\"'],
     ARRAY['null'::jsonb, NULL, '{"$json":1}'], '{"a,b",sad}', 'it''s ok', ROW('x "y", (z)', NULL), ARRAY[ROW('a', 1), NULL, ROW(NULL, NULL)]::hr.address[], 7, '"str"', ROW('p', 5), '{"2024-01-01 00:00:00.000001+00",infinity}', 'everything', '16/B374D848', 4294967295),
    (NULL, NULL, NULL, 'Infinity', NULL, 'NaN', '-Infinity', NULL, '', '', NULL, NULL, NULL, NULL, '', '-infinity', '294276-12-31 23:59:59.999999+00', NULL, '5874897-12-31', NULL, NULL, NULL,
     'null', 'null', NULL, '::1/64', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'empty', '{}', '{}', '{{a,b},{c,d}}', NULL, NULL, NULL, ROW(NULL, NULL), NULL, NULL, 'null', NULL, NULL, NULL, NULL, NULL),
    (NULL, NULL, 9007199254740993, ('1' || repeat('0', 900) || '.' || repeat('1', 99))::numeric, NULL, '-0', '1.7976931348623157e308', false, repeat('é', 1000000), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     '[1,2 , 3]', '[1e400, "x", {"a": null}]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '3', NULL, NULL, NULL, NULL, NULL);

  CREATE TABLE department (id serial PRIMARY KEY, head int, name text NOT NULL);
  CREATE TABLE employee (id int PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT -1 MINVALUE -5 MAXVALUE 100), department_id int NOT NULL REFERENCES department DEFERRABLE INITIALLY DEFERRED, boss int REFERENCES employee ON DELETE SET NULL);
  ALTER TABLE department ADD CONSTRAINT "the head" FOREIGN KEY (head) REFERENCES employee (id) ON UPDATE CASCADE NOT VALID;
  COMMENT ON CONSTRAINT "the head" ON department IS 'who''s the head';
  INSERT INTO department (head, name) SELECT NULL, 'd' || i FROM generate_series(1, 50) i;
  INSERT INTO employee (department_id, boss) SELECT 1 + i % 50, NULL FROM generate_series(1, 100) i;
  UPDATE employee SET boss = 100 WHERE id < 90;
  UPDATE department SET head = 101 - id;
  ALTER SEQUENCE department_id_seq RESTART WITH 77;

  CREATE TABLE hr.log (at timestamptz NOT NULL, kind int, line text, PRIMARY KEY (at, kind)) PARTITION BY RANGE (at);
  CREATE TABLE hr.log_2023 PARTITION OF hr.log FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') PARTITION BY LIST (kind);
  CREATE TABLE hr.log_2023_1 PARTITION OF hr.log_2023 FOR VALUES IN (1);
  CREATE TABLE hr.log_2023_x PARTITION OF hr.log_2023 DEFAULT;
  CREATE TABLE hr.log_rest PARTITION OF hr.log DEFAULT;
  INSERT INTO hr.log SELECT timestamptz '2023-06-01' + i * interval '3 days', i % 3, 'line ' || i FROM generate_series(1, 200) i;
  CREATE TABLE log_note (id int PRIMARY KEY, at timestamptz, kind int, FOREIGN KEY (at, kind) REFERENCES hr.log ON DELETE CASCADE);
  INSERT INTO log_note SELECT row_number() OVER (), at, kind FROM hr.log LIMIT 20;

  CREATE TABLE animal (name text); CREATE TABLE cat (lives int) INHERITS (animal);
  INSERT INTO animal VALUES ('generic'); INSERT INTO cat VALUES ('tom', 9);
  CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
  CREATE TABLE empty (id int);
  CREATE TABLE "we.ird ""s/chema"."Tab le.json" ("col ""umn" int, "r" text, "$1" text, dropped int);
  ALTER TABLE "we.ird ""s/chema"."Tab le.json" DROP COLUMN dropped;
  INSERT INTO "we.ird ""s/chema"."Tab le.json" VALUES (1, 'r', '$');
  CREATE TABLE "_CategoryToPost" ("A" int, "B" int);
  CREATE TABLE slots (during tsrange, EXCLUDE USING gist (during WITH &&)); INSERT INTO slots VALUES ('[2024-01-01,2024-01-02)');
  CREATE TABLE uq (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO uq SELECT generate_series(1, 10);
  CREATE SEQUENCE hr.free INCREMENT -5 MINVALUE -1000 MAXVALUE 50 START 50; SELECT nextval('hr.free');
  CREATE SEQUENCE never_called START 42;

  CREATE TABLE audit (what text);
  CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a trigger fired'; END $$;
  CREATE TRIGGER t_enabled BEFORE INSERT ON department FOR EACH ROW EXECUTE FUNCTION boom();
  CREATE TRIGGER t_always AFTER INSERT ON department FOR EACH ROW EXECUTE FUNCTION boom();
  CREATE TRIGGER t_replica AFTER INSERT ON department FOR EACH ROW EXECUTE FUNCTION boom();
  CREATE TRIGGER t_disabled AFTER INSERT ON department FOR EACH ROW EXECUTE FUNCTION boom();
  CREATE TRIGGER t_truncate BEFORE TRUNCATE ON department FOR EACH STATEMENT EXECUTE FUNCTION boom();
  CREATE TRIGGER t_part AFTER INSERT ON hr.log FOR EACH ROW EXECUTE FUNCTION boom();
  ALTER TABLE department ENABLE ALWAYS TRIGGER t_always, ENABLE REPLICA TRIGGER t_replica, DISABLE TRIGGER t_disabled;
  CREATE RULE no_insert AS ON INSERT TO uq DO INSTEAD NOTHING;
`;

/** Deletes and changes rows everywhere, and moves the sequences. */
const MESS = `
  SET session_replication_role = replica;
  DELETE FROM everything WHERE id > 1; UPDATE everything SET t = 'mess', jb = '1';
  INSERT INTO everything (t, do_) SELECT 'new', '1' FROM generate_series(1, 10);
  DELETE FROM employee WHERE id % 2 = 0; UPDATE department SET name = 'mess', head = NULL;
  DELETE FROM hr.log; DELETE FROM animal; DELETE FROM nothing; INSERT INTO empty VALUES (1);
  ALTER TABLE uq DISABLE RULE no_insert; DELETE FROM uq; INSERT INTO uq VALUES (5), (77); ALTER TABLE uq ENABLE RULE no_insert;
  SELECT nextval('hr.free'), nextval('never_called'), nextval('department_id_seq');
`;

async function makeDatabase(): Promise<{ test: TestDatabase; database: Database; before: string }> {
  const test = await createTestDatabase({ sql: SCHEMA });
  return {
    test,
    database: openDatabase({ connectionString: test.url }),
    before: await pgDumpText(test.url),
  };
}

describe("a restored database is the one that was backed up, by pg_dump", () => {
  const modes: Array<{ encryption: EncryptionChoice; unlock: Unlock }> = [
    { encryption: { mode: "none" }, unlock: {} },
    {
      encryption: { mode: "passphrase", passphrase: "correct horse" },
      unlock: { passphrase: "correct horse" },
    },
  ];
  test.for(modes)("mode $encryption.mode", async ({ encryption, unlock }) => {
    const { test: db, database, before } = await makeDatabase();
    await using _ = db;
    const { path, result } = await backUp(database, `all-${encryption.mode}`, { encryption });
    expect(result.rows).toBeGreaterThan(300);

    await db.query(MESS);
    expect(await pgDumpText(db.url)).not.toBe(before);

    const { result: restored } = await restore(database, path, unlock);
    expect(await pgDumpText(db.url)).toBe(before);
    expect(restored.rows).toBe(result.rows);
    expect(restored.warnings).toEqual([]);
    await database.close();
  });
});
