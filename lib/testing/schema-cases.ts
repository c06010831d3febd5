/** Schemas for the round trip, one case each. */
export interface SchemaCase {
  what: string;
  /** Default: PostgreSQL 15. */
  since?: 18;
  /** Why an ordinary owner cannot restore it. refusals.integration.test.ts proves that and how it is refused. */
  needsSuperuser?: string;
  /** Run in an empty database. */
  sql: string;
  /** Run after the backup, with session_replication_role = replica. Must change what a restore has to bring back. */
  change: string;
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Makes tables that refer to each other in a cycle. */
function cycle(length: number, column: string): string {
  const name = (index: number) =>
    `"cycle ${length} ${column.replaceAll(/[^a-z]/gi, "")} ${(index % length) + 1}"`;
  return range(0, length - 1)
    .flatMap((index) => [
      `CREATE TABLE ${name(index)} (id int PRIMARY KEY, next int ${column})`,
      `INSERT INTO ${name(index)} SELECT i, 1 + i % 5 FROM generate_series(1, 5) i`,
    ])
    .concat(
      range(0, length - 1).map(
        (index) =>
          `ALTER TABLE ${name(index)} ADD FOREIGN KEY (next) REFERENCES ${name(index + 1)}`,
      ),
    )
    .join("; ");
}

const ACTIONS = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];

/** 63 bytes. */
const LONGEST = `${"é".repeat(31)}x`;
const NAMES = [
  ...[LONGEST, "Upper", "with space", "a.b", "../up", "a/b\\c", 'quo"te', "it''s", "sélect"],
  ...["select", "$1", "%s", "line\nbreak", "tab\t", "a,b", "{}", "__proto__", "😀", "r", "t", "l"],
];
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

export const SCHEMA_CASES: SchemaCase[] = [
  {
    what: "circles of foreign keys of 2 to 5 tables, nullable and NOT NULL, and self references",
    sql: `${range(2, 5)
      .flatMap((length) => [cycle(length, "NULL"), cycle(length, "NOT NULL")])
      .join("; ")};
      CREATE TABLE self (id int PRIMARY KEY, boss int NOT NULL REFERENCES self, deputy int REFERENCES self DEFERRABLE);
      INSERT INTO self SELECT i, 1 + i % 300, CASE WHEN i % 2 = 0 THEN 301 - i END FROM generate_series(1, 300) i`,
    change: `DELETE FROM self WHERE id > 7; DELETE FROM "cycle 3 NULL 1"; UPDATE "cycle 5 NOTNULL 2" SET next = 1`,
  },
  {
    what: "foreign keys with each action, several between two tables, composite, MATCH FULL, deferrable",
    sql: `CREATE TABLE parent (a int, b text, PRIMARY KEY (a, b), UNIQUE (b, a)); CREATE TABLE single (id int PRIMARY KEY);
      INSERT INTO parent SELECT i, 'b' || i FROM generate_series(1, 20) i; INSERT INTO single SELECT generate_series(1, 20);
      CREATE TABLE child (id int PRIMARY KEY, a int DEFAULT 1, b text DEFAULT 'b1', s int DEFAULT 1,
        ${ACTIONS.flatMap((onDelete, i) =>
          ACTIONS.map(
            (onUpdate, j) =>
              `CONSTRAINT "fk ${i}${j}" FOREIGN KEY (s) REFERENCES single ON DELETE ${onDelete} ON UPDATE ${onUpdate}`,
          ),
        ).join(", ")},
        CONSTRAINT composite FOREIGN KEY (a, b) REFERENCES parent ON DELETE SET NULL (b) DEFERRABLE,
        CONSTRAINT turned FOREIGN KEY (b, a) REFERENCES parent (b, a) MATCH FULL INITIALLY DEFERRED);
      COMMENT ON CONSTRAINT turned ON child IS 'it''s "turned"';
      INSERT INTO child SELECT i, i, 'b' || i, i FROM generate_series(1, 20) i; INSERT INTO child VALUES (21, NULL, NULL, NULL)`,
    change: "DELETE FROM child WHERE id < 5; DELETE FROM single; UPDATE parent SET b = 'x' || b",
  },
  {
    what: "foreign keys that are not valid, with rows that refer to nothing",
    sql: `CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, parent_id int);
      INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1), (2, 99);
      ALTER TABLE child ADD CONSTRAINT late FOREIGN KEY (parent_id) REFERENCES parent ON DELETE CASCADE NOT VALID`,
    change: "DELETE FROM child; DELETE FROM parent",
  },
  {
    what: "foreign keys whose triggers a superuser has disabled, or set to replica or always",
    needsSuperuser: "Only a superuser may put PostgreSQL's own triggers back to such a state.",
    sql: `CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1), (2);
      ${["unchecked", "half", "replica", "always", "plain"].map((name) => `CREATE TABLE ${name} (id int, p_id int REFERENCES p DEFERRABLE); INSERT INTO ${name} VALUES (1, 1), (2, NULL)`).join("; ")};
      CREATE TABLE q (id int PRIMARY KEY, next int NOT NULL REFERENCES q); INSERT INTO q VALUES (1, 2), (2, 1);
      CREATE TABLE part (id int PRIMARY KEY, p_id int REFERENCES p) PARTITION BY RANGE (id);
      CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10); CREATE TABLE part_2 PARTITION OF part DEFAULT;
      INSERT INTO part VALUES (1, 1), (11, 2); CREATE TABLE to_part (id int REFERENCES part); INSERT INTO to_part VALUES (1), (11);
      ALTER TABLE unchecked DISABLE TRIGGER ALL; ALTER TABLE part_2 DISABLE TRIGGER ALL; ALTER TABLE q DISABLE TRIGGER ALL;
      INSERT INTO unchecked VALUES (3, 777); INSERT INTO q VALUES (3, 333);
      DO $$ DECLARE g record; BEGIN
        FOR g IN SELECT tgrelid::regclass AS t, tgname, tgrelid::regclass::text AS kind FROM pg_trigger WHERE tgrelid IN ('half'::regclass, 'replica'::regclass, 'always'::regclass) AND (tgrelid <> 'half'::regclass OR tgfoid = 1645) LOOP
          EXECUTE format('ALTER TABLE %s %s TRIGGER %I', g.t, CASE g.kind WHEN 'half' THEN 'DISABLE' ELSE 'ENABLE ' || g.kind END, g.tgname);
        END LOOP;
        FOR g IN SELECT x.tgname, x.tgfoid, k.conname FROM pg_trigger x JOIN pg_constraint k ON k.oid = x.tgconstraint WHERE x.tgrelid = 'p'::regclass AND k.conname = 'plain_p_id_fkey' AND x.tgfoid::regproc::text LIKE '%del"' LOOP
          EXECUTE format('ALTER TABLE p DISABLE TRIGGER %I', g.tgname);
        END LOOP;
      END $$`,
    change:
      "DELETE FROM unchecked; DELETE FROM q; DELETE FROM part; DELETE FROM to_part; DELETE FROM p",
  },
  {
    what: "CHECK constraints that are not valid, with rows that violate them",
    sql: `CREATE DOMAIN late AS int; CREATE TABLE plain (a int, b late, c late[]); INSERT INTO plain VALUES (-1, -1, '{-1}'), (NULL, NULL, NULL);
      ALTER TABLE plain ADD CONSTRAINT "po si" CHECK (a > 0) NOT VALID, ADD CONSTRAINT valid CHECK (a < 100);
      COMMENT ON CONSTRAINT "po si" ON plain IS 'one day';
      ALTER DOMAIN late ADD CONSTRAINT "dom pos" CHECK (VALUE > 0) NOT VALID; COMMENT ON CONSTRAINT "dom pos" ON DOMAIN late IS 'a domain''s';
      CREATE TABLE base (a int); CREATE TABLE heir (b int) INHERITS (base); CREATE TABLE both_ (CONSTRAINT pos CHECK (a > 0) NOT VALID) INHERITS (base); CREATE TABLE good () INHERITS (base);
      INSERT INTO base VALUES (-2); INSERT INTO heir VALUES (-3, 1); INSERT INTO good VALUES (5);
      ALTER TABLE base ADD CONSTRAINT pos CHECK (a > 0) NOT VALID, ADD CONSTRAINT own CHECK (a > -2) NO INHERIT NOT VALID;
      ALTER TABLE good VALIDATE CONSTRAINT pos;
      CREATE TABLE part (a int, b int) PARTITION BY LIST (b); CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1); CREATE TABLE part_2 PARTITION OF part DEFAULT;
      INSERT INTO part VALUES (-1, 1), (-2, 2); ALTER TABLE part ADD CONSTRAINT pos CHECK (a > 0) NOT VALID; ALTER TABLE part_2 ADD CHECK (a > -1) NOT VALID`,
    change: "DELETE FROM plain; DELETE FROM part; DELETE FROM base; DELETE FROM good",
  },
  {
    what: "partitions by list, range, hash and expression, nested, with their columns in another order",
    sql: `CREATE TABLE l (dropped int, a text, b int) PARTITION BY LIST (a); ALTER TABLE l DROP dropped;
      CREATE TABLE l_null PARTITION OF l FOR VALUES IN (NULL, 'x'); CREATE TABLE l_rest PARTITION OF l DEFAULT PARTITION BY HASH (b);
      CREATE TABLE l_h0 PARTITION OF l_rest FOR VALUES WITH (MODULUS 3, REMAINDER 0); CREATE TABLE l_h1 PARTITION OF l_rest FOR VALUES WITH (MODULUS 3, REMAINDER 1);
      CREATE TABLE l_h2 (gone text, b int, gone2 int, a text); ALTER TABLE l_h2 DROP gone, DROP gone2; ALTER TABLE l_rest ATTACH PARTITION l_h2 FOR VALUES WITH (MODULUS 3, REMAINDER 2);
      INSERT INTO l SELECT CASE i % 4 WHEN 0 THEN 'x' WHEN 1 THEN 'y' WHEN 2 THEN 'z' END, i FROM generate_series(1, 60) i;
      CREATE SCHEMA other; CREATE TABLE r (at timestamptz NOT NULL, n numeric DEFAULT 7, id int GENERATED ALWAYS AS IDENTITY) PARTITION BY RANGE (at, n);
      CREATE TABLE other.r PARTITION OF r FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2024-01-01', 5); CREATE TABLE r_2 PARTITION OF r (n DEFAULT 9, CHECK (n > 0)) FOR VALUES FROM ('2024-01-01', 5) TO (MAXVALUE, MAXVALUE);
      INSERT INTO r (at, n) SELECT timestamptz '2023-12-30' + i * interval '6 hours', i FROM generate_series(1, 20) i;
      CREATE TABLE e (t text) PARTITION BY LIST (lower(t)); CREATE TABLE e_a PARTITION OF e FOR VALUES IN ('a'); CREATE TABLE e_empty PARTITION OF e FOR VALUES IN ('b'); INSERT INTO e VALUES ('A'), ('a');
      CREATE TABLE none (a int) PARTITION BY RANGE (a)`,
    change:
      "DELETE FROM l WHERE b > 30; DELETE FROM r; UPDATE r SET n = 6; DELETE FROM e; INSERT INTO e VALUES ('b')",
  },
  {
    what: "tables that inherit, each with rows of its own",
    sql: `CREATE TABLE a (id int, t text DEFAULT 'a'); CREATE TABLE b (n int) INHERITS (a); CREATE TABLE c () INHERITS (b); CREATE TABLE d (t text, x int, CHECK (x > 0)) INHERITS (c);
      CREATE TABLE late (x int, t text, id int); ALTER TABLE late INHERIT a;
      INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 'b', 2); INSERT INTO c VALUES (1, 'c', 3); INSERT INTO d (id, x) VALUES (1, 1); INSERT INTO late VALUES (1, 'late', 1)`,
    change: "DELETE FROM a; INSERT INTO b VALUES (7)",
  },
  {
    what: "an extension's configuration, and partitions and children below tables that it owns",
    sql: `CREATE EXTENSION citext; CREATE TABLE queue (id serial PRIMARY KEY, t text); INSERT INTO queue (t) SELECT 'q' || i FROM generate_series(1, 9) i;
      CREATE TABLE sent (id int PRIMARY KEY REFERENCES queue ON DELETE CASCADE); INSERT INTO sent SELECT generate_series(1, 5);
      CREATE SEQUENCE ticket_no; CREATE TABLE ticket (id int PRIMARY KEY DEFAULT nextval('ticket_no')); INSERT INTO ticket SELECT FROM generate_series(1, 5); CREATE SEQUENCE free; SELECT setval('free', 9);
      CREATE TABLE r (id int, k int, t text, PRIMARY KEY (id, k)) PARTITION BY LIST (k); CREATE INDEX ON r (t); CREATE TABLE r1 PARTITION OF r FOR VALUES IN (1);
      CREATE TABLE r2 PARTITION OF r DEFAULT PARTITION BY LIST (k); CREATE TABLE r2x PARTITION OF r2 FOR VALUES IN (2); CREATE TABLE r2y PARTITION OF r2 DEFAULT;
      ALTER TABLE r ADD CHECK (id > 0) NOT VALID; INSERT INTO r SELECT i, i % 4, 't' FROM generate_series(1, 40) i;
      CREATE TABLE base (id int); CREATE TABLE heir () INHERITS (base); INSERT INTO heir VALUES (2), (3);
      CREATE TABLE own (id int) PARTITION BY RANGE (id); CREATE TABLE own_1 PARTITION OF own DEFAULT; INSERT INTO own VALUES (1);
      ALTER EXTENSION citext ADD TABLE queue; ALTER EXTENSION citext ADD SEQUENCE ticket_no; ALTER EXTENSION citext ADD SEQUENCE free; ALTER EXTENSION citext ADD TABLE r; ALTER EXTENSION citext ADD TABLE base; ALTER EXTENSION citext ADD TABLE own_1;
      UPDATE pg_extension SET extconfig = ARRAY['queue'::regclass::oid, 'free'::regclass::oid], extcondition = ARRAY['', ''] WHERE extname = 'citext'`,
    change:
      "DELETE FROM sent; UPDATE queue SET t = 'x'; ALTER SEQUENCE ticket_no RESTART; SELECT setval('free', 1); DELETE FROM r1; UPDATE r SET k = 3 WHERE k = 2; INSERT INTO heir VALUES (4); DELETE FROM own",
  },
  {
    what: "triggers and rules in each of their states, on tables, partitions and TRUNCATE; constraint triggers",
    sql: `CREATE TABLE log (what text); CREATE FUNCTION boom() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''a trigger fired''; END';
      CREATE TABLE t (a int); CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF p DEFAULT;
      INSERT INTO t VALUES (1), (2); INSERT INTO p VALUES (1), (2); INSERT INTO log VALUES ('before');
      ${["o", "d", "r", "a"]
        .flatMap((state) =>
          ["t", "p"].flatMap((table) => [
            `CREATE TRIGGER "${state} row" BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION boom()`,
            `CREATE TRIGGER ${state}_statement AFTER INSERT OR DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION boom()`,
            `CREATE TRIGGER ${state}_truncate BEFORE TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION boom()`,
            `CREATE CONSTRAINT TRIGGER ${state}_constraint AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION boom()`,
            `CREATE RULE ${state}_rule AS ON INSERT TO ${table} DO INSTEAD NOTHING`,
            `CREATE RULE ${state}_also AS ON INSERT TO ${table} DO ALSO INSERT INTO log VALUES ('a rule fired')`,
            ...(state === "o"
              ? []
              : [
                  ...["_statement", "_truncate", "_constraint", " row"].map(
                    (name) =>
                      `ALTER TABLE ${table} ${{ d: "DISABLE", r: "ENABLE REPLICA", a: "ENABLE ALWAYS" }[state]} TRIGGER "${state}${name}"`,
                  ),
                  ...["rule", "also"].map(
                    (name) =>
                      `ALTER TABLE ${table} ${{ d: "DISABLE", r: "ENABLE REPLICA", a: "ENABLE ALWAYS" }[state]} RULE ${state}_${name}`,
                  ),
                ]),
          ]),
        )
        .join("; ")};
      ALTER TABLE p2 ENABLE TRIGGER "d row", DISABLE TRIGGER "a row", ENABLE REPLICA TRIGGER "o row", ENABLE ALWAYS TRIGGER o_constraint`,
    change:
      "UPDATE t SET a = a + 10; UPDATE p1 SET a = 1; DELETE FROM p2; INSERT INTO log VALUES ('after')",
  },
  {
    what: "event triggers, which would log what a restore alters",
    needsSuperuser: "Only a superuser may keep them from firing.",
    sql: `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p_id int REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1); CREATE TABLE ddl (what text);
      CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ddl VALUES (tg_tag); END';
      CREATE FUNCTION forbid() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no DDL here''; END';
      CREATE EVENT TRIGGER logged ON ddl_command_end EXECUTE FUNCTION log_ddl(); CREATE EVENT TRIGGER off_ ON ddl_command_start EXECUTE FUNCTION forbid(); ALTER EVENT TRIGGER off_ DISABLE;
      CREATE EVENT TRIGGER always ON sql_drop EXECUTE FUNCTION forbid(); ALTER EVENT TRIGGER always ENABLE ALWAYS;
      CREATE EVENT TRIGGER "re plica" ON ddl_command_start EXECUTE FUNCTION forbid(); ALTER EVENT TRIGGER "re plica" ENABLE REPLICA; TRUNCATE ddl`,
    change: "DELETE FROM c; DELETE FROM p",
  },
  {
    what: "names of every kind, also the same in several schemas",
    sql: `${["public", ...NAMES.filter((name) => !name.startsWith("pg_"))]
      .map((name, index) =>
        [
          ...(name === "public" ? [] : [`CREATE SCHEMA ${quoted(name)}`]),
          `CREATE TABLE ${quoted(name)}.same (id serial PRIMARY KEY, v text)`,
          `INSERT INTO ${quoted(name)}.same (v) VALUES ('${index}')`,
        ].join("; "),
      )
      .join("; ")};
      CREATE TABLE columns (${NAMES.map((name) => `${quoted(name)} text`).join(", ")}); INSERT INTO columns VALUES (${NAMES.map((_, i) => `'${i}'`).join(", ")});
      ${NAMES.map((name) => `CREATE TABLE ${quoted(name)} (id int CONSTRAINT ${quoted(`${name.slice(0, 20)} fk`)} REFERENCES same DEFERRABLE, ${quoted(name)} int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME ${quoted(`${name.slice(0, 20)} seq`)})); INSERT INTO ${quoted(name)} VALUES (1)`).join("; ")}`,
    change: `${NAMES.map((name) => `UPDATE ${quoted(name)} SET id = NULL; DELETE FROM ${quoted(name)}.same`).join("; ")}; DELETE FROM columns`,
  },
  {
    what: "sequences: shared, free, descending, cycling, of each type, never called, behind their rows by intent",
    sql: `CREATE SEQUENCE shared; CREATE TABLE s1 (id int DEFAULT nextval('shared')); CREATE TABLE s2 (id int DEFAULT nextval('shared'), other int DEFAULT nextval('shared')); INSERT INTO s1 SELECT FROM generate_series(1, 5); INSERT INTO s2 DEFAULT VALUES;
      CREATE SEQUENCE free START 42; SELECT setval('free', 77, false); CREATE SEQUENCE never; CREATE SEQUENCE big START 9223372036854775807 CYCLE; SELECT nextval('big');
      CREATE SEQUENCE small AS smallint INCREMENT -7 MAXVALUE 100 MINVALUE -100 CYCLE; SELECT nextval('small') FROM generate_series(1, 40);
      CREATE SEQUENCE down INCREMENT -1; CREATE TABLE d (id int DEFAULT nextval('down')); INSERT INTO d SELECT FROM generate_series(1, 9);
      CREATE TABLE always (id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 10 MINVALUE 0), by_default smallint GENERATED BY DEFAULT AS IDENTITY); INSERT INTO always SELECT FROM generate_series(1, 3);
      CREATE TABLE round (id int DEFAULT nextval('small')); INSERT INTO round VALUES (99), (-99);
      CREATE TABLE owner (id text); CREATE SEQUENCE owned OWNED BY owner.id; SELECT nextval('owned'); CREATE UNLOGGED SEQUENCE unlogged; SELECT nextval('unlogged');
      CREATE TABLE full_ (id smallserial); SELECT setval('full__id_seq', 32767); INSERT INTO full_ VALUES (32767); CREATE TABLE past (id serial); INSERT INTO past VALUES (1); SELECT setval('past_id_seq', 1)`,
    change: `INSERT INTO s2 SELECT FROM generate_series(1, 9); SELECT nextval('free'), nextval('never'), nextval('big'), nextval('small'), nextval('owned'), nextval('unlogged'), setval('full__id_seq', 3), nextval('past_id_seq');
      INSERT INTO d DEFAULT VALUES; INSERT INTO always DEFAULT VALUES; DELETE FROM round`,
  },
  {
    what: "no rows, no columns, generated columns only, 1,600 columns, dropped columns",
    sql: `CREATE TABLE no_rows (a int); CREATE TABLE no_columns (); INSERT INTO no_columns SELECT FROM generate_series(1, 3);
      CREATE TABLE only_generated (g int GENERATED ALWAYS AS (1 + 1) STORED); INSERT INTO only_generated DEFAULT VALUES;
      CREATE TABLE wide (${range(1, 1600)
        .map((i) => `c${i} ${["int", "bool", "text", "timestamptz"][(i - 1) % 4]}`)
        .join(", ")});
      INSERT INTO wide (c1, c2, c1599, c1600) VALUES (1, true, 'x', '2024-01-01'); INSERT INTO wide SELECT (t).* FROM (SELECT wide AS t FROM wide) x;
      CREATE TABLE dropped (a int, b int, c int); ALTER TABLE dropped DROP b; INSERT INTO dropped VALUES (1, 3)`,
    change:
      "INSERT INTO no_rows VALUES (1); DELETE FROM no_columns; DELETE FROM only_generated; DELETE FROM wide; UPDATE dropped SET c = 4",
  },
  {
    what: "unique and exclusion constraints, deferrable, NULLS NOT DISTINCT, partial; generated columns and checks that call functions",
    sql: `CREATE EXTENSION btree_gist; CREATE TABLE slots (room int, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room > 0) DEFERRABLE INITIALLY DEFERRED);
      INSERT INTO slots SELECT i % 3, tstzrange(timestamptz '2024-01-01' + i * interval '1 hour', timestamptz '2024-01-01' + (i + 1) * interval '1 hour') FROM generate_series(1, 30) i; INSERT INTO slots VALUES (0, NULL), (0, '(,)'), (0, '(,)');
      CREATE TABLE u (a int UNIQUE DEFERRABLE INITIALLY DEFERRED, b int UNIQUE NULLS NOT DISTINCT, c int); CREATE UNIQUE INDEX ON u (c) WHERE c > 5; CREATE INDEX ON u ((a + b) DESC NULLS LAST) INCLUDE (c);
      INSERT INTO u SELECT i, nullif(i, 1), 1 FROM generate_series(1, 5) i; CREATE SCHEMA f;
      CREATE FUNCTION f.fold(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(t) || ''!'''; CREATE FUNCTION open_at(t timestamptz) RETURNS bool STABLE LANGUAGE plpgsql AS 'BEGIN RETURN extract(hour FROM t) = 8; END';
      CREATE FUNCTION unqualified(t text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN helper(t); END'; CREATE FUNCTION helper(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''<'' || t';
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET TimeZone = ''Asia/Kathmandu''', current_database()); END $$; SET TimeZone = 'Asia/Kathmandu';
      CREATE TABLE g (t text, folded text GENERATED ALWAYS AS (f.fold(t)) STORED, wrapped text GENERATED ALWAYS AS (unqualified(t)) STORED, at timestamptz CHECK (open_at(at)));
      CREATE INDEX ON g (f.fold(t)); INSERT INTO g (t, at) VALUES ('Ä', '2024-01-01 08:30'), (NULL, '2024-07-01 08:00'); RESET TimeZone`,
    change: "DELETE FROM slots WHERE room = 1; UPDATE u SET a = 6 - a; DELETE FROM g",
  },
  {
    what: "unlogged and typed tables, storage parameters, fill factors, large rows",
    sql: `CREATE TYPE pair AS (a int, b text); CREATE TABLE typed OF pair (PRIMARY KEY (a)) WITH (fillfactor = 70, autovacuum_enabled = false); INSERT INTO typed VALUES (1, 'x');
      ALTER TABLE typed ALTER b SET STORAGE EXTERNAL, ALTER b SET (n_distinct = -0.5); INSERT INTO typed VALUES (2, repeat('x', 1000000));
      CREATE UNLOGGED TABLE unlogged (id serial PRIMARY KEY, v text); INSERT INTO unlogged (v) VALUES ('kept'), (NULL);
      CREATE TABLE part (a int) PARTITION BY LIST (a); CREATE UNLOGGED TABLE part_1 PARTITION OF part FOR VALUES IN (1); CREATE TABLE part_2 PARTITION OF part DEFAULT; INSERT INTO part VALUES (1), (2)`,
    change:
      "DELETE FROM typed; INSERT INTO typed VALUES (2, 'y'); DELETE FROM unlogged; INSERT INTO unlogged (v) VALUES ('other'); DELETE FROM part",
  },
  {
    what: "what surrounds a table: grants, policies, comments, statistics, clustering, publications, replica identity",
    sql: `CREATE TABLE t (id serial PRIMARY KEY, a int, b text); CREATE INDEX t_a ON t (a); INSERT INTO t (a, b) SELECT i, 'b' FROM generate_series(1, 100) i; CREATE TABLE u (id int PRIMARY KEY, t_id int REFERENCES t); INSERT INTO u VALUES (1, 1);
      CLUSTER t USING t_a; ALTER TABLE t ALTER a SET STATISTICS 500, REPLICA IDENTITY FULL; ALTER TABLE u REPLICA IDENTITY NOTHING; CREATE STATISTICS t_stat (dependencies) ON a, b FROM t; ALTER STATISTICS t_stat SET STATISTICS 77;
      GRANT SELECT, INSERT ON t TO PUBLIC; GRANT UPDATE (a) ON t TO PUBLIC; GRANT USAGE ON SEQUENCE t_id_seq TO PUBLIC; REVOKE UPDATE, DELETE, TRIGGER ON u FROM CURRENT_USER;
      COMMENT ON TABLE t IS 'a table'; COMMENT ON COLUMN t.a IS 'a column'; COMMENT ON CONSTRAINT u_t_id_fkey ON u IS 'a key'; COMMENT ON INDEX t_a IS 'an index';
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY above ON t FOR SELECT USING (a > 50); CREATE POLICY nobody ON t FOR INSERT WITH CHECK (false);
      CREATE PUBLICATION one FOR TABLE t (id, a) WHERE (id > 5) WITH (publish = 'insert, truncate'); CREATE PUBLICATION whole FOR ALL TABLES WITH (publish = 'insert'); CREATE VIEW v WITH (security_barrier) AS SELECT * FROM t; GRANT SELECT ON v TO PUBLIC;
      CREATE RULE ins AS ON INSERT TO v DO INSTEAD INSERT INTO t (a) VALUES (NEW.a)`,
    change: "DELETE FROM u; DELETE FROM t WHERE a > 50",
  },
  {
    what: "row-level security that is forced upon the owner, and an owner whose rights were revoked",
    needsSuperuser: "Rows could be hidden from the owner, and it may not read its own table.",
    sql: `CREATE TABLE t (id serial PRIMARY KEY, a int); INSERT INTO t (a) SELECT generate_series(1, 100); CREATE TABLE u (id int PRIMARY KEY, t_id int REFERENCES t); INSERT INTO u VALUES (1, 1);
      REVOKE ALL ON u FROM CURRENT_USER; ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY above ON t FOR SELECT USING (a > 50); CREATE POLICY nobody ON t FOR INSERT WITH CHECK (false)`,
    change: "DELETE FROM u; DELETE FROM t WHERE a > 50",
  },
  {
    what: "constraints that are not enforced, NOT NULL that is not valid, virtual columns, temporal keys",
    since: 18,
    sql: `CREATE EXTENSION btree_gist; CREATE TABLE p (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL, CONSTRAINT loose CHECK (id > 1) NOT ENFORCED, CONSTRAINT named NOT NULL twice);
      CREATE TABLE c (id int, p_id int CONSTRAINT loose REFERENCES p NOT ENFORCED, q_id int, n int); CREATE TABLE lone (p_id int REFERENCES p NOT ENFORCED); INSERT INTO lone VALUES (77); INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1, 1, NULL), (2, 77, 99, 5);
      ALTER TABLE c ADD CONSTRAINT late FOREIGN KEY (q_id) REFERENCES p NOT VALID, ADD CONSTRAINT "not yet" NOT NULL n NOT VALID; COMMENT ON CONSTRAINT "not yet" ON c IS 'soon';
      CREATE TABLE parts (id int, p_id int) PARTITION BY LIST (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 PARTITION OF parts DEFAULT;
      INSERT INTO parts VALUES (1, 1), (2, 22); ALTER TABLE parts ADD CONSTRAINT late FOREIGN KEY (p_id) REFERENCES p NOT VALID; ALTER TABLE parts_1 VALIDATE CONSTRAINT late;
      CREATE TABLE price (id int, valid daterange, cents int, PRIMARY KEY (id, valid WITHOUT OVERLAPS), UNIQUE (cents, valid WITHOUT OVERLAPS));
      CREATE TABLE offer (id int, during daterange, FOREIGN KEY (id, PERIOD during) REFERENCES price (id, PERIOD valid));
      INSERT INTO price VALUES (1, '[2024-01-01,2024-02-01)', 5), (1, '[2024-02-01,2024-03-01)', 6); INSERT INTO offer VALUES (1, '[2024-01-15,2024-02-15)')`,
    change: "DELETE FROM c; DELETE FROM p; DELETE FROM parts; DELETE FROM offer; DELETE FROM price",
  },
];
