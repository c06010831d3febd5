import { cp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { PrismaBackup, type PrismaBackupArgs } from "./prisma-backup.ts";
import { PrismaRestore, type PrismaRestoreArgs, type RestoreSummary } from "./prisma-restore.ts";
import type { RestorePlan } from "./shared/api.ts";
import { addProgress, NO_PROGRESS, type Progress } from "./shared/progress.ts";
import { errorOf, leftSessions, temporaryPath, testDatabase } from "./testing/backups.ts";
import type { TestDatabase } from "./testing/database.ts";
import { pgDumpOnce, pgDumpText } from "./testing/oracles.ts";
import { fixture } from "./testing/original-backups.ts";
import { until } from "./testing/patience.ts";
import {
  BLOG_MESS_SQL,
  BLOG_SQL,
  createProject,
  FULL_MODELS,
  type Project,
} from "./testing/prisma-project.ts";
import { sample } from "./testing/scope.ts";

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project[Symbol.asyncDispose]());

const PASSWORD = "a-very-strong-password";

/** A database that has changed since it was backed up. `archived` and `before` are its pg_dump texts then and now. */
async function scene({
  sql = BLOG_SQL,
  mess = BLOG_MESS_SQL,
  backup = {} as Partial<PrismaBackupArgs>,
} = {}) {
  const { db } = await testDatabase({ sql, copied: true });
  const prisma = project.client({ connectionString: db.url });
  onTestFinished(() => prisma.$disconnect());
  const root = await temporaryPath("backups");
  const made = await new PrismaBackup(prisma, {
    folderName: root,
    database: "postgres",
    ...backup,
  }).run();
  const archived = await pgDumpOnce(sql, db.url);
  await db.query(mess);
  const before = await pgDumpOnce(`${sql}; ${mess}`, db.url);
  const restore = (options: Partial<PrismaRestoreArgs> = {}) =>
    new PrismaRestore(prisma, { folderName: made.path, database: "postgres", ...options });
  return { db, prisma, root, made, archived, before, restore };
}

type Scene = Awaited<ReturnType<typeof scene>>;

interface Case {
  what: string;
  backup?: Partial<PrismaBackupArgs>;
  options?: (it: Scene) => Partial<PrismaRestoreArgs>;
  check?: (summary: RestoreSummary) => void;
}
const driftOf = ({ drift }: RestoreSummary) => drift.map(({ kind, message }) => [kind, message]);
const cases: Case[] = [
  { what: "a folder, and nothing but the required" },
  { what: "an archive", backup: { compress: true } },
  { what: "the root that holds only this backup", options: ({ root }) => ({ folderName: root }) },
  {
    what: "a path relative to the working directory",
    options: ({ made }) => ({ folderName: path.relative(process.cwd(), made.path) }),
  },
  {
    what: "password, for what encrypt wrote",
    backup: { encrypt: true, password: PASSWORD },
    options: () => ({ password: PASSWORD }),
  },
  {
    what: "encrypt, as the original's types have it, and an encrypted archive",
    backup: { encrypt: true, password: PASSWORD, compress: true },
    options: () => ({ password: PASSWORD, encrypt: true }),
  },
  {
    what: "a password that is not needed",
    options: () => ({ password: PASSWORD, encrypt: true }),
  },
  {
    what: "baseModels as Prisma 7 reduces them",
    options: () => ({ baseModels: project.baseModels }),
    check: (summary) => expect(driftOf(summary)).toEqual([]),
  },
  {
    what: "baseModels with full relations",
    options: () => ({ baseModels: FULL_MODELS }),
    check: (summary) => expect(driftOf(summary)).toEqual([]),
  },
  {
    what: "baseModels undefined, as Prisma 7's own client has them",
    options: () => ({ baseModels: undefined }),
  },
  {
    what: "ignoredTables of what is ignored anyway",
    options: () => ({ ignoredTables: ["_prisma_migrations"] }),
    check: ({ plan }) =>
      expect(plan.tables.filter(({ action }) => action === "skip").map(({ name }) => name)).toEqual(
        ["_prisma_migrations"],
      ),
  },
  {
    what: "waitBetweenModels: the pauses are between the tables",
    options: () => ({ waitBetweenModels: 200 }),
    check: ({ elapsedMs }) => expect(elapsedMs).toBeGreaterThanOrEqual(600),
  },
  {
    what: "waitBetweenModels 0, and time enough",
    options: () => ({ waitBetweenModels: 0, transaction: { maxWait: 5000, timeout: 60_000 } }),
  },
  { what: "isTesting", options: () => ({ isTesting: true }) },
  { what: "onPlan that agrees", options: () => ({ onPlan: async () => true }) },
];

describe("each option", () => {
  test.for(sample(cases))("$what", async ({ backup, options, check }) => {
    const it = await scene({ backup });
    const progress: Progress[] = [NO_PROGRESS];
    const summary = await it
      .restore({
        ...options?.(it),
        onProgress: (event) => progress.push(addProgress(progress.at(-1) ?? NO_PROGRESS, event)),
      })
      .run();

    expect(await pgDumpText(it.db.url)).toBe(it.archived);
    expect(summary).toMatchObject({
      path: it.made.path,
      kind: it.made.kind,
      bytes: it.made.bytes,
      rows: 505,
      sequences: 3,
      warnings: [],
      plan: { canStart: true },
    });
    expect(Object.fromEntries(summary.tables.map(({ name, rows }) => [name, rows]))).toEqual({
      users: 3,
      Posts: 250,
      Tag: 2,
      _PostsToTag: 250,
    });
    check?.(summary);

    const phases = [...new Set(progress.map(({ phase }) => phase))];
    expect(phases).toEqual([
      "preparing",
      "verifying",
      "emptying",
      "loading",
      "constraints",
      "sequences",
      "committing",
    ]);
    expect(progress.at(-1)?.tables.map(({ state }) => state)).toEqual(Array(4).fill("done"));

    // The app's client still works, and none of our sessions is left.
    expect(await it.prisma.posts.count()).toBe(250);
    expect(await leftSessions(it.db)).toEqual([]);
  });

  test("run may be called again", async () => {
    const { db, archived, restore } = await scene();
    const it = restore();
    await it.run();
    await db.query(BLOG_MESS_SQL);
    await it.run();
    expect(await pgDumpText(db.url)).toBe(archived);
  });
});

describe("baseModels", () => {
  test("what the database does not have is reported, and in nobody's way", async () => {
    const it = await scene({
      sql: `${BLOG_SQL}; ALTER TABLE "Posts" DROP CONSTRAINT "Posts_author_id_fkey"; ALTER TABLE "Tag" DROP COLUMN name CASCADE`,
      mess: `DELETE FROM "_PostsToTag"`,
    });
    const extra = { name: "Gone", fields: [{ name: "id", kind: "scalar", type: "Int" }] };
    const summary = await it.restore({ baseModels: [...FULL_MODELS, extra] }).run();
    expect(driftOf(summary)).toEqual([
      ["table-missing", "The model Gone has no table public.Gone in the database."],
      ["column-missing", "Tag.name has no column name in public.Tag."],
      ["relation-missing", "Posts.author has no foreign key (author_id) in public.Posts."],
    ]);
    expect(summary.plan.drift).toEqual(summary.drift);
    expect(await pgDumpText(it.db.url)).toBe(it.archived);
  });

  test("a join table that is missing is a missing relation", async () => {
    const it = await scene({ sql: `${BLOG_SQL}; DROP TABLE "_PostsToTag"`, mess: "SELECT" });
    expect(driftOf(await it.restore({ baseModels: FULL_MODELS }).run())).toEqual([
      [
        "relation-missing",
        "Posts.tags ↔ Tag.posts has no join table public._PostsToTag in the database.",
      ],
    ]);
    expect(driftOf(await it.restore({ baseModels: project.baseModels }).run())).toEqual([]);
  });

  test("give the names where the client gives none", async () => {
    const it = await scene();
    const { tables } = await new PrismaRestore(
      {},
      {
        folderName: it.root,
        database: "postgres",
        connectionString: it.db.url,
        baseModels: project.baseModels,
        ignoredTables: ["Tag", "Posts", "_PostsToTag"],
      },
    ).run();
    expect(tables.map(({ model }) => model)).toEqual(["User"]);
  });
});

describe("ignoredTables stay as they are, and the others come back", () => {
  const columns = { users: "id, name, boss_id", Posts: "id, title", Tag: "id, name" };
  const rowsOf = (db: TestDatabase, table: keyof typeof columns) =>
    db.query(`SELECT ${columns[table]} FROM "${table}" ORDER BY id`);
  const mess = `UPDATE "Posts" SET title = 'kept'; UPDATE users SET name = 'kept'; UPDATE "Tag" SET name = 'kept';
    INSERT INTO "Tag" (name) VALUES ('one more'); SELECT setval('"Tag_id_seq"', 40)`;

  test.for([
    { what: "a child, by its model", ignored: ["Posts"], kept: ["Posts"], back: ["users", "Tag"] },
    { what: "a parent, by its model", ignored: ["User"], kept: ["users"], back: ["Posts", "Tag"] },
    { what: "a parent, by its table", ignored: ["users"], kept: ["users"], back: ["Posts", "Tag"] },
    {
      what: "both ends of a join, by schema and table",
      ignored: ["public.Tag", "public.Posts"],
      kept: ["Tag", "Posts"],
      back: ["users"],
    },
    {
      what: "all but one",
      ignored: ["User", "Posts", "_PostsToTag", "_prisma_migrations"],
      kept: ["users", "Posts"],
      back: ["Tag"],
    },
  ] as const)("$what", async ({ ignored, kept, back }) => {
    const it = await scene({ mess });
    const was = await Promise.all(kept.map((table) => rowsOf(it.db, table)));
    const summary = await it.restore({ ignoredTables: ignored }).run();
    expect(await Promise.all(kept.map((table) => rowsOf(it.db, table)))).toEqual(was);
    for (const table of back) {
      const rows = JSON.stringify(await rowsOf(it.db, table));
      expect(rows, table).not.toContain("kept");
    }
    expect(summary.tables.map(({ name }) => name)).toEqual(expect.arrayContaining([...back]));
    for (const name of kept) {
      expect(summary.plan.tables).toContainEqual(
        expect.objectContaining({
          name,
          action: "skip",
          reason: "It was left out of the restore.",
        }),
      );
    }
    // The sequence is restored or kept along with its table's rows.
    const [sequence] = await it.db.query('SELECT last_value::int FROM "Tag_id_seq"');
    expect(sequence).toEqual({ last_value: (kept as readonly string[]).includes("Tag") ? 40 : 2 });
    // Every foreign key exists again and is validated, as before.
    const constraints = (dump: string) =>
      dump.split("\n").filter((line) => /CONSTRAINT/.test(line));
    expect(constraints(await pgDumpText(it.db.url))).toEqual(constraints(it.archived));
  });

  test("a row of theirs that would refer to nothing undoes the restore", async () => {
    const it = await scene({
      mess: `INSERT INTO users (name) VALUES ('Dan'); INSERT INTO "Posts" (title, author_id) VALUES ('Dan''s', 4)`,
    });
    const error = await errorOf(it.restore({ ignoredTables: ["Posts", "_PostsToTag"] }).run());
    expect(error).toMatchObject({
      code: "CONSTRAINT_VIOLATED",
      details: { constraint: "Posts_author_id_fkey" },
    });
    expect(error.message).toContain("Nothing was changed.");
    expect(await pgDumpText(it.db.url)).toBe(it.before);
  });

  test("a table that only the backup has may be ignored, and one that only the database has", async () => {
    const it = await scene({
      sql: `${BLOG_SQL}; CREATE TABLE past (a int)`,
      mess: `DROP TABLE past; CREATE TABLE now (author_id int REFERENCES users); INSERT INTO now VALUES (1); UPDATE users SET name = 'x'`,
    });
    const error = await errorOf(it.restore().run());
    expect(error.code).toBe("SCHEMA_DRIFT");
    expect(error.hint).toContain('`ignoredTables` leaves them out: ["public.past"].');
    const { rows } = await it.restore({ ignoredTables: ["past", "now"] }).run();
    expect(rows).toBe(505);
    expect(await it.db.query("SELECT count(*)::int FROM now")).toEqual([{ count: 1 }]);
  });

  test("they must be the role's own where their foreign keys are to be dropped", async () => {
    const it = await scene({ mess });
    const role = `owner_${it.db.name}`;
    onTestFinished(async () => {
      await it.db.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    });
    await it.db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p';
      ALTER TABLE users OWNER TO ${role}; ALTER TABLE "Tag" OWNER TO ${role}; ALTER TABLE "_PostsToTag" OWNER TO ${role};
      GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; GRANT ALL ON SCHEMA public TO ${role}`);
    const url = new URL(it.db.url);
    url.username = role;
    url.password = "p";
    const error = await errorOf(
      it
        .restore({ ignoredTables: ["Posts", "_PostsToTag", "Tag"], connectionString: url.href })
        .run(),
    );
    expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
    expect(error.message).toContain("public.Posts");
    expect(await pgDumpText(it.db.url)).toContain("Posts_author_id_fkey");
  });

  test("they are locked as long as their foreign keys are gone", async () => {
    const it = await scene({ mess });
    const reader = new pg.Client({ connectionString: it.db.url });
    await reader.connect();
    onTestFinished(() => reader.end());
    await reader.query("SET lock_timeout = '50ms'");
    let reading: Promise<unknown> | undefined;
    const running = it
      .restore({
        ignoredTables: ["Posts"],
        waitBetweenModels: 200,
        onProgress(event) {
          if (event.type === "phase" && event.phase === "loading")
            reading = reader.query('SELECT FROM "Posts"').catch((error: unknown) => error);
        },
      })
      .run();
    await running;
    expect(await reading).toMatchObject({ code: "55P03" });
  });
});

describe("transaction", () => {
  test("timeout: it rolls back, says so, and nothing has changed", async () => {
    const it = await scene();
    const transaction = { timeout: 200 };
    const error = await errorOf(it.restore({ transaction, waitBetweenModels: 60_000 }).run());
    expect(error).toMatchObject({ code: "ABORTED", details: { timeoutMs: 200 } });
    expect(error.message).toBe(
      "The restore was not done within 0.2 s and was rolled back. Nothing was changed.",
    );
    expect(await pgDumpText(it.db.url)).toBe(it.before);
    expect(await leftSessions(it.db)).toEqual([]);
  });

  test("timeout: also in the middle of a statement", async () => {
    const it = await scene({
      mess: `${BLOG_MESS_SQL}; CREATE FUNCTION slow() RETURNS boolean LANGUAGE sql AS 'SELECT pg_sleep(60) IS NOT NULL';
        TRUNCATE "Tag" CASCADE; ALTER TABLE "Tag" ADD CONSTRAINT slow CHECK (slow())`,
    });
    const error = await errorOf(it.restore({ transaction: { timeout: 500 } }).run());
    expect(error).toMatchObject({ code: "ABORTED", details: { timeoutMs: 500 } });
    expect(await pgDumpText(it.db.url)).toBe(it.before);
    expect(await leftSessions(it.db)).toEqual([]);
  });

  test("maxWait: a table that stays locked, and by whom; the timeout does not count yet", async () => {
    const it = await scene();
    const locker = new pg.Client({ connectionString: it.db.url, application_name: "locker" });
    await locker.connect();
    onTestFinished(() => locker.end());
    await locker.query(`BEGIN; LOCK TABLE users IN ACCESS SHARE MODE`);
    const transaction = { maxWait: 300, timeout: 100 };
    const error = await errorOf(it.restore({ transaction }).run());
    expect(error).toMatchObject({ code: "LOCK_TIMEOUT", details: { timeoutMs: 300 } });
    expect(error.message).toContain("locker");
    expect(error.message).toContain("Nothing was changed.");
    await locker.query("ROLLBACK");
    expect(await pgDumpText(it.db.url)).toBe(it.before);
  });

  // Shorter than the default wait of 15 s.
  test("maxWait: a server that does not answer", { timeout: 12_000 }, async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const it = await scene();
    const error = await errorOf(
      it
        .restore({
          connectionString: `postgresql://x@127.0.0.1:${port}/x`,
          transaction: { maxWait: 200 },
        })
        .run(),
    );
    expect(error.code).toBe("DATABASE_UNREACHABLE");
    expect(error.message).toContain("has not answered within 0.2 s");
  });
});

describe("signal", () => {
  test.for(["before", "verifying", "emptying", "loading", "constraints"] as const)(
    "at %s: cancelled, and nothing has changed",
    async (at) => {
      const it = await scene();
      const stop = new AbortController();
      if (at === "before") stop.abort("any reason");
      const running = it
        .restore({
          signal: stop.signal,
          onProgress(event) {
            if (event.type === "phase" && event.phase === at) stop.abort();
          },
        })
        .run();
      expect(await errorOf(running)).toMatchObject({
        code: "ABORTED",
        message: "The restore was cancelled. Nothing was changed.",
      });
      expect(await pgDumpText(it.db.url)).toBe(it.before);
      expect(await leftSessions(it.db)).toEqual([]);
    },
  );

  test("in a pause between two tables: at once", async () => {
    const it = await scene();
    const stop = new AbortController();
    const running = it.restore({ signal: stop.signal, waitBetweenModels: 60_000 }).run();
    await until("it pauses", async () => {
      const [row] = await it.db.query(
        "SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE '%restore' AND state = 'idle in transaction'",
      );
      return row?.count === 1;
    });
    stop.abort();
    expect((await errorOf(running)).code).toBe("ABORTED");
    expect(await pgDumpText(it.db.url)).toBe(it.before);
  });
});

test("onProgress that throws in the middle: nothing has changed, and it is said why", async () => {
  const it = await scene();
  const running = it
    .restore({
      onProgress(event) {
        if (event.type === "phase" && event.phase === "loading") throw new Error("full");
      },
    })
    .run();
  expect(await errorOf(running)).toMatchObject({
    code: "ABORTED",
    message: "`onProgress` failed. The restore was cancelled. Nothing was changed.",
    cause: new Error("full"),
  });
  expect(await pgDumpText(it.db.url)).toBe(it.before);
  expect(await leftSessions(it.db)).toEqual([]);
});

describe("onPlan is told before anything changes", () => {
  const answers: Array<[string, () => unknown]> = [
    ["returns false", async () => false],
    [
      "throws",
      () => {
        throw new TypeError("not today");
      },
    ],
  ];
  test.for(answers)("and where it %s, nothing does", async ([, answer]) => {
    const it = await scene();
    const plans: RestorePlan[] = [];
    const error = await errorOf(
      it
        .restore({
          onPlan(plan) {
            plans.push(plan);
            return answer();
          },
        })
        .run(),
    );
    expect(error).toMatchObject({
      code: "ABORTED",
      message: "`onPlan` refused the restore. Nothing was changed.",
    });
    expect(plans.map(({ tables }) => tables.length)).toEqual([5]);
    expect(await pgDumpText(it.db.url)).toBe(it.before);
  });
});

describe("a backup of the original's", () => {
  const schemaAndData = () =>
    Promise.all(
      ["source/schema.sql", "source/expected.sql"].map((it) => readFile(fixture(it), "utf8")),
    );

  test.for([
    { folderName: "plain", kind: "folder", options: {} },
    { folderName: "encrypted", kind: "folder", options: { encrypt: true, password: PASSWORD } },
    { folderName: "encrypted-zipped", kind: "folder", options: { password: PASSWORD } },
    {
      folderName: "encrypted-zipped/encrypted-zipped.zip",
      kind: "zip",
      options: { password: PASSWORD },
    },
  ] as const)("$folderName", async ({ folderName, kind, options }) => {
    const [schema = "", expected = ""] = await schemaAndData();
    const { db } = await testDatabase({ sql: schema });
    const plans: RestorePlan[] = [];
    const restore = (more: object) =>
      new PrismaRestore(
        {},
        {
          folderName: fixture(folderName),
          database: "postgres",
          connectionString: db.url,
          onPlan: (plan) => void plans.push(plan),
          ...options,
          ...more,
        },
      ).run();
    if ("password" in options) {
      for (const [password, code] of [
        ["wrong password", "WRONG_PASSPHRASE"],
        [undefined, "WRONG_PASSPHRASE"],
      ] as const)
        expect((await errorOf(restore({ password }))).code).toBe(code);
      expect(plans).toEqual([]);
    }
    const summary = await restore({});
    expect(summary.kind).toBe(kind);
    // The plan reports what was lost before the restore, and the summary repeats it.
    expect(plans[0]?.warnings.length).toBeGreaterThan(0);
    expect(summary.warnings).toEqual(expect.arrayContaining(plans[0]?.warnings ?? []));
    // Each table has as many rows as in the pg_dump of the database that was backed up.
    for (const { name, rows } of summary.tables) {
      const inserts = expected.split(`INSERT INTO public.${quoted(name)} `).length - 1;
      expect(rows, name).toBe(inserts);
      expect(await db.query(`SELECT count(*)::int AS rows FROM "${name}"`)).toEqual([{ rows }]);
    }
  });

  const quoted = (name: string) => (name === name.toLowerCase() ? name : `"${name}"`);
});

describe("refused, and nothing has changed", () => {
  test.for([
    ["a password that is wrong", { password: "wrong password" }, "WRONG_PASSPHRASE", "passphrase"],
    ["no password", {}, "WRONG_PASSPHRASE", "passphrase"],
    ["a table that is not there", { ignoredTables: ["User", "usres"] }, "CONFIG_INVALID", "usres"],
  ] as const)("%s", async ([, options, code, message]) => {
    const isPassword = code === "WRONG_PASSPHRASE";
    const it = await scene({ backup: isPassword ? { encrypt: true, password: PASSWORD } : {} });
    const error = await errorOf(it.restore(options as Partial<PrismaRestoreArgs>).run());
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(await pgDumpText(it.db.url)).toBe(it.before);
  });

  test("a root with two backups, naming both; with none; and no such folder", async () => {
    const it = await scene();
    const copy = `${it.made.path}-copy`;
    await cp(it.made.path, copy, { recursive: true });
    const several = await errorOf(it.restore({ folderName: it.root }).run());
    expect(several.code).toBe("REQUEST_INVALID");
    for (const name of [it.made.path, copy]) expect(several.message).toContain(path.basename(name));
    await rm(copy, { recursive: true });
    await rm(it.made.path, { recursive: true });
    expect((await errorOf(it.restore({ folderName: it.root }).run())).code).toBe("ARCHIVE_INVALID");
    await expect(stat(it.made.path)).rejects.toThrow("ENOENT");
    expect((await errorOf(it.restore().run())).code).toBe("NOT_FOUND");
    expect(await pgDumpText(it.db.url)).toBe(it.before);
  });

  const required = { folderName: "backup", database: "postgres" };
  test.for([
    ["another database", { database: "mysql" }, "`database` must be 'postgres'"],
    ["no folderName", { folderName: undefined }, "`folderName` is required"],
    ["baseModels that are none", { baseModels: [{ nome: "User" }] }, "`baseModels.0.name`"],
    ["a mistyped option", { ignoredTable: ["users"] }, "ignoredTable"],
    ["a mistyped option within", { transaction: { timout: 1 } }, "timout"],
    ["names that are none", { ignoredTables: "users" }, "`ignoredTables`"],
    ["no time", { transaction: { timeout: 0 } }, "`transaction.timeout`"],
    ["a time in the past", { waitBetweenModels: -1 }, "`waitBetweenModels`"],
    ["longer than a timer", { transaction: { maxWait: 2 ** 31 } }, "`transaction.maxWait`"],
    ["no function", { onPlan: true }, "`onPlan` must be a function"],
  ] as const)("at once: %s", ([, options, message]) => {
    const create = () =>
      new PrismaRestore({}, { ...required, ...options } as unknown as PrismaRestoreArgs);
    expect(create).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });
});
