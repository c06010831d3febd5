/**
 * Nothing succeeds without verification: a truncated file is no backup, and a restore with wrong counts is rolled back.
 */
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, readlink, rm, statfs, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { openArchive } from "../archive/archive-reader.ts";
import { createArchiveWriter } from "../archive/archive-writer.ts";
import { createArchiveKey } from "../archive/encryption.ts";
import type { StoredManifest } from "../archive/manifest.ts";
import type { EncryptionChoice } from "../shared/api.ts";
import {
  backUp,
  editArchive,
  errorOf,
  restore,
  temporaryPath,
  testDatabase,
} from "../testing/backups.ts";
import { createTestDatabase, pgDumpText } from "../testing/database.ts";
import { createKillScene, fingerprint, restoreAnew } from "../testing/kill-scene.ts";
import { until } from "../testing/patience.ts";
import { CHUNK, createTestAdmin, SHOP_SQL, type TestAdmin, TUS } from "../testing/test-admin.ts";

/** Larger than all buffers between server and client. */
const LARGE_SQL = `CREATE TABLE large AS SELECT i, (SELECT string_agg(md5(random()::text || n), '') FROM generate_series(1, 6 + i * 0) n) AS text
  FROM generate_series(1, 150000) i`;

const codeOf = async (admin: TestAdmin, bytes: Uint8Array, unlock = {}) => {
  const uploadId = await admin.upload(bytes);
  return (await admin.fail("POST", "restores", { json: { uploadId, ...unlock } })).code;
};

describe("a backup whose stream was cut is not one", () => {
  const CUTS = [
    { by: "the client", state: "cancelled", code: "ABORTED" },
    { by: "the database", state: "failed", code: "DUMP_FAILED" },
  ] as const;
  it.for(CUTS)(
    "by $by: it has $state, and its file is refused as ARCHIVE_TRUNCATED",
    async ({ by, state, code }) => {
      await using database = await createTestDatabase({ sql: LARGE_SQL, copied: true });
      await using admin = await createTestAdmin({ url: database.url });
      // The client breaks off sometimes even before the first row.
      for (const chunks of by === "the client" ? [1, 3, 20] : [10, 20, 60]) {
        const { id } = await admin.ok("POST", "backups", {
          json: { encryption: { mode: "none" } },
        });
        const reader = (await admin.call("GET", `backups/${id}/archive`)).body?.getReader();
        if (!reader) throw new Error("no body");
        const got: Uint8Array[] = [];
        for (let chunk = 0; chunk < chunks; chunk++) {
          const { value } = await reader.read();
          if (value) got.push(value);
        }
        if (by === "the client") {
          await reader.cancel();
        } else {
          const ended = await database.query(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'prisma-backup-admin backup' AND datname = current_database()",
          );
          expect(ended.length).toBe(1);
          const readOn = async () => {
            for (let it = await reader.read(); !it.done; it = await reader.read())
              got.push(it.value);
          };
          await expect(readOn()).rejects.toThrow();
        }
        expect(await admin.reach(id, state)).toMatchObject({ result: null, error: { code } });
        expect(await codeOf(admin, Buffer.concat(got))).toBe("ARCHIVE_TRUNCATED");
      }
    },
  );

  const passphrase = "seven wise owls";
  it.for<EncryptionChoice>([{ mode: "none" }, { mode: "passphrase", passphrase }])(
    "at any length, encryption $mode",
    async (encryption) => {
      await using database = await createTestDatabase({ sql: SHOP_SQL });
      await using admin = await createTestAdmin({ url: database.url });
      const zip = await admin.backup(encryption);
      const before = await pgDumpText(database.url);
      const lengths = Array.from({ length: 40 }, (_, index) =>
        Math.floor(4 + ((zip.length - 4) * index) / 40),
      );
      const unlock = encryption.mode === "none" ? {} : { passphrase };
      for (const length of [...lengths, zip.length - 22, zip.length - 1]) {
        expect(await codeOf(admin, zip.subarray(0, length), unlock), `${length} bytes`).toBe(
          "ARCHIVE_TRUNCATED",
        );
      }
      expect(await pgDumpText(database.url)).toBe(before);
    },
  );
});

describe("row counts of archive, manifest and load agree, or nothing has changed", () => {
  const SQL = `
    CREATE TABLE a (id int PRIMARY KEY, note text); INSERT INTO a SELECT i, 'a' FROM generate_series(1, 300) i;
    CREATE TABLE b (id int PRIMARY KEY, note text); INSERT INTO b SELECT i, 'b' FROM generate_series(1, 300) i`;

  /** Makes an archive that is consistent except for the edited numbers. All its checksums are correct. */
  async function withRows(file: string, edit: (manifest: StoredManifest) => void): Promise<string> {
    await using archive = await openArchive(file);
    await archive.unlock({});
    const manifest = structuredClone(archive.manifest) as StoredManifest;
    const edited = await temporaryPath("rows.zip");
    const writer = createArchiveWriter({
      key: await createArchiveKey({ mode: "none" }),
      createdAt: new Date(manifest.createdAt),
      output: createWriteStream(edited),
    });
    for (const table of manifest.tables)
      Object.assign(table, await writer.writeTable(table, Readable.from(archive.readTable(table))));
    edit(manifest);
    await writer.finish(manifest);
    return edited;
  }

  it.for([-1, 1, -300, 1e9])("a manifest that is %i rows off", async (off) => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path: file } = await backUp(database);
    const forged = await withRows(file, ({ tables }) => {
      for (const table of tables) if (table.name === "b") table.rows += off;
    });
    await db.query("UPDATE a SET note = 'changed since'; DELETE FROM b WHERE id > 7");
    const before = await pgDumpText(db.url);
    // It also fails without the earlier check of the panel and the terminal.
    const error = await errorOf(restore(database, forged));
    expect(error).toMatchObject({
      code: "LOAD_FAILED",
      details: { loaded: 300, expected: 300 + off },
    });
    expect(error.message).toContain("Nothing was changed.");
    expect(await pgDumpText(db.url)).toBe(before);
    // The unedited numbers are accepted, so they alone were the reason.
    await restore(database, await withRows(file, () => {}));
    expect(await db.query("SELECT count(*)::int FROM b")).toEqual([{ count: 300 }]);
  });

  it("rows taken out of the archive, with digests that agree", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path: file } = await backUp(database);
    const forged = await editArchive(
      file,
      { "public.b": (json) => json.replace(/\n,.*"id":7,.*\n/, "\n") },
      ({ tables }) => {
        for (const table of tables) if (table.name === "b") table.rows = 300;
      },
    );
    const before = await pgDumpText(db.url);
    const error = await errorOf(restore(database, forged));
    expect(error).toMatchObject({ code: "LOAD_FAILED", details: { loaded: 299, expected: 300 } });
    expect(await pgDumpText(db.url)).toBe(before);
  });

  it("triggers and rules that would drop rows do not get to", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path: file } = await backUp(database);
    await db.query(`
      CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER drops BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION drop_row();
      ALTER TABLE a ENABLE ALWAYS TRIGGER drops;
      CREATE RULE drops AS ON INSERT TO b DO INSTEAD NOTHING; ALTER TABLE b ENABLE ALWAYS RULE drops`);
    const before = await pgDumpText(db.url);
    expect((await restore(database, file)).rows).toBe(600);
    expect(await pgDumpText(db.url)).toBe(before);
  });

  it("a constraint's function that deletes other tables' rows behind the load's back", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { path: file } = await backUp(database);
    await db.query(`
      CREATE FUNCTION takes_one(i int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.a WHERE id = i AND i = 5; RETURN true; END $$;
      ALTER TABLE b ADD CHECK (takes_one(id)); INSERT INTO a VALUES (1000, 'kept')`);
    const before = await pgDumpText(db.url);
    const error = await errorOf(restore(database, file));
    expect(error).toMatchObject({
      code: "LOAD_FAILED",
      details: { table: { schema: "public", name: "a" }, loaded: 299, expected: 300 },
    });
    expect(error.message).toContain("Nothing was changed.");
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

/** A disk of some 260 MB. Uploads must leave 256 MB of it free. Null if this user may not mount one. */
async function mountSmallDisk(): Promise<string | null> {
  const folder = await mkdtemp(path.join(tmpdir(), "small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=272m,mode=0700", "tmpfs", folder], {
      stdio: "ignore",
    });
  } catch {
    await rm(folder, { recursive: true });
    if (process.env.CI)
      throw new Error("CI must run the test of a full disk: as root, privileged.");
    console.warn(
      "\n*** Only root may mount a small disk. The test of a full one is SKIPPED. ***\n",
    );
    return null;
  }
  onTestFinished(async () => {
    execFileSync("umount", ["--lazy", folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** Returns the open files of this process, in which the app's instances run. */
async function openFiles(): Promise<string[]> {
  const fds = await readdir("/proc/self/fd");
  return Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
}

it("a disk that is full where uploads rest: nothing has changed, and with room again the upload goes on", async ({
  skip,
}) => {
  const disk = await mountSmallDisk();
  if (!disk) return skip("needs root");
  await using scene = await createKillScene({ uploadDir: path.join(disk, "uploads") });
  const { panel, database, zip } = scene;
  const filler = path.join(disk, "filler");
  const fill = async (leaveBytes: number) => {
    await rm(filler, { force: true });
    const { bavail, bsize } = await statfs(disk);
    await writeFile(filler, Buffer.alloc(bavail * bsize - leaveBytes));
  };
  const isRemoved = (file: string) => file.startsWith(disk) && file.endsWith(" (deleted)");
  const create = () =>
    panel.call("POST", "uploads", { headers: { ...TUS, "upload-length": String(zip.length) } });
  const send = (id: string, from: number, to: number) =>
    panel.call("PATCH", `uploads/${id}`, {
      body: Uint8Array.from(zip.subarray(from, to)),
      headers: { ...CHUNK, "upload-offset": String(from) },
    });
  const offsetOf = async (id: string) =>
    Number(
      (await panel.call("HEAD", `uploads/${id}`, { headers: TUS })).headers.get("upload-offset"),
    );
  const middle = Math.floor(zip.length / 2);
  /** When the disk becomes full, and how much of the archive has arrived by then. */
  const POINTS = [
    "before it begins",
    "before its first chunk",
    "in its second chunk",
    "during the restore",
  ];
  for (const [number, point] of POINTS.entries()) {
    await database.query(`UPDATE team SET name = 'disk ${number}'`);
    const before = await fingerprint(database);
    if (point === "before it begins") {
      await fill(8192);
      const refused = await create();
      expect((await refused.json()).error).toMatchObject({
        code: "ARCHIVE_TOO_LARGE",
        message: expect.stringContaining("not enough room"),
      });
      await unlink(filler);
    }
    const id = (await create()).headers.get("location")?.split("/").at(-1) ?? "";
    let sent = 0;
    if (point === "in its second chunk") {
      expect((await send(id, 0, middle)).status).toBe(204);
      sent = middle;
    }
    if (point.includes("chunk")) {
      await fill(4096);
      const failed = await send(id, sent, zip.length);
      expect(failed.status, point).toBe(500);
      expect((await failed.json()).error).toMatchObject({
        message: "The upload could not be stored.",
        hint: expect.stringContaining("room"),
      });
      const early = await panel.fail("POST", "restores", { json: { uploadId: id } });
      expect(early.code).toBe("OPERATION_STATE");
      expect(await fingerprint(database), point).toBe(before);
      await unlink(filler);
    }
    expect((await send(id, await offsetOf(id), zip.length)).status).toBe(204);
    if (point === "during the restore") {
      // Wait, because removing an earlier upload later would free space again.
      await until("earlier uploads are gone", async () =>
        (await readdir(path.join(disk, "uploads"))).every(
          (name) => name.startsWith(id) || !/^[0-9a-f]{32}/.test(name),
        ),
      );
      // The disk space becomes free after the last process has closed the file.
      await until("no removed file is open", async () => !(await openFiles()).some(isRemoved));
      await fill(0);
    }
    expect(await fingerprint(database), point).toBe(before);
    if (point === "during the restore") {
      // The plan says that no safety backup is possible. The person may go on without one.
      const { id: restoreId } = await panel.ok("POST", "restores", { json: { uploadId: id } });
      const { plan } = await panel.reach(restoreId, "ready");
      expect(plan?.safetyBackup).toMatchObject({ possible: false, freeBytes: 0 });
      const json = { confirmation: database.name };
      const start = `restores/${restoreId}/start`;
      expect(await panel.fail("POST", start, { json })).toMatchObject({
        code: "SAFETY_BACKUP_FAILED",
      });
      expect(await fingerprint(database), point).toBe(before);
      await panel.ok("POST", start, { json: { ...json, safetyBackup: false } });
      await panel.reach(restoreId, "succeeded");
    } else await restoreAnew(scene, panel, id);
    expect(await fingerprint(database), point).toBe(scene.archived);
  }
});
