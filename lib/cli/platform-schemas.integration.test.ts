/** Databases like those of hosting platforms: their schemas, roles, owners and grants. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../scripts/postgres.ts";
import { readOverview } from "../backup/overview.ts";
import { PrismaBackup } from "../prisma-backup.ts";
import { PrismaRestore } from "../prisma-restore.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import {
  backUp,
  check,
  errorOf,
  openTestDatabase,
  restore,
  temporaryPath,
} from "../testing/backups.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 18, trustsSuperuser: true, inMemory: true });
  await using db = await createTestDatabase({ serverUrl: server.url() });
  await db.query(`
    CREATE ROLE supabase_admin SUPERUSER LOGIN PASSWORD 'x';
    CREATE ROLE supabase_auth_admin NOINHERIT CREATEROLE LOGIN PASSWORD 'x';
    CREATE ROLE supabase_storage_admin NOINHERIT CREATEROLE LOGIN PASSWORD 'x';
    CREATE ROLE supabase_realtime_admin NOINHERIT LOGIN PASSWORD 'x';
    CREATE ROLE neon_superuser; CREATE ROLE cloud_admin SUPERUSER; CREATE ROLE neon_auth LOGIN PASSWORD 'x';
    CREATE ROLE heroku_admin; CREATE ROLE nhost_admin SUPERUSER; CREATE ROLE nhost_auth_admin;
    CREATE ROLE app LOGIN BYPASSRLS CREATEDB PASSWORD 'x'; CREATE ROLE other LOGIN PASSWORD 'x';`);
});
afterAll(() => server.stop());

/** An app's tables. The platform keeps its accounts. */
const APP = (users: string) => `
  SET ROLE app;
  CREATE TABLE public.profile (id int PRIMARY KEY REFERENCES ${users}, name text);
  CREATE TABLE public.post (id serial PRIMARY KEY, author int NOT NULL REFERENCES public.profile);
  CREATE SEQUENCE public.ticket; SELECT setval('public.ticket', 7);
  INSERT INTO public.profile VALUES (1, 'Ada'), (2, 'Bob'); INSERT INTO public.post (author) VALUES (1), (2);
  RESET ROLE;`;

/** Follows Supabase's own init scripts: supabase_admin makes the schemas, each service's role owns its tables. */
const SUPABASE = `
  GRANT ALL ON SCHEMA public TO app; DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO app'; END $$;
  CREATE SCHEMA auth AUTHORIZATION supabase_admin; CREATE SCHEMA storage AUTHORIZATION supabase_admin;
  CREATE SCHEMA realtime AUTHORIZATION supabase_admin; CREATE SCHEMA extensions AUTHORIZATION supabase_admin;
  CREATE SCHEMA graphql_public AUTHORIZATION supabase_admin;
  CREATE TABLE auth.users (id int PRIMARY KEY, email text);
  CREATE TABLE auth.refresh_tokens (id bigserial PRIMARY KEY, user_id int REFERENCES auth.users);
  CREATE TABLE auth.schema_migrations (version text PRIMARY KEY);
  CREATE TABLE storage.objects (id int PRIMARY KEY, owner int REFERENCES auth.users);
  CREATE UNLOGGED TABLE realtime.messages (id int); CREATE TABLE realtime.subscription (id int);
  ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
  INSERT INTO auth.users VALUES (1, 'ada@example.com'), (2, 'bob@example.com');
  INSERT INTO auth.refresh_tokens (user_id) VALUES (1);
  ALTER TABLE auth.users OWNER TO supabase_auth_admin; ALTER TABLE auth.refresh_tokens OWNER TO supabase_auth_admin;
  ALTER TABLE auth.schema_migrations OWNER TO supabase_auth_admin; ALTER TABLE storage.objects OWNER TO supabase_storage_admin;
  ALTER TABLE realtime.messages OWNER TO supabase_realtime_admin; ALTER TABLE realtime.subscription OWNER TO supabase_admin;
  GRANT ALL ON SCHEMA auth TO supabase_auth_admin; GRANT ALL ON SCHEMA storage TO supabase_storage_admin; GRANT ALL ON SCHEMA realtime TO supabase_realtime_admin;
  GRANT USAGE ON SCHEMA auth, storage, realtime, extensions TO app;
  GRANT SELECT, REFERENCES ON auth.users TO app; GRANT SELECT ON storage.objects TO app;
  CREATE SCHEMA supabase_migrations AUTHORIZATION app;
  CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY); INSERT INTO supabase_migrations.schema_migrations VALUES ('1');
  ALTER TABLE supabase_migrations.schema_migrations OWNER TO app;
  ${APP("auth.users")}`;

const SUPABASE_LEFT =
  "auth (3 tables), realtime (2 tables), storage (1 table), supabase_migrations (1 table)";

async function cli(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code, stdout, stderr };
}

const urlAs = (role: string, db: TestDatabase): string => {
  const url = new URL(db.url);
  url.username = role;
  url.password = "x";
  return url.href;
};

async function scene(sql: string, role = "app") {
  const db = await createTestDatabase({ serverUrl: server.url(), sql });
  onTestFinished(() => db[Symbol.asyncDispose]());
  const url = urlAs(role, db);
  const file = await temporaryPath();
  return {
    db,
    url,
    file,
    database: openTestDatabase(url),
    create: (...args: string[]) =>
      cli("create", "--url", url, "--out", file, "--no-encryption", ...args),
    restore: (...args: string[]) => cli("restore", file, "--url", url, ...args),
  };
}

const inBackup = async (file: string): Promise<string[]> =>
  JSON.parse((await cli("inspect", file, "--json")).stdout)
    .manifest.tables.map(
      ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`,
    )
    .toSorted();

const APPS = ["public.post", "public.profile"];

describe("a database at Supabase", () => {
  test("its schemas are left out of a backup, and named", async () => {
    const { create, file } = await scene(SUPABASE);
    const created = await create();
    expect(created).toMatchObject({ code: 0 });
    expect(await inBackup(file)).toEqual(APPS);
    expect(created.stderr).toContain(
      `warning: Supabase's own schemas are not in the backup: ${SUPABASE_LEFT}. Choose them, or tables of them, to have them in it.`,
    );
    expect(created.stderr).toContain("hint: To choose one: --include SCHEMA");
    expect(created.stderr).toContain("warning: public.profile refers to auth.users");
    // No option chose tables, and no message is about tables that are not in the backup.
    expect(created.stderr).not.toMatch(/as was chosen|unlogged|sequence/);
    expect((await cli("inspect", file)).stdout).toContain("Supabase's own schemas");
  });

  test.for([
    [
      ["--include", "auth.users"],
      ["auth.users", ...APPS],
    ],
    [
      ["--table", "auth.users", "--table", "public.post"],
      ["auth.users", "public.post"],
    ],
    [["--include", "public"], APPS],
  ] as const)("one word takes them in: %s", async ([how, expected]) => {
    const { create, file } = await scene(SUPABASE);
    expect(await create(...how)).toMatchObject({ code: 0 });
    expect(await inBackup(file)).toEqual(expected);
  });

  test("a whole schema, if the role may read it; else it is refused by name", async () => {
    const { db, create, file } = await scene(SUPABASE);
    const refused = await create("--include", "auth");
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/error\[INSUFFICIENT_PRIVILEGE\].*auth\.refresh_tokens/),
    });
    await db.query(
      "GRANT SELECT ON ALL TABLES IN SCHEMA auth TO app; GRANT SELECT ON ALL SEQUENCES IN SCHEMA auth TO app",
    );
    const created = await create("--include", "auth.*", "--exclude", "auth.schema_migrations");
    expect(created).toMatchObject({ code: 0 });
    expect(await inBackup(file)).toEqual(["auth.refresh_tokens", "auth.users", ...APPS]);
  });

  test.for([
    [["--include", "nope"], 1, "The database has no schema nope with tables. No backup was made."],
    [["--include", "auth.nope"], 1, "The database has no table auth.nope. No backup was made."],
    [["--include", "auth", "--table", "public.post"], 2, "Give --table or --include, not both"],
    [["--include", "a.b.c"], 2, "“a.b.c” is neither SCHEMA nor SCHEMA.NAME."],
  ] as const)("a word that means nothing is an error: %s", async ([how, code, message]) => {
    const { create } = await scene(SUPABASE);
    expect(await create(...how)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });

  test("a restore leaves them alone, and sets everything of the app's back", async () => {
    const { db, create, restore } = await scene(SUPABASE);
    await create();
    await db.query(`UPDATE auth.users SET email = 'new'; INSERT INTO auth.users VALUES (3, 'c');
      TRUNCATE public.profile, public.post; SELECT setval('public.ticket', 90)`);
    const asked = await restore();
    expect(asked.stderr).toContain(
      `warning: Supabase's own schemas stay as they are: ${SUPABASE_LEFT}.`,
    );
    expect(asked.stderr).toContain(
      "warning: public.profile is replaced, and refers by id (profile_id_fkey) to auth.users, which stays as it is. If it does not have a row that one of the backup refers to, the restore fails and nothing changes.",
    );
    expect(asked.stderr).not.toContain("Tables of the database that are not in the backup");
    expect(await restore("--rehearse")).toMatchObject({ code: 0 });
    expect(await restore("--yes")).toMatchObject({ code: 0 });
    expect(
      await db.query(`SELECT (SELECT count(*)::int FROM public.post) AS posts, (SELECT last_value::int FROM public.ticket) AS ticket,
        (SELECT count(*)::int FROM auth.users WHERE email IN ('new', 'c')) AS users`),
    ).toEqual([{ posts: 2, ticket: 7, users: 3 }]);
  });

  test("rows that refer to people who are gone: said, and refused by rehearsal and restore alike", async () => {
    const { db, create, restore } = await scene(SUPABASE);
    await create();
    await db.query("TRUNCATE public.profile, public.post; DELETE FROM auth.users WHERE id = 2");
    expect(await restore("--rehearse")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("profile_id_fkey"),
    });
    expect(await restore("--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/error\[CONSTRAINT_VIOLATED\].*profile_id_fkey/),
    });
    expect(await db.query("SELECT count(*)::int AS n FROM public.profile")).toEqual([{ n: 0 }]);
  });

  test("a backup that holds them leaves them alone all the same, unless they are asked for", async () => {
    const { db, file, create, restore } = await scene(SUPABASE);
    await create("--include", "auth.users");
    await db.query("UPDATE auth.users SET email = 'new'; DELETE FROM public.post");
    expect((await restore()).stderr).toContain(
      "The backup holds auth.users: choose it as well to restore it.",
    );
    const restored = await restore("--yes");
    expect(restored).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(
        "left as it is: auth.users. It was left out with Supabase's own schemas.",
      ),
    });
    expect(await db.query("SELECT DISTINCT email FROM auth.users")).toEqual([{ email: "new" }]);
    expect(await db.query("SELECT count(*)::int AS n FROM public.post")).toEqual([{ n: 2 }]);

    expect(await restore("--yes", "--include", "auth.users")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("does not own auth.users"),
    });
    // As the role that owns the table.
    const owner = await cli("restore", file, "--url", db.url, "--yes", "--include", "auth.users");
    expect(owner).toMatchObject({ code: 0 });
    expect(await db.query("SELECT email FROM auth.users ORDER BY 1")).toEqual([
      { email: "ada@example.com" },
      { email: "bob@example.com" },
    ]);
  });

  test("a backup's table of theirs that is not there any more does not stand in the way", async () => {
    const { db, file, restore } = await scene(SUPABASE);
    await db.query(
      "CREATE TABLE auth.instances (id int); ALTER TABLE auth.instances OWNER TO supabase_auth_admin",
    );
    expect(
      await cli("create", "--url", db.url, "--out", file, "--no-encryption", "--include", "auth"),
    ).toMatchObject({ code: 0 });
    await db.query("DROP TABLE auth.instances");
    expect(await restore("--yes")).toMatchObject({ code: 0 });
  });

  test("a backup of theirs alone restores nothing without a word", async () => {
    const { create, restore } = await scene(SUPABASE);
    await create("--table", "auth.users");
    expect(await restore("--yes")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /No table is left to restore[\s\S]*Tables of Supabase are restored only if you choose them/,
      ),
    });
  });

  test("what the app owns in these schemas is the app's", async () => {
    const { create, file } = await scene(`${SUPABASE}
      GRANT CREATE ON SCHEMA auth, storage TO app; SET ROLE app;
      CREATE TABLE auth.app_roles (id serial PRIMARY KEY); CREATE TABLE storage.notes (id int); RESET ROLE`);
    await create();
    expect(await inBackup(file)).toEqual(["auth.app_roles", ...APPS, "storage.notes"]);
    expect(JSON.parse((await cli("inspect", file, "--json")).stdout).manifest.sequences).toBe(3);
  });

  test("to the platform's own role, all of it is its own", async () => {
    const { db, file } = await scene(SUPABASE);
    const url = urlAs("supabase_admin", db);
    const created = await cli("create", "--url", url, "--out", file, "--no-encryption");
    expect(created).toMatchObject({ code: 0, stderr: expect.not.stringContaining("own schemas") });
    expect(await inBackup(file)).toHaveLength(9);
  });

  test("to another superuser, as of a server of one's own, it is Supabase's", async () => {
    const { db, file } = await scene(SUPABASE);
    await cli("create", "--url", db.url, "--out", file, "--no-encryption");
    expect(await inBackup(file)).toEqual(APPS);
  });

  test("order, and with one of theirs", async () => {
    const { url } = await scene(SUPABASE);
    const plain = await cli("order", "--url", url);
    expect(plain.stdout).toMatch(/^1\. public\.profile\n2\. public\.post\n/);
    expect(plain.stderr).toContain(`Supabase's own schemas are not in the order: ${SUPABASE_LEFT}`);
    const { stdout } = await cli("order", "--url", url, "--include", "auth.users", "--json");
    expect(JSON.parse(stdout).components[0].tables).toEqual([{ schema: "auth", name: "users" }]);
    expect(await cli("order", "--url", url, "--include", "nope")).toMatchObject({ code: 1 });
  });

  test("doctor finds that backups and restores work, and names what they leave out", async () => {
    const { url } = await scene(SUPABASE);
    const { findings } = JSON.parse((await cli("doctor", "--url", url, "--json")).stdout);
    const byCode = (code: string) => findings.filter((it: { code: string }) => it.code === code);
    expect(byCode("BACKUP_RIGHTS")).toMatchObject([
      { level: "ok", what: "The role may read all 2 tables, whole." },
    ]);
    expect(byCode("RESTORE_RIGHTS")).toMatchObject([{ level: "ok" }]);
    expect(byCode("PLATFORM_SCHEMAS")).toMatchObject([
      { level: "warning", details: [`Supabase: ${SUPABASE_LEFT}`] },
    ]);
    expect(byCode("UNLOGGED_TABLE")).toEqual([]);
  });

  test("the page's overview tells them apart", async () => {
    const { database } = await scene(SUPABASE);
    const { tables, warnings } = await readOverview(database, NO_PRISMA_MODELS);
    expect(tables.filter(({ platform }) => !platform).map(({ name }) => name)).toEqual([
      "post",
      "profile",
    ]);
    expect(tables.filter(({ platform }) => platform === "Supabase")).toHaveLength(7);
    expect(warnings.map(({ code }) => code)).toEqual(["PLATFORM_SCHEMAS"]);
  });

  test("tables that are named, as by the page, come and go like the others", async () => {
    const { db } = await scene(SUPABASE);
    const database = openTestDatabase(db.url);
    const tables = ["auth.users", ...APPS].map((it) => ({
      schema: it.split(".")[0] ?? "",
      name: it.split(".")[1] ?? "",
    }));
    const { path } = await backUp(database, { tables });
    await db.query("UPDATE auth.users SET email = 'new'");
    const plan = await check(database, path);
    expect(plan.tables).toMatchObject([
      { name: "profile", action: "replace" },
      { name: "post", action: "replace" },
      { name: "users", action: "skip", platform: "Supabase" },
    ]);
    await restore(database, path, { scope: { mode: "replace", tables } });
    expect(await db.query("SELECT count(*)::int AS n FROM auth.users WHERE email = 'new'")).toEqual(
      [{ n: 0 }],
    );
    expect(
      await errorOf(
        restore(database, path, {
          scope: { mode: "replace", tables, include: [{ schema: "auth" }] },
        }),
      ),
    ).toMatchObject({ code: "REQUEST_INVALID" });
  });

  test("PrismaBackup and PrismaRestore: the same default, and the same word", async () => {
    const { db, url } = await scene(SUPABASE);
    const folderName = await temporaryPath("backups");
    const options = { folderName, database: "postgres" as const, connectionString: url };
    const plain = await new PrismaBackup({}, options).run();
    expect(plain.tables.map(({ name }) => name)).toEqual(["profile", "post"]);
    expect(plain.warnings.map(({ code }) => code)).toContain("PLATFORM_SCHEMAS");
    await rm(plain.path, { recursive: true });
    for (const include of [["auth.users"], ["users"]]) {
      const { tables, path } = await new PrismaBackup({}, { ...options, include }).run();
      expect(tables.map(({ name }) => name)).toEqual(["users", "profile", "post"]);
      await rm(path, { recursive: true });
    }
    const { path } = await new PrismaBackup({}, { ...options, include: ["auth.users"] }).run();
    await db.query("UPDATE auth.users SET email = 'new'");
    const restored = await new PrismaRestore({}, { ...options, folderName: path }).run();
    expect(restored.tables.map(({ name }) => name)).toEqual(["profile", "post"]);
    const asOwner = {
      ...options,
      folderName: path,
      connectionString: db.url,
      include: ["auth.users"],
    };
    expect((await new PrismaRestore({}, asOwner).run()).tables).toHaveLength(3);
    expect(
      await errorOf(new PrismaBackup({}, { ...options, include: ["nope"] }).run()),
    ).toMatchObject({
      code: "CONFIG_INVALID",
      message: "`include` names nope, and there is no such table or model. No backup was made.",
    });
  });
});

describe("other platforms", () => {
  test.for([
    [
      "Neon",
      `CREATE SCHEMA neon_auth AUTHORIZATION neon_auth; CREATE TABLE neon_auth."user" (id int PRIMARY KEY); ALTER TABLE neon_auth."user" OWNER TO neon_auth;
       CREATE SCHEMA neon_migration AUTHORIZATION cloud_admin; CREATE TABLE neon_migration.migration_id (id int); ALTER TABLE neon_migration.migration_id OWNER TO cloud_admin;
       GRANT USAGE ON SCHEMA neon_auth TO app; GRANT REFERENCES ON neon_auth."user" TO app`,
      'neon_auth."user"',
      "neon_auth (1 table), neon_migration (1 table)",
    ],
    [
      "Heroku",
      `CREATE SCHEMA _heroku AUTHORIZATION heroku_admin; CREATE TABLE _heroku.known (id int PRIMARY KEY); ALTER TABLE _heroku.known OWNER TO heroku_admin;
       GRANT USAGE ON SCHEMA _heroku TO app; GRANT REFERENCES ON _heroku.known TO app`,
      "_heroku.known",
      "_heroku (1 table)",
    ],
    [
      "Nhost",
      `CREATE SCHEMA auth AUTHORIZATION nhost_admin; CREATE TABLE auth.users (id int PRIMARY KEY); ALTER TABLE auth.users OWNER TO nhost_auth_admin;
       GRANT ALL ON SCHEMA auth TO nhost_auth_admin; GRANT USAGE ON SCHEMA auth TO app; GRANT REFERENCES ON auth.users TO app`,
      "auth.users",
      "auth (1 table)",
    ],
  ] as const)("%s", async ([platform, sql, users, left]) => {
    const { create, file } = await scene(
      `GRANT ALL ON SCHEMA public TO app; ${sql}; INSERT INTO ${users} VALUES (1), (2); ${APP(users)}`,
    );
    const created = await create();
    expect(created).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`${platform}'s own schemas are not in the backup: ${left}.`),
    });
    expect(await inBackup(file)).toEqual(APPS);
  });

  test("a schema that only bears such a name is the app's", async () => {
    const { create, file } = await scene(`
      GRANT ALL ON SCHEMA public TO app;
      CREATE SCHEMA auth AUTHORIZATION app; CREATE SCHEMA storage AUTHORIZATION app; CREATE SCHEMA neon_auth AUTHORIZATION app;
      CREATE SCHEMA supabase_migrations AUTHORIZATION app; SET ROLE app;
      CREATE TABLE auth.users (id int PRIMARY KEY); INSERT INTO auth.users VALUES (1), (2); CREATE TABLE storage.objects (id int);
      CREATE TABLE neon_auth.users_sync (id int); CREATE TABLE supabase_migrations.orders (id int); RESET ROLE;
      ${APP("auth.users")}`);
    const created = await create();
    expect(created).toMatchObject({ code: 0, stderr: expect.not.stringContaining("own schemas") });
    expect(await inBackup(file)).toEqual([
      ...[
        "auth.users",
        "neon_auth.users_sync",
        ...APPS,
        "storage.objects",
        "supabase_migrations.orders",
      ],
    ]);
  });

  test("owned by some other role: refused by name, and never left out without a word", async () => {
    const { create } = await scene(`
      GRANT ALL ON SCHEMA public TO app; CREATE SCHEMA auth AUTHORIZATION other; CREATE TABLE auth.users (id int PRIMARY KEY);
      ALTER TABLE auth.users OWNER TO other; CREATE TABLE public.t (id int); ALTER TABLE public.t OWNER TO app`);
    expect(await create()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/error\[INSUFFICIENT_PRIVILEGE\].*auth\.users/),
    });
  });
});
