import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type BackupSummary, PrismaBackup, type PrismaBackupArgs } from "./prisma-backup.ts";
import { addProgress, NO_PROGRESS, type Progress } from "./shared/progress.ts";
import {
  asRole,
  errorOf,
  leftSessions,
  restore,
  temporaryPath,
  testDatabase,
} from "./testing/backups.ts";
import { pgDumpText, shell } from "./testing/oracles.ts";
import { BLOG_MESS_SQL, BLOG_SQL, createProject, type Project } from "./testing/prisma-project.ts";
import { sample } from "./testing/scope.ts";

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project[Symbol.asyncDispose]());

async function scene(sql = BLOG_SQL) {
  const { db, database } = await testDatabase({ sql, copied: true });
  const prisma = project.client({ connectionString: db.url });
  onTestFinished(() => prisma.$disconnect());
  const root = await temporaryPath("backups");
  const backup = (options: Partial<PrismaBackupArgs> = {}) =>
    new PrismaBackup(prisma, { folderName: root, database: "postgres", ...options });
  return { db, database, prisma, root, backup };
}

/** Returns the relative names of a folder's files, sorted. */
async function filesOf(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((it) => it.isFile())
    .map((it) => path.relative(folder, path.join(it.parentPath, it.name)))
    .sort();
}

async function hashOf(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of await filesOf(folder)) {
    hash.update(`${name}\0`).update(await readFile(path.join(folder, name)));
  }
  return hash.digest("hex");
}

const TABLE_FILES = ["Posts", "Tag", "_PostsToTag", "_prisma_migrations", "users"]
  .map((name) => `tables/public.${name}.json`)
  .sort();
const PASSWORD = "a-very-strong-password";

interface Case {
  what: string;
  options: Partial<PrismaBackupArgs>;
  kind: "folder" | "zip";
  password?: string;
  check?: (summary: BackupSummary, root: string) => Promise<void>;
}
const cases: Case[] = [
  {
    what: "nothing but the required: a folder with the archive's content as files",
    options: {},
    kind: "folder",
    async check(summary) {
      expect(await filesOf(summary.path)).toEqual(
        ["README.txt", "manifest.json", ...TABLE_FILES].sort(),
      );
      const json = await readFile(path.join(summary.path, "tables/public.Tag.json"), "utf8");
      expect(JSON.parse(json)).toEqual([
        { id: 1, name: "red" },
        { id: 2, name: "green" },
      ]);
      expect((await stat(summary.path)).mode & 0o777).toBe(0o700);
      expect((await stat(path.join(summary.path, "manifest.json"))).mode & 0o777).toBe(0o600);
    },
  },
  {
    what: "compress: one archive in place of the folder",
    options: { compress: true },
    kind: "zip",
    async check(summary) {
      expect((await stat(summary.path)).mode & 0o777).toBe(0o600);
      await shell(`unzip -tqq ${summary.path}`, "/");
    },
  },
  {
    what: "encrypt and password",
    options: { encrypt: true, password: PASSWORD },
    kind: "folder",
    password: PASSWORD,
    async check(summary) {
      const files = await filesOf(summary.path);
      expect(files).toContain("tables/public.Posts.json.zst.age");
      for (const name of files) {
        const content = await readFile(path.join(summary.path, name));
        for (const secret of ["Post 1", PASSWORD]) expect(content.includes(secret)).toBe(false);
      }
    },
  },
  {
    what: "encrypt, password and compress",
    options: { encrypt: true, password: PASSWORD, compress: true },
    kind: "zip",
    password: PASSWORD,
  },
  {
    what: "the shortest password, of letters beyond ASCII",
    options: { encrypt: true, password: "päß—é" },
    kind: "folder",
    password: "päß—é",
  },
  {
    what: "a password without encrypt: as in the original not encrypted, which a warning says",
    options: { password: PASSWORD },
    kind: "folder",
    async check(summary) {
      expect(summary.warnings.map(({ code }) => code)).toEqual(["NOT_ENCRYPTED"]);
      expect(await filesOf(summary.path)).toContain("manifest.json");
    },
  },
  ...["Posts", "public.Posts", "User", "users", "_PostsToTag"].map((name) => ({
    what: `offset by the name ${name}`,
    options: { offset: { [name]: { limit: 100 } } },
    kind: "folder" as const,
  })),
  {
    what: "offset of one row, and of more than there are",
    options: { offset: { Posts: { limit: 1 }, Tag: { limit: 2_147_483_647 } } },
    kind: "folder",
  },
  { what: "isTesting: true", options: { isTesting: true }, kind: "folder" },
  {
    what: "isTesting: false",
    options: { isTesting: false, encrypt: false, compress: false },
    kind: "folder",
  },
];

describe("each option", () => {
  let untouched: string | undefined;
  test.for(sample(cases))("$what", async ({ options, kind, password, check }) => {
    const { db, database, root, prisma, backup } = await scene();
    // One dump serves all tests, because each database is a copy of the same one.
    untouched ??= await pgDumpText(db.url);
    const progress: Progress[] = [NO_PROGRESS];
    const summary = await backup({
      ...options,
      onProgress: (event) => progress.push(addProgress(progress.at(-1) ?? NO_PROGRESS, event)),
    }).run();

    expect(summary.kind).toBe(kind);
    expect(await readdir(root)).toEqual([path.basename(summary.path)]);
    expect(path.dirname(summary.path)).toBe(root);
    expect(path.basename(summary.path)).toMatch(
      new RegExp(
        `^${db.name}-\\d{4}-\\d\\d-\\d\\d-\\d{6}Z-[0-9a-f]{6}${kind === "zip" ? "\\.zip" : ""}$`,
      ),
    );
    expect(summary).toMatchObject({ rows: 506, sequences: 3, elapsedMs: expect.any(Number) });
    expect(Object.fromEntries(summary.tables.map(({ name, rows }) => [name, rows]))).toEqual({
      users: 3,
      Posts: 250,
      Tag: 2,
      _PostsToTag: 250,
      _prisma_migrations: 1,
    });
    expect(summary.tables.find(({ name }) => name === "users")?.model).toBe("User");
    const sizes =
      kind === "zip"
        ? [(await stat(summary.path)).size]
        : await Promise.all(
            (await filesOf(summary.path)).map(
              async (it) => (await stat(path.join(summary.path, it))).size,
            ),
          );
    expect(summary.bytes).toBe(sizes.reduce((sum, size) => sum + size));
    await check?.(summary, root);

    const phases = [...new Set(progress.map(({ phase }) => phase))];
    expect(phases).toEqual(["preparing", "dumping", "finishing"]);
    const ended = progress.at(-1)?.tables ?? [];
    expect(ended.map(({ state }) => state)).toEqual(Array(5).fill("done"));
    expect(ended.reduce((sum, { rows }) => sum + rows, 0)).toBe(506);

    // The app's client still works, and none of our sessions is left.
    expect(await prisma.posts.count()).toBe(250);
    expect(await leftSessions(db)).toEqual([]);

    await db.query(BLOG_MESS_SQL);
    const unlock = password === undefined ? {} : { passphrase: password };
    await restore(database, summary.path, { unlock });
    expect(await pgDumpText(db.url)).toBe(untouched);
  });

  test("with offset or without: every file is the same", async () => {
    const { backup } = await scene();
    const whole = await backup().run();
    const paged = await backup({ offset: { Posts: { limit: 7 }, User: { limit: 1 } } }).run();
    for (const name of TABLE_FILES) {
      const bytes = await readFile(path.join(paged.path, name));
      expect(bytes.equals(await readFile(path.join(whole.path, name))), name).toBe(true);
    }
  });
});

test("a name in offset that no table has is a warning; one of two tables means both", async () => {
  const { backup } = await scene(
    `${BLOG_SQL}; CREATE TABLE twice (a int); CREATE SCHEMA other CREATE TABLE twice (a int)`,
  );
  const offset = { Nope: { limit: 1 }, posts: { limit: 1 }, twice: { limit: 1 } };
  const { path: folder, warnings } = await backup({ offset }).run();
  const told = warnings.filter(({ code }) => code === "NO_SUCH_TABLE");
  expect(told.map(({ message }) => message)).toEqual([
    "The option offset names Nope, and there is no such table or model. It is without effect.",
    "The option offset names posts, and there is no such table or model. It is without effect.",
  ]);
  const tables = [...TABLE_FILES, "tables/public.twice.json", "tables/other.twice.json"];
  expect(await filesOf(folder)).toEqual(["README.txt", "manifest.json", ...tables].sort());
});

describe("folderName", () => {
  test("each run makes a backup of its own; nothing is overwritten", async () => {
    const { root, backup } = await scene();
    await mkdir(root, { mode: 0o755 });
    await writeFile(path.join(root, "mine.txt"), "mine");
    const folder = backup();
    const first = await folder.run();
    const before = await hashOf(first.path);
    const others = await Promise.all([
      folder.run(),
      backup().run(),
      backup({ compress: true }).run(),
    ]);
    const paths = [first, ...others].map((summary) => path.basename(summary.path));
    expect(new Set(paths).size).toBe(4);
    expect((await readdir(root)).sort()).toEqual([...paths, "mine.txt"].sort());
    expect(await hashOf(first.path)).toBe(before);
    expect((await stat(root)).mode & 0o777).toBe(0o755);
  });

  test("is relative to the working directory, made with all above it, and nobody else's", async () => {
    const { root, backup } = await scene();
    const folderName = path.relative(process.cwd(), path.join(root, "a/b"));
    const { path: made } = await backup({ folderName }).run();
    expect(path.dirname(made)).toBe(path.join(root, "a/b"));
    for (const folder of [root, path.join(root, "a"), path.join(root, "a/b")])
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test("a file in its place is an error, and stays", async () => {
    const { root, backup } = await scene();
    await writeFile(root, "mine");
    const error = await errorOf(backup().run());
    expect(error.code).toBe("REQUEST_INVALID");
    expect(error.message).toContain(root);
    expect(error.message).toContain("No backup was made.");
    expect(await readFile(root, "utf8")).toBe("mine");
  });
});

describe("refused at once", () => {
  const required = { folderName: "backups", database: "postgres" };
  const tooShort =
    "If the encrypt is set true, then it is required a password. The password must be at least 5 length";
  test.for([
    ["encrypt without a password", { encrypt: true }, "PASSPHRASE_TOO_SHORT", tooShort],
    ["a password of 4", { encrypt: true, password: "four" }, "PASSPHRASE_TOO_SHORT", tooShort],
    ["another database", { database: "mysql" }, "CONFIG_INVALID", "`database` must be 'postgres'"],
    ["no database", { database: undefined }, "CONFIG_INVALID", "`database` must be 'postgres'"],
    ["no folderName", { folderName: undefined }, "CONFIG_INVALID", "`folderName` is required"],
    ["an empty folderName", { folderName: "" }, "CONFIG_INVALID", "`folderName` is required"],
    ["a limit of 0", { offset: { Posts: { limit: 0 } } }, "CONFIG_INVALID", "`offset.Posts.limit`"],
    [
      "a limit of 1.5",
      { offset: { Posts: { limit: 1.5 } } },
      "CONFIG_INVALID",
      "`offset.Posts.limit`",
    ],
    ["no limit", { offset: { Posts: {} } }, "CONFIG_INVALID", "`offset.Posts.limit`"],
    ["a mistyped password", { encrypt: false, pasword: "s3cret" }, "CONFIG_INVALID", "pasword"],
    ["a signal that is none", { signal: {} }, "CONFIG_INVALID", "`signal`"],
  ] as const)("%s", ([, options, code, message]) => {
    const create = () =>
      new PrismaBackup({}, { ...required, ...options } as unknown as PrismaBackupArgs);
    expect(create).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
    expect(create).not.toThrow(/s3cret/);
  });

  test("in the words of the original", () => {
    const create = () =>
      new PrismaBackup({}, { folderName: "backups", database: "postgres", encrypt: true });
    expect(create).toThrow(expect.objectContaining({ message: tooShort }));
  });

  test("without a client", () => {
    const create = () =>
      new PrismaBackup(undefined as unknown as object, { folderName: "b", database: "postgres" });
    expect(create).toThrow(/PrismaClient/);
  });
});

describe("refused before anything is written", () => {
  test("a table that the role may not read: the remedy is not an option that is not there", async () => {
    const { db, root, backup } = await scene();
    let url = "";
    await asRole(db, (role) => {
      url = Object.assign(new URL(db.url), { username: role, password: "x" }).href;
      return `GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON users TO ${role}`;
    });
    const error = await errorOf(backup({ connectionString: url }).run());
    expect(error.code).toBe("INSUFFICIENT_PRIVILEGE");
    expect(error.hint).toContain("npx prisma-backup create --exclude");
    expect(await filesOf(root)).toEqual([]);
  });

  test("a database that does not answer", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const { root, backup } = await scene();
    const pool = {
      host: "127.0.0.1",
      port,
      connectionTimeoutMillis: 200,
      user: "x",
      database: "x",
    };
    const error = await errorOf(backup({ pool }).run());
    expect(error.code).toBe("DATABASE_UNREACHABLE");
    await expect(stat(root)).rejects.toThrow("ENOENT");
  });
});

describe("signal", () => {
  test.for(["before", "planned", "dumping", "finishing"] as const)(
    "at %s: cancelled, and nothing is left",
    async (at) => {
      const { db, root, backup } = await scene();
      const stop = new AbortController();
      if (at === "before") stop.abort("any reason");
      const running = backup({
        signal: stop.signal,
        onProgress(event) {
          if (event.type === at || (event.type === "phase" && event.phase === at)) stop.abort();
        },
      }).run();
      const error = await errorOf(running);
      expect(error).toMatchObject({
        code: "ABORTED",
        message: "The backup was cancelled. No backup was made.",
      });
      expect(await readdir(root).catch(() => [])).toEqual([]);
      expect(await leftSessions(db)).toEqual([]);
    },
  );
});

test.for([
  [
    "throws",
    () => {
      throw new Error("full");
    },
  ],
  ["rejects", () => Promise.reject(new Error("full"))],
] as const)("onProgress that %s: no backup, and it is said why", async ([, onProgress]) => {
  const { db, root, backup } = await scene();
  const error = await errorOf(backup({ onProgress }).run());
  expect(error).toMatchObject({
    code: "ABORTED",
    message: "`onProgress` failed. The backup was cancelled. No backup was made.",
    cause: new Error("full"),
  });
  expect(await readdir(root).catch(() => [])).toEqual([]);
  expect(await leftSessions(db)).toEqual([]);
});

describe("the connection", () => {
  test("is that of a pool of the app's own, which is left alone", async () => {
    const { db, root } = await scene();
    const pool = new pg.Pool({ connectionString: db.url });
    pool.on("error", () => {});
    onTestFinished(() => pool.end());
    const prisma = project.client(pool, { disposeExternalPool: true });
    const { rows } = await new PrismaBackup(prisma, {
      folderName: root,
      database: "postgres",
    }).run();
    expect(rows).toBe(506);
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    expect(await prisma.posts.count()).toBe(250);
  });

  test("is what connectionString or pool says, where they are given", async () => {
    const { db, root } = await scene();
    const { hostname: host, port, username: user, password, pathname } = new URL(db.url);
    const pool = { host, port: Number(port), user, password, database: pathname.slice(1) };
    for (const options of [{ connectionString: db.url }, { pool }]) {
      const backup = new PrismaBackup({}, { folderName: root, database: "postgres", ...options });
      expect((await backup.run()).rows).toBe(506);
    }
  });
});
