import { describe, expect, test } from "vitest";
import { createTestDatabase, requireTool } from "../../testing/database.ts";
import { makeHost } from "../../testing/host-files.ts";
import { startPgBouncer } from "../../testing/pgbouncer.ts";
import { parsePrismaSchema } from "../host/prisma-schema.ts";
import { checkDatabase } from "./doctor.ts";

const SCHEMA = `
datasource db {
  provider = "postgresql"
}
model Author {
  id    Int    @id @default(autoincrement())
  name  String @map("full_name")
  books Book[]
  tags  Tag[]
}
model Book {
  id       Int    @id
  authorId Int    @map("author_id")
  author   Author @relation(fields: [authorId],
    references: [id])
  place    Unsupported("point")?
  @@map("books")
}
model Tag {
  name    String   @id
  authors Author[]
}
view Shelf {
  id Int @unique
}
`;
const SQL = `
  CREATE TABLE "Author" (id serial PRIMARY KEY, full_name text NOT NULL);
  CREATE TABLE books (id int PRIMARY KEY, author_id int NOT NULL REFERENCES "Author", place point);
  CREATE TABLE "Tag" (name text PRIMARY KEY);
  CREATE TABLE "_AuthorToTag" ("A" int NOT NULL REFERENCES "Author", "B" text NOT NULL REFERENCES "Tag");`;
const schema = parsePrismaSchema(SCHEMA, "/nowhere/schema.prisma");

let roles = 0;

/**
 * Returns the findings about a database that are not ok, by their code. The superuser runs `sql`, in which `app` stands
 * for the name of a role. With `as: "app"`, that role runs the doctor.
 */
async function look(sql: string, { as = "superuser", base = SQL } = {}) {
  await using db = await createTestDatabase({ sql: base });
  const role = `doctor_${process.pid}_${roles++}`;
  const url = new URL(db.url);
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'the-password'`);
  try {
    await db.query(sql.replaceAll(/\bapp\b/g, role));
    if (as === "app") {
      url.username = role;
      url.password = "the-password";
    }
    const { findings } = await checkDatabase({ text: url.href, from: "--url" }, schema);
    expect(JSON.stringify(findings)).not.toContain("the-password");
    for (const finding of findings) expect(finding.level === "ok" || finding.remedy).toBeTruthy();
    // Only a superuser's connection has this finding.
    expect(findings.some(({ code }) => code === "SUPERUSER")).toBe(as === "superuser");
    return findings.filter(({ level, code }) => level !== "ok" && code !== "SUPERUSER");
  } finally {
    await db.query(`DROP OWNED BY ${role} CASCADE`);
    await db.query(`DROP ROLE ${role}`);
  }
}

const OWNED = `ALTER TABLE "Author" OWNER TO app; ALTER TABLE books OWNER TO app; ALTER TABLE "Tag" OWNER TO app; ALTER TABLE "_AuthorToTag" OWNER TO app; GRANT CREATE ON SCHEMA public TO app;`;
const RECORDING = `CREATE SCHEMA prisma_backup_admin AUTHORIZATION app;`;

test("nothing to say of a database that is as it should be", async () => {
  expect(await look("SELECT")).toEqual([]);
  expect(await look(OWNED + RECORDING, { as: "app" })).toEqual([]);
});

describe("each finding, provoked", () => {
  const CASES: Array<{
    name: string;
    sql: string;
    as?: string;
    base?: string;
    found: Array<{ level: string; code: string; text: RegExp }>;
  }> = [
    {
      name: "no tables",
      base: "",
      sql: "SELECT",
      found: [
        { level: "problem", code: "NO_TABLES", text: /no tables/ },
        { level: "warning", code: "DRIFT", text: /model Author has no table public\.Author/ },
      ],
    },
    {
      name: "a table that the role may not read",
      as: "app",
      sql: `${OWNED}${RECORDING} ALTER TABLE books OWNER TO CURRENT_USER;`,
      found: [
        {
          level: "problem",
          code: "BACKUP_RIGHTS",
          text: /No backup is possible: .*may not read public\.books\.".*Grant it SELECT/,
        },
        { level: "problem", code: "RESTORE_RIGHTS", text: /does not own public\.books\."/ },
      ],
    },
    {
      name: "a table that the role may only read",
      as: "app",
      sql: `${OWNED}${RECORDING} ALTER TABLE books OWNER TO CURRENT_USER; GRANT SELECT ON books TO app;`,
      found: [
        {
          level: "problem",
          code: "RESTORE_RIGHTS",
          text: /No restore is possible: .*does not own public\.books\."/,
        },
      ],
    },
    {
      name: "row-level security that applies to the role",
      as: "app",
      sql: `${OWNED}${RECORDING} ALTER TABLE books ENABLE ROW LEVEL SECURITY; ALTER TABLE books FORCE ROW LEVEL SECURITY;`,
      found: [
        {
          level: "problem",
          code: "BACKUP_RIGHTS",
          text: /Row-level security may hide rows of public\.books.*BYPASSRLS/,
        },
        {
          level: "problem",
          code: "RESTORE_RIGHTS",
          text: /Row-level security applies to the database role in public\.books/,
        },
      ],
    },
    {
      name: "a foreign key whose triggers a superuser has disabled",
      as: "app",
      sql: `${OWNED}${RECORDING} ALTER TABLE "Author" DISABLE TRIGGER ALL;`,
      found: [{ level: "problem", code: "RESTORE_RIGHTS", text: /superuser has disabled/ }],
    },
    {
      name: "a materialised view of somebody else",
      as: "app",
      sql: `${OWNED}${RECORDING} CREATE MATERIALIZED VIEW m AS SELECT * FROM books; GRANT SELECT ON m TO app;`,
      found: [
        { level: "warning", code: "MATERIALIZED_VIEW_RIGHTS", text: /public\.m/ },
        { level: "note", code: "MATERIALIZED_VIEW", text: /public\.m/ },
      ],
    },
    {
      name: "no right to record operations",
      as: "app",
      sql: OWNED,
      found: [
        {
          level: "problem",
          code: "OPERATIONS",
          text: /CREATE SCHEMA prisma_backup_admin AUTHORIZATION/,
        },
      ],
    },
    {
      name: "operations' tables of another role",
      as: "app",
      sql: `${OWNED} CREATE SCHEMA prisma_backup_admin; CREATE TABLE prisma_backup_admin.operations (); GRANT USAGE ON SCHEMA prisma_backup_admin TO app;`,
      found: [{ level: "problem", code: "OPERATIONS", text: /may not create or use/ }],
    },
    {
      name: "drift: what the schema has and the database has not",
      sql: `ALTER TABLE books DROP COLUMN place; ALTER TABLE books DROP CONSTRAINT books_author_id_fkey; DROP TABLE "_AuthorToTag";`,
      found: [
        {
          level: "warning",
          code: "DRIFT",
          text: /Book\.place has no column place.*Book\.author has no foreign key \(author_id\).*no join table public\._AuthorToTag/,
        },
      ],
    },
    {
      name: "drift: what the database has and the schema has not",
      sql: "CREATE TABLE other (); ALTER TABLE books ADD COLUMN extra int",
      found: [
        { level: "note", code: "DRIFT", text: /extra of public\.books.*table public\.other/ },
      ],
    },
    {
      name: "large objects",
      sql: "SELECT lo_create(0), lo_create(0)",
      found: [{ level: "warning", code: "LARGE_OBJECTS", text: /2 large objects/ }],
    },
    {
      name: "a foreign table",
      sql: "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE far (id int) SERVER s",
      found: [{ level: "warning", code: "FOREIGN_TABLE", text: /public\.far/ }],
    },
    {
      name: "an INVALID index that refuses rows",
      sql: `CREATE UNIQUE INDEX once ON books (author_id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'once'::regclass`,
      found: [{ level: "warning", code: "INVALID_INDEX", text: /DROP INDEX public\.once/ }],
    },
    {
      name: "an unlogged table and an extension",
      sql: "ALTER TABLE books SET UNLOGGED; CREATE EXTENSION citext",
      found: [
        { level: "note", code: "UNLOGGED_TABLE", text: /public\.books/ },
        { level: "note", code: "EXTENSIONS", text: /citext 1\.\d/ },
      ],
    },
  ];
  test.for(CASES)("$name", async ({ sql, as, base, found }) => {
    const findings = await look(sql, {
      ...(as ? { as } : {}),
      ...(base === undefined ? {} : { base }),
    });
    expect(findings.map(({ level, code }) => ({ level, code }))).toEqual(
      found.map(({ level, code }) => ({ level, code })),
    );
    for (const [index, { text }] of found.entries())
      expect(JSON.stringify(findings[index])).toMatch(text);
  });
});

test.for([
  ["a superuser's", "CURRENT_USER"],
  ["another role's", "old_owner"],
  ["each a different one's", "both"],
] as const)("a superuser is told how to do without, where tables are %s", async ([, owner]) => {
  await using db = await createTestDatabase({
    sql: `${SQL} CREATE SCHEMA hr; CREATE TYPE hr.mood AS ENUM ('good'); CREATE TABLE hr."Person" (id int GENERATED ALWAYS AS IDENTITY, mood hr.mood);
      CREATE SEQUENCE hr.free; CREATE VIEW hr.people AS TABLE hr."Person"; CREATE MATERIALIZED VIEW hr.kept AS TABLE hr."Person";
      CREATE FUNCTION hr.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE EXTENSION citext;
      CREATE SCHEMA prisma_backup_admin`,
  });
  const old = `doctor_old_${process.pid}_${roles++}`;
  const app = `doctor_app_${process.pid}_${roles++}`;
  await db.query(`CREATE ROLE ${old}`);
  try {
    if (owner === "old_owner")
      await db.query(
        `ALTER TABLE "Author" OWNER TO ${old}; ALTER TABLE books OWNER TO ${old}; ALTER TABLE "Tag" OWNER TO ${old}; ALTER TABLE "_AuthorToTag" OWNER TO ${old};
         DROP SCHEMA hr CASCADE; DROP SCHEMA prisma_backup_admin; GRANT CREATE ON DATABASE ${db.name} TO ${old}`,
      );
    if (owner === "both") await db.query(`ALTER TABLE books OWNER TO ${old}`);
    const find = async (url: string) =>
      (await checkDatabase({ text: url, from: "--url" }, null)).findings;
    const told = (await find(db.url)).find(({ code }) => code === "SUPERUSER");
    expect(told).toMatchObject({ level: "warning", what: expect.stringContaining("superuser") });
    const remedy = told?.remedy ?? "";
    const statements = [
      ...remedy.matchAll(/\b(?:CREATE ROLE|ALTER ROLE|ALTER DATABASE|GRANT) [^;]+;/g),
    ].map(([it]) => it);
    const own = owner === "old_owner" ? old : app;
    await db.query(
      [...statements, ...(told?.details ?? [])]
        .join(" ")
        .replaceAll(/\bapp\b/g, app)
        .replaceAll("…", "x"),
    );
    const url = Object.assign(new URL(db.url), { username: own, password: "x" });
    const now = await find(url.href);
    expect(now.filter(({ level }) => level !== "ok" && level !== "note")).toEqual([]);
    expect(now).toContainEqual(expect.objectContaining({ code: "RESTORE_RIGHTS", level: "ok" }));
  } finally {
    await db.query(`ALTER DATABASE ${db.name} OWNER TO CURRENT_USER`);
    for (const role of [app, old]) {
      await db.query(
        `DO $$ BEGIN IF to_regrole('${role}') IS NOT NULL THEN DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}; END IF; END $$`,
      );
    }
  }
});

test("migrations that have failed or are not applied", async () => {
  const root = await makeHost({
    "prisma/schema.prisma": SCHEMA,
    "prisma/migrations/1_init/migration.sql": "",
    "prisma/migrations/2_more/migration.sql": "",
    "prisma/migrations/3_last/migration.sql": "",
  });
  await using db = await createTestDatabase({
    sql: `${SQL} CREATE TABLE _prisma_migrations (id text PRIMARY KEY, checksum text, finished_at timestamptz, migration_name text, logs text, rolled_back_at timestamptz, started_at timestamptz DEFAULT now(), applied_steps_count int);
      INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', '', '1_init', now()), ('2', '', '2_more', NULL)`,
  });
  const own = parsePrismaSchema(SCHEMA, `${root}/prisma/schema.prisma`);
  const { findings } = await checkDatabase({ text: db.url, from: "--url" }, own);
  expect(findings.filter(({ code }) => code === "MIGRATIONS")).toMatchObject([
    { level: "warning", what: expect.stringContaining("failed"), details: ["2_more"] },
    {
      level: "warning",
      what: expect.stringContaining("2 migrations"),
      details: ["2_more", "3_last"],
    },
  ]);
});

test.skipIf(!requireTool("pgbouncer"))(
  "a transaction pooler is a problem, with its remedy",
  async () => {
    await using db = await createTestDatabase({ sql: SQL });
    await using pooler = await startPgBouncer(db.url, "transaction");
    const { findings } = await checkDatabase({ text: pooler.url, from: "DATABASE_URL" }, schema);
    expect(findings.filter(({ level }) => level !== "ok")).toMatchObject([
      { level: "problem", code: "POOLER", remedy: expect.stringContaining("DIRECT_URL") },
    ]);
  },
);

test.for([
  ["a server that is not there", "postgresql://u:the-password@127.0.0.1:1/db", "UNREACHABLE"],
  ["a database that is not there", "", "UNREACHABLE"],
  ["a text that is no connection string", "postgresql://u:the-pass@host:x/db", "NO_CONNECTION"],
] as const)("%s", async ([, text, code]) => {
  await using db = await createTestDatabase();
  const url = text === "" ? `${db.url}_gone` : text;
  const { findings } = await checkDatabase({ text: url, from: "--url" }, null);
  expect(findings).toMatchObject([{ level: "problem", code, remedy: expect.any(String) }]);
  expect(JSON.stringify(findings)).not.toContain("the-pass");
});

test("no connection string at all", async () => {
  const { findings } = await checkDatabase(null, null);
  expect(findings).toMatchObject([{ level: "problem", code: "NO_CONNECTION" }]);
});
