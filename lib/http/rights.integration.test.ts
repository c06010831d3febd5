/**
 * A plan says whom a restore makes an admin and how many passwords it changes. SQL confirms the counts. No value leaks.
 */
import { describe, expect, it } from "vitest";
import type { BackupAdminOptions } from "../config.ts";
import type { RestoreScope } from "../shared/api.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { createTestDatabase } from "../testing/database.ts";
import { createTestAdmin } from "../testing/test-admin.ts";

interface Case {
  what: string;
  sql: string;
  /** SQL that runs after the backup. The restore reverts its changes. */
  mess: string;
  options?: Partial<BackupAdminOptions>;
  scope?: RestoreScope;
  message: string | undefined;
}

/** Twenty people. The first two are admins. */
const people = (columns: string, values: string) => `
  CREATE TABLE users (id int PRIMARY KEY, ${columns});
  INSERT INTO users SELECT i, ${values} FROM generate_series(1, 20) i`;

const TEXT = people(
  "role text, password_hash text, note text",
  "CASE WHEN i <= 2 THEN 'Admin' END, 'hash-' || i, 'note'",
);
const MESS = `
  UPDATE users SET role = NULL WHERE id = 1; DELETE FROM users WHERE id = 2;
  UPDATE users SET role = 'admin' WHERE id BETWEEN 5 AND 7;
  UPDATE users SET password_hash = 'a-secret-hash' WHERE id BETWEEN 10 AND 13; UPDATE users SET note = 'other'`;
const ALL = "In public.users, this adds 2 admins, removes 3 admins and changes 4 password hashes.";

const CASES: Case[] = [
  { what: "text", sql: TEXT, mess: MESS, message: ALL },
  {
    what: "nothing changed",
    sql: TEXT,
    mess: "UPDATE users SET note = 'other'",
    message: "In public.users, this changes no admin and no password hash.",
  },
  {
    what: "an enum, in another case",
    sql: `CREATE TYPE role AS ENUM ('ADMIN', 'CLERK'); ${people("role role, password text", "'CLERK', 'h'")}`,
    mess: "UPDATE users SET role = 'ADMIN' WHERE id = 4; UPDATE users SET password = NULL WHERE id = 9",
    message: "In public.users, this removes 1 admin and changes 1 password hash.",
  },
  {
    what: "a list of roles",
    sql: people("roles text[]", "CASE WHEN i = 1 THEN ARRAY['user', 'super_admin'] ELSE '{}' END"),
    mess: "UPDATE users SET roles = '{\"admin\",user}' WHERE id IN (1, 3)",
    message:
      "In public.users, this removes 1 admin. It is not known what this does to password hashes.",
  },
  {
    what: "a boolean",
    sql: people('"isAdmin" boolean, "hashedPassword" text', "i = 1, 'h'"),
    mess: 'UPDATE users SET "isAdmin" = NOT "isAdmin" WHERE id <= 2',
    message: "In public.users, this adds 1 admin and removes 1 admin.",
  },
  {
    what: "Better Auth's, with several roles in a text and passwords of accounts",
    sql: `CREATE TABLE "user" (id text PRIMARY KEY, email text, role text);
      CREATE TABLE account (id text PRIMARY KEY, "userId" text REFERENCES "user", "accessToken" text, password text);
      INSERT INTO "user" SELECT i, i, CASE WHEN i = 1 THEN 'user, admin' ELSE 'user' END FROM generate_series(1, 5) i;
      INSERT INTO account SELECT i, i, 't', 'hash-' || i FROM generate_series(1, 5) i`,
    mess: `UPDATE "user" SET role = 'user'; UPDATE account SET password = 'a-secret-hash' WHERE id < '3'; UPDATE account SET "accessToken" = 'x'`,
    message: "In public.user, this adds 1 admin and changes 2 password hashes.",
  },
  {
    what: "what the option names",
    sql: `CREATE TABLE users (id int PRIMARY KEY, role text);
      CREATE TABLE "Member" (id int PRIMARY KEY, level text, secret text, role text);
      INSERT INTO "Member" SELECT i, 'member', 'h' FROM generate_series(1, 5) i; UPDATE "Member" SET level = 'Owner' WHERE id = 5`,
    mess: `UPDATE "Member" SET level = 'owner', secret = 'a-secret-hash' WHERE id > 2; UPDATE "Member" SET role = 'admin'`,
    options: {
      signIn: {
        model: "Member",
        roleField: "level",
        adminRoles: ["OWNER"],
        passwordField: "secret",
      },
    },
    message: "In public.Member, this removes 2 admins and changes 3 password hashes.",
  },
  {
    what: "rows of the backup alone, where they are merged",
    sql: TEXT,
    mess: MESS,
    scope: { mode: "keep-existing" },
    message: "In public.users, this adds 1 admin.",
  },
  {
    what: "rows of both, where the backup wins",
    sql: TEXT,
    mess: `${MESS}; INSERT INTO users VALUES (99, 'admin', 'h')`,
    scope: { mode: "overwrite" },
    message: ALL,
  },
  {
    what: "a table without a key",
    sql: TEXT.replace("PRIMARY KEY", ""),
    mess: MESS,
    message: "It is not known what this does to admins and password hashes.",
  },
  {
    what: "no table of a sign-in",
    sql: "CREATE TABLE customers (id int PRIMARY KEY, role text); INSERT INTO customers VALUES (1, 'admin')",
    mess: "TRUNCATE customers",
    message: undefined,
  },
  {
    what: "another table alone",
    sql: `${TEXT}; CREATE TABLE other (id int PRIMARY KEY)`,
    mess: MESS,
    scope: { mode: "replace", tables: [{ schema: "public", name: "other" }] },
    message: undefined,
  },
];

describe.concurrent("a rehearsed plan says what becomes of rights", () => {
  it.for(CASES)("$what", async ({ sql, mess, options, scope, message }) => {
    await using database = await createTestDatabase({ sql });
    await using admin = await createTestAdmin({ url: database.url, ...options });
    const uploadId = await admin.upload(await admin.backup());
    await database.query(mess);
    const json = { uploadId, scope, rehearse: true };
    const { id } = await admin.ok("POST", "restores", { json });
    const operation = await admin.reach(id, "ready");
    const check = operation.plan?.checks.find(({ name }) => name === "rights");
    expect(check?.message).toBe(message);
    const isQuiet = message === undefined || message.includes("changes no admin");
    expect(check?.state).toBe(isQuiet ? check && "passed" : "warning");
    expect(JSON.stringify(operation)).not.toContain("a-secret-hash");
    const report = await admin.ok<RehearsalReport>("GET", `restores/${id}/rehearsal`);
    expect(report.rights === null).toBe(message === undefined);
    expect(report.wouldSucceed).toBe(true);
  });
});

it("counts as SQL does, by a random mess", async () => {
  await using database = await createTestDatabase({ sql: TEXT });
  await using admin = await createTestAdmin({ url: database.url });
  const uploadId = await admin.upload(await admin.backup());
  await database.query(`
    CREATE TABLE before AS TABLE users;
    UPDATE users SET role = CASE WHEN random() < 0.5 THEN 'admin' ELSE 'user' END, password_hash = CASE WHEN random() < 0.5 THEN password_hash ELSE 'other' END;
    DELETE FROM users WHERE random() < 0.2; INSERT INTO users SELECT i, 'ADMIN', 'h' FROM generate_series(30, 33) i`);
  const [counted] = await database.query(`
    SELECT (SELECT count(*)::int FROM before b WHERE lower(role) = 'admin' AND NOT EXISTS (SELECT FROM users u WHERE u.id = b.id AND lower(u.role) = 'admin')) AS added,
      (SELECT count(*)::int FROM users u WHERE lower(role) = 'admin' AND NOT EXISTS (SELECT FROM before b WHERE u.id = b.id AND lower(b.role) = 'admin')) AS removed,
      (SELECT count(*)::int FROM users u JOIN before b USING (id) WHERE u.password_hash <> b.password_hash) AS passwords`);
  const { id } = await admin.ok("POST", "restores", { json: { uploadId, rehearse: true } });
  await admin.reach(id, "ready");
  const { rights } = await admin.ok<RehearsalReport>("GET", `restores/${id}/rehearsal`);
  expect(rights).toEqual({
    table: { schema: "public", name: "users" },
    admins: { added: counted?.added, removed: counted?.removed },
    passwordsChanged: counted?.passwords,
  });
});

it("says without a rehearsal that it is not known, where the restore changes the table", async () => {
  await using database = await createTestDatabase({ sql: `${TEXT}; CREATE TABLE other (id int)` });
  await using admin = await createTestAdmin({ url: database.url });
  const zip = await admin.backup();
  const check = async (scope?: RestoreScope) => {
    const json = { uploadId: await admin.upload(zip), scope };
    const { id } = await admin.ok("POST", "restores", { json });
    const { plan } = await admin.reach(id, "ready");
    return plan?.checks.find(({ name }) => name === "rights");
  };
  expect(await check()).toEqual({
    name: "rights",
    state: "warning",
    message:
      "This changes public.users, which holds the accounts. Without a trial run, it is not known whether this makes someone an admin or changes a password.",
  });
  const others = [{ schema: "public", name: "other" }];
  expect(await check({ mode: "replace", tables: others })).toBeUndefined();
});
