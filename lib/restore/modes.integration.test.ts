/**
 * Restores some tables, some rows, only into empty tables, or merged by key. `pg_dump` and plain queries check the
 * results.
 */
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { openArchive } from "../archive/archive-reader.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { quoteTable } from "../postgres/identifiers.ts";
import type { RestorePlan, RestoreScope, TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import {
  asRole,
  backUp,
  editArchive,
  errorOf,
  leftSessions,
  models,
  restore,
  testDatabase,
} from "../testing/backups.ts";
import { pgDumpOnce, pgDumpText, type TestDatabase } from "../testing/database.ts";
import { surroundingsText } from "../testing/oracles.ts";
import { until } from "../testing/patience.ts";
import { rehearsed } from "../testing/rehearsals.ts";
import { SCHEMA_CASES } from "../testing/schema-cases.ts";
import { type CheckedPlan, verifyArchive } from "./plan-restore.ts";

/**
 * A shop: identity columns, composite keys, Prisma's implicit many-to-many, a cycle, partitions, and triggers that must
 * not fire.
 */
const SQL = `
  CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name text,
    shout text GENERATED ALWAYS AS (upper(name)) STORED, referred_by int REFERENCES customer ON DELETE CASCADE);
  CREATE TABLE product (sku text PRIMARY KEY, cents int NOT NULL CHECK (cents > 0));
  CREATE TABLE tag (id serial PRIMARY KEY, name text);
  CREATE TABLE "_ProductToTag" ("A" text NOT NULL REFERENCES product ON DELETE CASCADE ON UPDATE CASCADE, "B" int NOT NULL REFERENCES tag ON DELETE CASCADE ON UPDATE CASCADE);
  CREATE UNIQUE INDEX "_ProductToTag_AB_unique" ON "_ProductToTag" ("A", "B");
  CREATE TABLE orders (id serial PRIMARY KEY, customer_id int NOT NULL REFERENCES customer ON DELETE CASCADE, note text);
  CREATE TABLE order_line (order_id int REFERENCES orders ON DELETE CASCADE, sku text REFERENCES product, quantity int NOT NULL CHECK (quantity > 0), PRIMARY KEY (order_id, sku));
  CREATE TABLE team (id int PRIMARY KEY, lead int);
  CREATE TABLE member (id int PRIMARY KEY, team_id int REFERENCES team ON DELETE CASCADE);
  ALTER TABLE team ADD CONSTRAINT team_lead FOREIGN KEY (lead) REFERENCES member ON DELETE SET NULL DEFERRABLE;
  CREATE TABLE event (id int, day date, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE event_old PARTITION OF event FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
  CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ('2025-01-01') TO (MAXVALUE);
  INSERT INTO customer (email, name) SELECT 'c' || i, 'then ' || i FROM generate_series(1, 8) i;
  UPDATE customer SET referred_by = 1 WHERE id IN (2, 3);
  INSERT INTO product SELECT 'p' || i, i FROM generate_series(1, 6) i;
  INSERT INTO tag (name) VALUES ('red'), ('blue'), ('green');
  INSERT INTO "_ProductToTag" VALUES ('p1', 1), ('p1', 2), ('p2', 1), ('p3', 3);
  INSERT INTO orders (customer_id, note) SELECT 1 + i % 8, 'then' FROM generate_series(1, 10) i;
  INSERT INTO order_line SELECT i, 'p' || 1 + i % 6, i FROM generate_series(1, 10) i;
  INSERT INTO team VALUES (1, NULL), (2, NULL); INSERT INTO member VALUES (1, 1), (2, 1), (3, 2); UPDATE team SET lead = id;
  INSERT INTO event SELECT i, date '2024-12-28' + i, 'then' FROM generate_series(1, 8) i;
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no trigger fires'; END $$;`;

/** Changes, deletes and adds some rows. */
const CHANGE = `
  DELETE FROM customer WHERE id IN (7, 8);
  UPDATE customer SET name = 'now' WHERE id IN (1, 4);
  INSERT INTO customer (email, name) VALUES ('new 9', 'now'), ('new 10', 'now');
  UPDATE product SET cents = 99 WHERE sku = 'p2'; INSERT INTO product VALUES ('p7', 7);
  DELETE FROM "_ProductToTag" WHERE "A" = 'p1'; INSERT INTO "_ProductToTag" VALUES ('p7', 3);
  UPDATE orders SET note = 'now' WHERE id = 2; INSERT INTO orders (customer_id, note) VALUES (9, 'now');
  DELETE FROM order_line WHERE order_id = 3; UPDATE order_line SET quantity = 77 WHERE order_id = 4;
  INSERT INTO order_line VALUES (11, 'p7', 1);
  UPDATE team SET lead = NULL; DELETE FROM member WHERE id = 3; INSERT INTO member VALUES (4, 2); UPDATE team SET lead = 4 WHERE id = 2;
  DELETE FROM event WHERE id IN (1, 8); UPDATE event SET note = 'now' WHERE id IN (2, 7); INSERT INTO event VALUES (9, '2024-01-01', 'now');`;

const GUARD = ["customer", "orders", "order_line", "event"]
  .map(
    (name) =>
      `CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION refuse();`,
  )
  .join(" ");

const KEYS: Record<string, string[]> = {
  customer: ["id"],
  product: ["sku"],
  tag: ["id"],
  _ProductToTag: ["A", "B"],
  orders: ["id"],
  order_line: ["order_id", "sku"],
  team: ["id"],
  member: ["id"],
  event: ["id", "day"],
};
const NAMES = Object.keys(KEYS);
const table = (name: string): TableName => ({ schema: "public", name });

type Rows = Map<string, string>;
type Content = Map<string, Rows>;

/** Reads every row as PostgreSQL prints it, by its key. */
async function contentOf(db: TestDatabase): Promise<Content> {
  const content: Content = new Map();
  for (const [name, key] of Object.entries(KEYS)) {
    const rows = await db.query<{ key: string; row: string }>(
      `SELECT ROW(${key.map((it) => `"${it}"`).join(", ")})::text AS key, t::text AS row FROM "${name}" t ORDER BY 1`,
    );
    content.set(name, new Map(rows.map(({ key: it, row }) => [it, row])));
  }
  return content;
}

const plain = (content: Content) =>
  Object.fromEntries(
    [...content].map(([name, rows]) => [name, [...rows].toSorted().map(([, row]) => row)]),
  );

const rowsIn = (content: Content, name: string): Rows => content.get(name) ?? new Map();

async function scene() {
  const { db, database } = await testDatabase({ sql: SQL, copied: true });
  const { path } = await backUp(database);
  const archived = await contentOf(db);
  await db.query(CHANGE + GUARD);
  return {
    db,
    database,
    path,
    archived,
    now: await contentOf(db),
    dump: await pgDumpOnce(SQL + CHANGE + GUARD, db.url),
    surroundings: await surroundingsText(db.url),
  };
}
type Scene = Awaited<ReturnType<typeof scene>>;

async function planOf(database: Database, path: string, scope: RestoreScope): Promise<CheckedPlan> {
  await using archive = await openArchive(path);
  await archive.unlock({});
  return await verifyArchive({ database, models, archive, scope });
}

/** Counts the changes that a trial run should report. */
function changesBetween(before: Content, after: Content, names: readonly string[]) {
  return names.map((name) => {
    const [then, now] = [rowsIn(before, name), rowsIn(after, name)];
    const common = [...then].filter(([key]) => now.has(key));
    const same = common.filter(([key, row]) => now.get(key) === row).length;
    return {
      name,
      rowsNow: then.size,
      changes: {
        added: now.size - common.length,
        removed: then.size - common.length,
        changed: common.length - same,
        same,
      },
    };
  });
}

/** Runs a trial run and a restore, and compares both with the same expectation. */
async function proveRestore(it: Scene, scope: RestoreScope, expected: Content, names = NAMES) {
  const report = await rehearsed(it.database, it.path, { scope });
  expect(await pgDumpText(it.db.url)).toBe(it.dump);
  expect(report).toMatchObject({ wouldSucceed: true, obstacles: [], violations: [] });
  const told = report.tables.map(({ name, rowsNow, changes }) => ({ name, rowsNow, changes }));
  const byName = <Item extends { name: string }>(items: Item[]) =>
    items.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect(byName(told)).toEqual(byName(changesBetween(it.now, expected, names)));

  const plan = await planOf(it.database, it.path, scope);
  expect(plan).toMatchObject({ canStart: true, scope });
  const result = await restore(it.database, it.path, {
    scope,
    expectedFingerprint: plan.fingerprint,
  });
  expect(plain(await contentOf(it.db))).toEqual(plain(expected));
  expect(await surroundingsText(it.db.url)).toBe(it.surroundings);
  expect(
    byName(
      result.tables.map(({ name, rowsBefore, rowsAfter }) => ({ name, rowsBefore, rowsAfter })),
    ),
  ).toEqual(
    byName(
      names.map((name) => ({
        name,
        rowsBefore: rowsIn(it.now, name).size,
        rowsAfter: rowsIn(expected, name).size,
      })),
    ),
  );
  expect(await leftSessions(it.db)).toEqual([]);
  // The next inserts get new keys.
  await it.db.query(
    `ALTER TABLE customer DISABLE TRIGGER USER; ALTER TABLE orders DISABLE TRIGGER USER;
     INSERT INTO customer (email) VALUES ('next'); INSERT INTO orders (customer_id) VALUES (1); INSERT INTO tag DEFAULT VALUES`,
  );
  return { plan, result };
}

/** Merges the chosen rows of the backup into the current content. */
function merged(
  { now, archived }: Scene,
  mode: string,
  isChosen: (name: string, key: string) => boolean = () => true,
): Content {
  return new Map(
    NAMES.map((name) => {
      const all = new Map(rowsIn(now, name));
      for (const [key, row] of rowsIn(archived, name))
        if (isChosen(name, key) && (mode === "overwrite" || !all.has(key))) all.set(key, row);
      return [name, all];
    }),
  );
}

const stateOf = (db: TestDatabase) =>
  db.query("SELECT last_value::int, is_called FROM customer_id_seq");

describe("merging", () => {
  test.for(["keep-existing", "overwrite"] as const)("%s: every table", async (mode) => {
    const it = await scene();
    const expected = merged(it, mode);
    const { plan, result } = await proveRestore(it, { mode }, expected);
    expect(plan.tables.map(({ action }) => action)).toEqual(NAMES.map(() => "merge"));
    for (const { jsonSha256 } of result.tables) expect(jsonSha256).toMatch(/^[0-9a-f]{64}$/);
    // The sequence is not set back to its value in the backup: 10 customers were created since.
    expect(result.sequenceStates).toContainEqual({
      ...table("customer_id_seq"),
      lastValue: "10",
      isCalled: true,
    });
    expect(await stateOf(it.db)).toEqual([{ last_value: 11, is_called: true }]);
  });

  test.for(["keep-existing", "overwrite"] as const)("%s: some tables", async (mode) => {
    const it = await scene();
    const names = ["customer", "orders", "event"];
    const expected = merged(it, mode, (name) => names.includes(name));
    await proveRestore(it, { mode, tables: names.map(table) }, expected, names);
  });

  test.for(["keep-existing", "overwrite"] as const)("%s: some rows", async (mode) => {
    const it = await scene();
    const chosen: Record<string, string[]> = {
      customer: ["(1)", "(7)"],
      orders: ["(2)", "(3)", "(6)"],
      order_line: ["(3,p4)"],
    };
    const rows: NonNullable<RestoreScope["rows"]> = [];
    await using archive = await openArchive(it.path);
    await archive.unlock({});
    for (const [name, keys] of Object.entries(chosen)) {
      const archived = archive.manifest.tables.find((listed) => listed.name === name);
      if (!archived) throw new Error(`no ${name}`);
      const all: Array<Record<string, unknown>> = JSON.parse(
        await text(archive.readTable(archived)),
      );
      const places = all.flatMap((row, index) =>
        keys.includes(`(${KEYS[name]?.map((column) => row[column]).join(",")})`) ? index + 1 : [],
      );
      // Neither the order nor repetition matters.
      rows.push({ ...table(name), places: [...places.toReversed(), places[0] ?? 0] });
    }
    const expected = merged(it, mode, (name, key) => chosen[name]?.includes(key) ?? false);
    const { result } = await proveRestore(it, { mode, rows }, expected, Object.keys(chosen));
    expect(result.rows).toBe(6);
  });

  test("a sequence that is behind the rows that came is raised, and no other is touched", async () => {
    const it = await scene();
    await it.db.query(
      "ALTER SEQUENCE orders_id_seq RESTART WITH 3; ALTER SEQUENCE tag_id_seq RESTART WITH 50",
    );
    await restore(it.database, it.path, { scope: { mode: "keep-existing" } });
    expect(
      await it.db.query(
        "SELECT (SELECT (last_value, is_called)::text FROM orders_id_seq) AS orders, (SELECT (last_value, is_called)::text FROM tag_id_seq) AS tag",
      ),
    ).toEqual([{ orders: "(11,t)", tag: "(50,f)" }]);
  });

  test("what the table holds bears the transaction's number, so that the truth is known after a crash", async () => {
    const it = await scene();
    let xid = "";
    const onTransaction = async (number: string) => {
      xid = number;
    };
    // For the other two tables, foreign keys are dropped and added again.
    for (const [mode, ...names] of [
      ["overwrite", "event"],
      ["replace", "member", "team"],
    ] as const) {
      const scope: RestoreScope = { mode, tables: names.map(table) };
      await restore(it.database, it.path, { scope, onTransaction });
      expect(
        await it.db.query(
          "SELECT relname FROM pg_class WHERE xmin = xid($1::xid8) AND relname = ANY ($2) ORDER BY 1",
          [xid, names],
        ),
      ).toEqual(names.map((relname) => ({ relname })));
    }
  });

  test("another unique value that is there already fails it whole, and is named", async () => {
    const it = await scene();
    await it.db.query(
      "ALTER TABLE customer DISABLE TRIGGER USER; UPDATE customer SET email = 'c7' WHERE id = 9",
    );
    const before = await pgDumpText(it.db.url);
    const scope: RestoreScope = { mode: "keep-existing" };
    const report = await rehearsed(it.database, it.path, { scope });
    expect(report.wouldSucceed).toBe(false);
    expect(report.violations).toMatchObject([
      { kind: "unique", table: table("customer"), constraint: "customer_email_key", total: 1 },
    ]);
    const error = await errorOf(restore(it.database, it.path, { scope }));
    expect(error).toMatchObject({
      code: "CONSTRAINT_VIOLATED",
      details: {
        table: table("customer"),
        constraint: "customer_email_key",
        key: "id = 7",
        conflictsWith: "id = 9",
      },
    });
    expect(error.message).toContain("Nothing was changed.");
    expect(error.message).not.toContain("c7");
    expect(await pgDumpText(it.db.url)).toBe(before);
  });

  test("a row that the table does not take fails it whole, by its place in the backup", async () => {
    const it = await scene();
    const bad = await editArchive(it.path, {
      "public.order_line": (json) => json.replace('"quantity":9', '"quantity":99999999999'),
    });
    for (const mode of ["keep-existing", "overwrite"] as const) {
      const error = await errorOf(restore(it.database, bad, { scope: { mode } }));
      expect(error).toMatchObject({
        code: "LOAD_FAILED",
        details: { table: table("order_line"), rows: [9, 9], column: "quantity" },
      });
      expect(await pgDumpText(it.db.url)).toBe(it.dump);
    }
    const unchecked = await editArchive(it.path, {
      "public.order_line": (json) => json.replace('"quantity":9', '"quantity":-9'),
    });
    const error = await errorOf(restore(it.database, unchecked, { scope: { mode: "overwrite" } }));
    expect(error).toMatchObject({
      code: "CONSTRAINT_VIOLATED",
      details: {
        table: table("order_line"),
        constraint: "order_line_quantity_check",
        key: "order_id = 9, sku = p4",
      },
    });
    expect(await pgDumpText(it.db.url)).toBe(it.dump);

    await it.db.query("DROP TABLE event_new");
    const scope: RestoreScope = { mode: "overwrite", tables: [table("event")] };
    expect(await errorOf(restore(it.database, it.path, { scope }))).toMatchObject({
      code: "CONSTRAINT_VIOLATED",
      hint: expect.stringContaining("partition"),
      details: {
        table: table("event"),
        key: "id = 4, day = 2025-01-01",
        otherKeys: [5, 6, 7, 8].map((id) => `id = ${id}, day = 2025-01-0${id - 3}`),
      },
    });
  });

  test("cancelled in any phase: nothing has changed", async () => {
    const it = await scene();
    for (const phase of ["emptying", "loading", "constraints", "sequences"]) {
      const stop = new AbortController();
      const error = await errorOf(
        restore(it.database, it.path, {
          scope: { mode: "overwrite" },
          signal: stop.signal,
          onProgress: (event) => event.type === "phase" && event.phase === phase && stop.abort(),
        }),
      );
      expect(error.code, phase).toBe("ABORTED");
      await until("the session is gone", async () => (await leftSessions(it.db)).length === 0);
      expect(await pgDumpText(it.db.url), phase).toBe(it.dump);
    }
  });

  test("tables without a key are refused, by name, before anything is done", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE TABLE log (line text); CREATE TABLE nullable (id int UNIQUE); CREATE TABLE later (id int PRIMARY KEY); INSERT INTO log VALUES ('a')",
    });
    const { path } = await backUp(database);
    await db.query("ALTER TABLE later DROP id, ADD key serial PRIMARY KEY");
    const scope: RestoreScope = { mode: "overwrite" };
    const plan = await planOf(database, path, scope);
    expect(plan.canStart).toBe(false);
    const message = expect.stringMatching(/public\.later, public\.log, public\.nullable/);
    expect(plan.checks).toContainEqual(
      expect.objectContaining({ name: "keys", state: "failed", message }),
    );
    expect(await rehearsed(database, path, { scope })).toMatchObject({
      wouldSucceed: false,
      obstacles: [{ code: "REQUEST_INVALID", message }],
    });
    const before = await pgDumpText(db.url);
    expect(await errorOf(restore(database, path, { scope }))).toMatchObject({
      code: "REQUEST_INVALID",
      message,
    });
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test("by an owner who is no superuser and may make no temporary tables, and nothing of the place is left", async () => {
    const { db } = await testDatabase();
    const role = await asRole(
      db,
      (name) =>
        `GRANT CREATE ON DATABASE ${db.name} TO ${name}; REVOKE TEMPORARY ON DATABASE ${db.name} FROM PUBLIC; CREATE SCHEMA shop AUTHORIZATION ${name}`,
    );
    await role.pool.query(
      "CREATE TABLE shop.a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b int REFERENCES shop.a ON DELETE CASCADE); INSERT INTO shop.a (b) VALUES (1), (1)",
    );
    const { path } = await backUp(role);
    await role.pool.query("DELETE FROM shop.a WHERE id = 2; INSERT INTO shop.a (b) VALUES (NULL)");
    await restore(role, path, { scope: { mode: "overwrite" } });
    expect(await db.query("SELECT * FROM shop.a ORDER BY id")).toEqual([
      { id: 1, b: 1 },
      { id: 2, b: 1 },
      { id: 3, b: null },
    ]);
    expect(
      await db.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'prisma_backup_admin%'"),
    ).toEqual([]);
  });
});

/** The cases whose tables have keys. */
const CASES = SCHEMA_CASES.filter(({ what }) =>
  /^(names|foreign keys with each action|foreign keys that are not valid)/.test(what),
);

test.for(CASES)("merged with itself, and with nothing: $what", async ({ sql }) => {
  const { db, database } = await testDatabase({ sql });
  const { path } = await backUp(database);
  await using archive = await openArchive(path);
  await archive.unlock({});
  const { checks } = await planOf(database, path, { mode: "overwrite" });
  const refused = checks.find(({ name }) => name === "keys")?.leaveOut?.tables.map(tableKey) ?? [];
  const tables = archive.manifest.tables
    .map(({ schema, name }) => ({ schema, name }))
    .filter((it) => !refused.includes(tableKey(it)));
  expect(tables.length).toBeGreaterThan(1);
  const before = await pgDumpText(db.url);
  const surroundings = await surroundingsText(db.url);
  for (const mode of ["keep-existing", "overwrite"] as const) {
    await restore(database, path, { scope: { mode, tables } });
    expect(await pgDumpText(db.url)).toBe(before);
    expect(await surroundingsText(db.url)).toBe(surroundings);
  }
  const emptyAll = tables.map((it) => `DELETE FROM ${quoteTable(it)}`).join("; ");
  await db.query(
    `SET session_replication_role = replica; ${emptyAll}; RESET session_replication_role`,
  );
  if (sql.includes("NOT VALID")) return;
  await restore(database, path, { scope: { mode: "keep-existing", tables } });
  expect(await pgDumpText(db.url)).toBe(before);
});

describe("replacing", () => {
  test("a sequence that no table draws from goes with the whole, and is in what is kept before", async () => {
    const { db, database } = await testDatabase({
      sql: "CREATE SEQUENCE free; CREATE TABLE _prisma_migrations (id int PRIMARY KEY); CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); SELECT setval('free', 5)",
    });
    const { path } = await backUp(database);
    const free = () => db.query("SELECT last_value::int FROM free");
    await db.query("SELECT setval('free', 50); INSERT INTO a VALUES (1)");
    const before = await pgDumpText(db.url);
    await restore(database, path, { scope: { mode: "replace", tables: [table("a")] } });
    expect(await free()).toEqual([{ last_value: 50 }]);
    await db.query("INSERT INTO a VALUES (1)");
    let kept = "";
    await restore(database, path, {
      async beforeChange(tables) {
        ({ path: kept } = await backUp(database, { tables }));
      },
    });
    expect(await free()).toEqual([{ last_value: 5 }]);
    await restore(database, kept, { scope: { mode: "replace", tables: [table("a"), table("b")] } });
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test("some tables: these alone come back", async () => {
    const it = await scene();
    await it.db.query(
      "ALTER TABLE order_line DISABLE TRIGGER USER; DELETE FROM order_line WHERE order_id = 11; ALTER TABLE order_line ENABLE TRIGGER USER",
    );
    const changed = { ...it, now: await contentOf(it.db), dump: await pgDumpText(it.db.url) };
    const expected = new Map(changed.now);
    expected.set("orders", rowsIn(it.archived, "orders"));
    expected.set("customer", rowsIn(it.archived, "customer"));
    const { plan } = await proveRestore(
      changed,
      { mode: "replace", tables: [table("orders"), table("customer")] },
      expected,
      ["customer", "orders"],
    );
    const skipped = plan.tables.filter(({ action }) => action === "skip");
    expect(skipped).toHaveLength(7);
    expect(skipped[0]?.reason).toBe("It was not chosen.");
    const consequences = warningsOf(plan);
    expect(consequences).toHaveLength(1);
    expect(consequences[0]).toMatch(
      /^public\.order_line .* refers by order_id \(order_line_order_id_fkey\) to public\.orders, which is replaced/,
    );
  });

  test("a table whose parents are missing fails it, with the constraint; as does one whose children stay", async () => {
    const it = await scene();
    for (const [chosen, constraint, from, blamed] of [
      [
        "orders",
        "orders_customer_id_fkey",
        "orders",
        { key: "id = 6", otherKeys: ["id = 7"], missing: "customer_id = 7" },
      ],
      [
        "product",
        "_ProductToTag_A_fkey",
        "_ProductToTag",
        { key: "A = p7, B = 3", missing: "A = p7" },
      ],
    ] as const) {
      const scope: RestoreScope = { mode: "replace", tables: [table(chosen)] };
      expect(warningsOf(await planOf(it.database, it.path, scope)).join()).toContain(constraint);
      const report = await rehearsed(it.database, it.path, { scope });
      expect(report.violations).toContainEqual(
        expect.objectContaining({ kind: "foreign-key", constraint, table: table(from) }),
      );
      expect(await errorOf(restore(it.database, it.path, { scope }))).toMatchObject({
        code: "CONSTRAINT_VIOLATED",
        message: expect.stringContaining(constraint),
        details: { constraint, table: table(from), ...blamed },
      });
      expect(await pgDumpText(it.db.url)).toBe(it.dump);
    }
  });

  test("only empty tables: refused with the names of those that hold rows; else filled", async () => {
    const it = await scene();
    const scope: RestoreScope = {
      mode: "if-empty",
      tables: [table("team"), table("member"), table("event")],
    };
    await it.db.query(
      "DELETE FROM member; DELETE FROM team; ALTER TABLE event DISABLE TRIGGER USER; DELETE FROM event WHERE id <> 5",
    );
    const before = await pgDumpText(it.db.url);
    const plan = await planOf(it.database, it.path, scope);
    expect(plan.canStart).toBe(false);
    const message = expect.stringMatching(
      /^A table that was to be empty holds rows: public\.event\./,
    );
    expect(plan.checks).toContainEqual(
      expect.objectContaining({ name: "empty", state: "failed", message }),
    );
    const refusal = { code: "TABLE_NOT_EMPTY", message, details: { tables: [table("event")] } };
    expect((await rehearsed(it.database, it.path, { scope })).obstacles).toMatchObject([refusal]);
    expect(await errorOf(restore(it.database, it.path, { scope }))).toMatchObject(refusal);
    expect(await pgDumpText(it.db.url)).toBe(before);

    await it.db.query("DELETE FROM event; ALTER TABLE event ENABLE TRIGGER USER");
    const now = await contentOf(it.db);
    const expected = new Map(now);
    for (const name of ["team", "member", "event"]) expected.set(name, rowsIn(it.archived, name));
    await proveRestore({ ...it, now, dump: await pgDumpText(it.db.url) }, scope, expected, [
      "team",
      "member",
      "event",
    ]);
  });
});

const warningsOf = ({ checks }: RestorePlan) =>
  checks
    .filter(({ name, state }) => name === "foreign-keys" && state === "warning")
    .map(({ message }) => message);

test("a scope that does not fit the backup is a wrong request, and names what is wrong", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)",
  });
  const { path } = await backUp(database);
  const before = await pgDumpText(db.url);
  const rows = [{ ...table("a"), places: [1] }];
  const wrong: Array<[RestoreScope, string]> = [
    [{ mode: "replace", tables: [table("a"), table("nope")] }, "public.nope"],
    [{ mode: "overwrite", rows: [{ ...table("nope"), places: [1] }] }, "public.nope"],
    [{ mode: "replace", rows }, "one by one"],
    [{ mode: "if-empty", rows }, "one by one"],
    [
      { mode: "overwrite", rows: [{ ...table("a"), places: [1, 2] }] },
      "1 rows of public.a, and no row 2",
    ],
  ];
  for (const [scope, what] of wrong) {
    const expected = { code: "REQUEST_INVALID", message: expect.stringContaining(what) };
    expect(await errorOf(planOf(database, path, scope))).toMatchObject(expected);
    expect(await errorOf(rehearsed(database, path, { scope }))).toMatchObject(expected);
    expect(await errorOf(restore(database, path, { scope }))).toMatchObject(expected);
  }
  expect(await pgDumpText(db.url)).toBe(before);
});

test("where the schema was changed since the check, nothing is done; rows may change", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE a (id int PRIMARY KEY, b text); CREATE TABLE c (id int PRIMARY KEY, a_id int); INSERT INTO a VALUES (1, 'then')",
  });
  const { path } = await backUp(database);
  const scope: RestoreScope = { mode: "overwrite" };
  const { fingerprint: expectedFingerprint } = await planOf(database, path, scope);
  await db.query("INSERT INTO a VALUES (2, 'now'); ANALYZE");
  await restore(database, path, { scope, expectedFingerprint });
  for (const change of [
    "ALTER TABLE a ADD d int",
    "ALTER TABLE a DROP d; ALTER TABLE a ALTER b TYPE varchar(40)",
    "ALTER TABLE a ALTER b TYPE text; ALTER TABLE c ADD FOREIGN KEY (a_id) REFERENCES a",
    "ALTER TABLE c DROP CONSTRAINT c_a_id_fkey; ALTER TABLE a DROP CONSTRAINT a_pkey; ALTER TABLE a ADD PRIMARY KEY (b)",
    "ALTER TABLE a DROP CONSTRAINT a_pkey, ALTER b DROP NOT NULL; ALTER TABLE a ADD PRIMARY KEY (id); ALTER TABLE a ADD UNIQUE (b)",
  ]) {
    await db.query(change);
    const before = await pgDumpText(db.url);
    let wasCalled = false;
    const beforeChange = async () => {
      wasCalled = true;
    };
    const error = await errorOf(
      restore(database, path, { scope, expectedFingerprint, beforeChange }),
    );
    expect(error.code, change).toBe("SCHEMA_DRIFT");
    expect(error.message).toContain("Nothing was changed.");
    expect(wasCalled).toBe(false);
    expect(await pgDumpText(db.url)).toBe(before);
  }
  await db.query("ALTER TABLE a DROP CONSTRAINT a_b_key");
  await restore(database, path, { scope, expectedFingerprint });
});
