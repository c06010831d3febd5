/**
 * Writes files and folders from a real database: they are complete or do not exist. They are opened by hand and by the
 * normal functions.
 */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { openArchive } from "../archive/archive-reader.ts";
import { createArchiveKey } from "../archive/encryption.ts";
import { findBackups } from "../archive/find-backups.ts";
import type { EncryptionChoice, Unlock } from "../shared/api.ts";
import type { ProgressEvent } from "../shared/progress.ts";
import {
  check,
  errorOf,
  leftSessions,
  models,
  restore,
  temporaryPath,
  testDatabase,
} from "../testing/backups.ts";
import { EVERYTHING_SQL, MESS_SQL } from "../testing/everything-schema.ts";
import { pgDumpText, requireTool, shell, terminal } from "../testing/oracles.ts";
import { until } from "../testing/patience.ts";
import { createBackupFile } from "./create-backup-file.ts";

const KINDS = ["zip", "folder"] as const;
const PASSPHRASE = "correct horse battery";
const NONE = { mode: "none" } as const;

const hasTools = ["age", "age-keygen", "zstd", "jq", "script", "sha256sum"]
  .map(requireTool)
  .every(Boolean);

describe("a folder of files", () => {
  test.skipIf(!hasTools).for(["none", "passphrase", "recipients"] as const)(
    "in mode %s opens by hand, verifies, and restores all",
    async (mode) => {
      const { db, database } = await testDatabase({ sql: EVERYTHING_SQL });
      const before = await pgDumpText(db.url);
      const path = await temporaryPath("shop");
      const home = dirname(path);
      await shell("age-keygen -o mine.txt 2>&1", home);
      const recipient = (await shell("age-keygen -y mine.txt", home)).trim();
      const choices: Record<typeof mode, [EncryptionChoice, Unlock]> = {
        none: [{ mode: "none" }, {}],
        passphrase: [{ mode: "passphrase", passphrase: PASSPHRASE }, { passphrase: PASSPHRASE }],
        recipients: [
          { mode: "recipients", recipients: [recipient] },
          { identity: await readFile(join(home, "mine.txt"), "utf8") },
        ],
      };
      const [encryption, unlock] = choices[mode];
      const key = await createArchiveKey(encryption);
      const result = await createBackupFile({ path, kind: "folder", database, models, key });
      const sizes = await shell("find . -type f -printf '%s\\n'", path);
      expect(result.archiveBytes).toBe(
        sizes
          .trim()
          .split("\n")
          .reduce((sum, size) => sum + Number(size), 0),
      );
      expect(await readdir(home)).toEqual(expect.arrayContaining(["shop"]));
      expect(await readdir(home)).not.toContain("shop.partial");

      // Check by hand, as the archive's README.txt says: rows and digests of every table, with jq and sha256sum.
      if (mode === "passphrase") {
        await terminal(`age -d ${path}/key.age > identity.txt`, [PASSPHRASE], home);
      } else await shell("cp mine.txt identity.txt", home);
      const open = (entry: string) =>
        mode === "none" ? `cat '${entry}'` : `age -d -i ../identity.txt '${entry}'`;
      const suffix = mode === "none" ? "" : ".age";
      const decompress = mode === "none" ? "" : "| zstd -dq";
      await shell(`${open(`manifest.json${suffix}`)} > ../manifest.txt`, path);
      await shell(
        `jq -r '.tables[] | "\\(.storedSha256)  \\(.entry)"' ../manifest.txt | sha256sum -c --quiet`,
        path,
      );
      for (const [index, { name, rows }] of result.tables.entries()) {
        const facts = `jq -r '.tables[${index}] | .name, .entry, .jsonSha256' ../manifest.txt`;
        const [listed, entry = "", sha256] = (await shell(facts, path)).split("\n");
        expect(listed).toBe(name);
        const json = `${open(entry)} ${decompress}`;
        expect(await shell(`${json} | jq length`, path)).toBe(`${rows}\n`);
        expect(await shell(`${json} | sha256sum`, path)).toContain(sha256);
      }

      if (mode === "none") expect((await check(database, path)).canStart).toBe(true);
      await db.query(MESS_SQL);
      expect(await pgDumpText(db.url)).not.toBe(before);
      await restore(database, path, { unlock });
      expect(await pgDumpText(db.url)).toBe(before);
    },
  );
});

describe.each(KINDS)("a new %s", (kind) => {
  const MANY_SQL = `CREATE TABLE a AS SELECT n AS id, md5(n::text) AS digest FROM generate_series(1, 300000) n;
    CREATE TABLE b AS SELECT * FROM a`;

  async function setUp(sql = "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)") {
    const { db, database } = await testDatabase({ sql, copied: true });
    const path = await temporaryPath("backup");
    return { db, home: dirname(path), options: { path, kind, database, models, key: NONE } };
  }

  test("is never written over what is there", async () => {
    const { home, options } = await setUp();
    await writeFile(options.path, "precious");
    expect(await errorOf(createBackupFile(options))).toMatchObject({ code: "REQUEST_INVALID" });
    expect(await readFile(options.path, "utf8")).toBe("precious");
    const partial = `${options.path}2.partial`;
    await writeFile(partial, "another run's");
    const error = await errorOf(createBackupFile({ ...options, path: `${options.path}2` }));
    expect(error).toMatchObject({ code: "REQUEST_INVALID" });
    expect(await readdir(home)).toEqual(["backup", "backup2.partial"]);
  });

  test.for(["file", "folder"])(
    "is not written over a %s that came while it was made",
    async (other) => {
      const { home, options } = await setUp();
      const take = (event: ProgressEvent) => {
        if (event.type !== "phase" || event.phase !== "finishing") return;
        void (other === "file" ? writeFile(options.path, "precious") : mkdir(options.path));
      };
      expect(await errorOf(createBackupFile({ ...options, onProgress: take }))).toMatchObject({
        code: "REQUEST_INVALID",
        message: expect.stringContaining("exists already"),
      });
      expect(await readdir(home)).toEqual(["backup"]);
    },
  );

  test("needs a folder to be in", async () => {
    const { options } = await setUp();
    const path = join(options.path, "deeper", "backup");
    expect(await errorOf(createBackupFile({ ...options, path }))).toMatchObject({
      code: "REQUEST_INVALID",
      message: expect.stringContaining("there is no folder"),
    });
  });

  test.for(["begin", "planned", "dumping", "table", "finishing"] as const)(
    "that is cancelled at %s is not there at all",
    async (when) => {
      const { db, home, options } = await setUp(MANY_SQL);
      const controller = new AbortController();
      const isThen = (event: ProgressEvent) =>
        when === "table"
          ? event.type === "table"
          : when === (event.type === "phase" ? event.phase : event.type);
      if (when === "begin") controller.abort();
      const running = createBackupFile({
        ...options,
        signal: controller.signal,
        onProgress: (event) => isThen(event) && controller.abort(),
      });
      expect((await errorOf(running)).code).toBe("ABORTED");
      expect(await readdir(home)).toEqual([]);
      await until("no session is left", async () => (await leftSessions(db)).length === 0);
    },
  );

  test("of a database that fails midway is not there at all", async () => {
    const { db, home, options } = await setUp(MANY_SQL);
    const kill = (event: ProgressEvent) => {
      if (event.type !== "table" || event.index !== 1) return;
      void db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name LIKE 'prisma-backup-admin %' AND datname = current_database()`,
      );
    };
    const error = await errorOf(createBackupFile({ ...options, onProgress: kill }));
    expect(["DATABASE_UNREACHABLE", "DUMP_FAILED"]).toContain(error.code);
    expect(await readdir(home)).toEqual([]);
  });

  test("whose process is killed leaves nothing that is taken for a backup", async () => {
    const { db, home, options } = await setUp(MANY_SQL);
    const script = `
      import { openDatabase } from "./lib/postgres/connection/connection.ts";
      import { NO_PRISMA_MODELS } from "./lib/schema/prisma-models.ts";
      import { createBackupFile } from "./lib/backup/create-backup-file.ts";
      await createBackupFile({
        database: openDatabase({ connectionString: ${JSON.stringify(db.url)} }),
        models: NO_PRISMA_MODELS, key: { mode: "none" }, kind: ${JSON.stringify(kind)},
        path: ${JSON.stringify(`${options.path}${kind === "zip" ? ".zip" : ""}`)},
        onProgress: (event) => event.type === "table" && event.index === 1 && process.kill(process.pid, "SIGKILL"),
      });`;
    const root = new URL("../..", import.meta.url);
    const args = ["--input-type=module", "-e", script];
    await expect(promisify(execFile)(process.execPath, args, { cwd: root })).rejects.toMatchObject({
      signal: "SIGKILL",
    });
    const [left = "", ...others] = await readdir(home);
    expect([left.endsWith(".partial"), others]).toEqual([true, []]);
    expect(await findBackups(home)).toEqual([]);
    const error = await errorOf(openArchive(join(home, left)));
    expect(["ARCHIVE_INVALID", "ARCHIVE_TRUNCATED"]).toContain(error.code);
    expect((await errorOf(openArchive(home))).code).toBe("ARCHIVE_INVALID");
  });
});

test("a folder cannot hold a table whose name is too long for a file; a zip can", async () => {
  const name = "ü".repeat(31);
  const { database } = await testDatabase({
    sql: `CREATE SCHEMA "${name}"; CREATE TABLE "${name}"."${name}" (id int); INSERT INTO "${name}"."${name}" VALUES (1)`,
  });
  const path = await temporaryPath("backup");
  const options = { path, database, models, key: NONE };
  expect(await errorOf(createBackupFile({ ...options, kind: "folder" }))).toMatchObject({
    code: "DUMP_FAILED",
    message: expect.stringContaining("longer than this file system allows"),
    hint: expect.stringContaining("compress: true"),
  });
  expect(await readdir(dirname(path))).toEqual([]);
  expect((await createBackupFile({ ...options, kind: "zip" })).rows).toBe(1);
  expect((await restore(database, path)).rows).toBe(1);
});
