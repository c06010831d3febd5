import { expect, it } from "vitest";
import type { RestoreScope } from "../shared/api.ts";
import { createTestDatabase } from "../testing/database.ts";
import { createTestAdmin } from "../testing/test-admin.ts";

const field = (name: string) => ({ name, kind: "scalar", type: "String" });
const PRISMA = {
  _runtimeDataModel: {
    models: {
      User: { dbName: "users", fields: [field("id"), field("email"), field("name")] },
      Session: { dbName: "sessions", fields: [field("id")] },
    },
  },
};
const SQL = `
  CREATE TABLE users (number int PRIMARY KEY, email text UNIQUE, name varchar(50), note text);
  CREATE TABLE sessions (id text PRIMARY KEY);
  CREATE TABLE notes (id text PRIMARY KEY);
  INSERT INTO users VALUES (1, 'ada', 'Ada Admin', 'ada'), (2, 'carl', 'Carl', 'ada');`;

it("says whether the person who restores is in the backup, and what that means", async () => {
  await using database = await createTestDatabase({ sql: SQL });
  await using admin = await createTestAdmin({ url: database.url, prisma: PRISMA });
  const withAda = await admin.backup();
  await database.query("DELETE FROM users WHERE email = 'ada'");
  const withoutAda = await admin.backup();
  await database.query("INSERT INTO users VALUES (7, 'ada', 'Ada Admin', NULL)");

  const check = async (zip: Uint8Array, scope?: RestoreScope, user = "ada") => {
    const uploadId = await admin.upload(zip, user);
    const { id } = await admin.ok("POST", "restores", { json: { uploadId, scope }, user });
    const { plan } = await admin.reach(id, "ready");
    await admin.ok("POST", `operations/${id}/cancel`, { json: {}, user });
    const message = plan?.checks.find(({ name }) => name === "actor")?.message ?? null;
    return { isIn: plan?.actorIsInBackup, message };
  };
  const tables = [{ schema: "public", name: "users" }];
  expect(await check(withAda)).toEqual({
    isIn: true,
    message:
      "You are in this backup: your account comes back as it was then. Sessions come back as they were, too, so you may have to sign in again.",
  });
  expect(await check(withoutAda)).toEqual({
    isIn: false,
    message:
      "You are not in this backup: you will be signed out at once, since sessions are replaced, too, and cannot sign in again with this account.",
  });
  expect(await check(withoutAda, { mode: "replace", tables })).toEqual({
    isIn: false,
    message:
      "You are not in this backup: you will be signed out when your session ends, or at once if the app asks its database who may, and cannot sign in again with this account.",
  });
  const unknown = { isIn: null, message: null };
  const others = [{ schema: "public", name: "sessions" }];
  expect(await check(withoutAda, { mode: "replace", tables: others })).toEqual(unknown);
  expect(await check(withoutAda, { mode: "keep-existing" })).toEqual(unknown);
  // The database has no account for bob.
  expect(await check(withAda, undefined, "bob")).toEqual(unknown);
});

it("says what becomes of those who are signed in", async () => {
  await using database = await createTestDatabase({ sql: SQL });
  await using admin = await createTestAdmin({ url: database.url, prisma: PRISMA });
  const zip = await admin.backup();
  const check = async (scope?: RestoreScope) => {
    const uploadId = await admin.upload(zip);
    const { id } = await admin.ok("POST", "restores", { json: { uploadId, scope } });
    const { plan } = await admin.reach(id, "ready");
    await admin.ok("POST", `operations/${id}/cancel`, { json: {} });
    return plan?.checks.find(({ name }) => name === "sign-ins");
  };
  const only = (name: string) => ({
    mode: "replace" as const,
    tables: [{ schema: "public", name }],
  });
  const again =
    "Sessions that were ended since the backup count again, also those of a stolen cookie. To prevent that, leave their table out, or empty it after the restore.";
  const replaced = {
    state: "warning",
    message: `Sessions are replaced: people who have signed in since the backup are signed out. ${again}`,
  };
  expect(await check()).toMatchObject(replaced);
  expect(await check(only("sessions"))).toMatchObject(replaced);
  expect(await check({ mode: "keep-existing" })).toMatchObject({
    state: "warning",
    message: `Sessions are restored. ${again}`,
  });
  expect(await check(only("users"))).toMatchObject({
    state: "passed",
    message:
      "Accounts are restored, and sessions are not. Signed-in people stay signed in, with the rights of their account in this backup.",
  });
  expect(await check(only("notes"))).toBeUndefined();
});
