/** A backup as the files of a folder: the same content and the same checks as in a zip. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  CREATED_AT,
  cheapPassphraseKey,
  codeOf,
  manifestFor,
  manyRows,
  PASSPHRASE,
  readWhole,
  shell,
  TABLES,
  temporaryFolder,
  writeArchive,
  writeFolder,
} from "../testing/archives.ts";
import { requireTool } from "../testing/oracles.ts";
import { openArchive } from "./archive-reader.ts";
import { createArchiveWriter } from "./archive-writer.ts";
import { type ArchiveKey, createArchiveKey } from "./encryption.ts";
import { createFolderSink } from "./folder-sink.ts";

const NONE: ArchiveKey = { mode: "none" };
let identity: string;
let recipientsKey: ArchiveKey;
beforeAll(async () => {
  identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  recipientsKey = await createArchiveKey({ mode: "recipients", recipients });
});

/** The files that this process has open, by path. Empty if the system cannot tell (other than Linux). */
function openFiles(): string {
  const folder = "/proc/self/fd";
  if (!existsSync(folder)) return "";
  return readdirSync(folder)
    .map((fd) => {
      try {
        return readlinkSync(join(folder, fd));
      } catch {
        return "closed meanwhile";
      }
    })
    .join("\n");
}

describe("written as a folder", () => {
  it("it opens as the zip does", async () => {
    const folder = join(await temporaryFolder(), "b");
    await writeFolder(folder, recipientsKey);
    expect(await readWhole(folder, { identity })).toEqual(TABLES);
    await using archive = await openArchive(folder);
    const files = (await shell("find . -type f -printf '%s\\n'", folder)).trim().split("\n");
    expect(archive.sizeBytes).toBe(files.reduce((sum, size) => sum + Number(size), 0));
    expect(archive.encryption).toBe("recipients");
    expect(openFiles()).not.toContain(folder);
  });

  it("it opens by passphrase", async () => {
    const folder = join(await temporaryFolder(), "b");
    await writeFolder(folder, await cheapPassphraseKey());
    expect(await readWhole(folder, { passphrase: PASSPHRASE })).toEqual(TABLES);
    expect(await codeOf(readWhole(folder, { passphrase: "wrong" }))).toBe("WRONG_PASSPHRASE");
  });

  it.skipIf(!requireTool("unzip"))("it is what unzip makes of the zip", async () => {
    const home = await temporaryFolder();
    const manifest = await writeArchive(join(home, "a.zip"), NONE);
    const ofFolder = await writeFolder(join(home, "b"), NONE);
    // Only README.txt differs between the two.
    expect({ ...ofFolder, readmeSha256: manifest.readmeSha256 }).toEqual(manifest);
    await shell("unzip -q a.zip -d unpacked", home);
    await shell("diff -r --exclude=README.txt --exclude=manifest.json unpacked b", home);
    expect(await readWhole(join(home, "unpacked"), {})).toEqual(TABLES);
  });

  it("its files are only its owner's", async () => {
    const home = await temporaryFolder();
    const folder = join(home, "b");
    const mask = process.umask(0);
    try {
      await mkdir(folder, { mode: 0o700 });
      const writer = createArchiveWriter({
        key: NONE,
        createdAt: CREATED_AT,
        output: createFolderSink(folder),
      });
      await writer.writeTable({ schema: "s", name: "t" }, Readable.from([Buffer.from("[\n]\n")]));
      writer.abort(new Error("end of test"));
      await sleep(50);
    } finally {
      process.umask(mask);
    }
    expect(await shell("find . -type f -not -perm 600 -o -type d -not -perm 700", folder)).toBe("");
    expect(await shell("find . -type f", folder)).toContain("README.txt");
  });
});

type Damage = (folder: string) => Promise<unknown>;
const table = (folder: string, name: string, suffix: string) =>
  join(folder, "tables", `public.${name}.json${suffix}`);

describe.each([
  ["none", "", "manifest.json"],
  ["recipients", ".zst.age", "manifest.json.age"],
] as const)("damaged, in mode %s,", (mode, suffix, manifest) => {
  const at = (folder: string, name: string) => table(folder, name, suffix);
  const flip = async (path: string) => {
    const content = await readFile(path);
    const middle = content.length >> 1;
    content[middle] = (content[middle] ?? 0) ^ 1;
    await writeFile(path, content);
  };
  const damages: Array<[string, string, Damage]> = [
    ["a table's file missing", "ARCHIVE_INVALID", (f) => rm(at(f, "User"))],
    ["the manifest missing", "ARCHIVE_INVALID", (f) => rm(join(f, manifest))],
    [
      "the folder of tables missing",
      "ARCHIVE_INVALID",
      (f) => rm(join(f, "tables"), { recursive: true }),
    ],
    ["a table's file edited", "DIGEST_MISMATCH", (f) => flip(at(f, "User"))],
    ["a table's file cut off", "ARCHIVE_INVALID", (f) => truncate(at(f, "large"), 1000)],
    ["a table's file longer", "ARCHIVE_INVALID", (f) => appendFile(at(f, "User"), "\n")],
    ["a table's file empty", "ARCHIVE_INVALID", (f) => truncate(at(f, "User"), 0)],
    ["the manifest cut off", "ARCHIVE_INVALID", (f) => truncate(join(f, manifest), 700)],
    ["the manifest empty", "ARCHIVE_INVALID", (f) => truncate(join(f, manifest), 0)],
    ["a table more", "ARCHIVE_INVALID", (f) => cp(at(f, "User"), at(f, "Extra"))],
    ["a file more", "ARCHIVE_INVALID", (f) => writeFile(join(f, "notes.txt"), "x")],
    [
      "a file more beside the tables",
      "ARCHIVE_INVALID",
      (f) => writeFile(join(f, "tables/x"), "x"),
    ],
    ["a folder more", "ARCHIVE_INVALID", (f) => mkdir(join(f, "more"))],
    ["a folder more beside the tables", "ARCHIVE_INVALID", (f) => mkdir(join(f, "tables/more"))],
    [
      "two files exchanged",
      "DIGEST_MISMATCH",
      async (f) => {
        await rename(at(f, "a"), join(f, "x"));
        await rename(at(f, "b"), at(f, "a"));
        await rename(join(f, "x"), at(f, "b"));
      },
    ],
    [
      "a link in a file's place",
      "ARCHIVE_INVALID",
      async (f) => {
        await rename(at(f, "User"), join(f, "..", "elsewhere"));
        await symlink(join(f, "..", "elsewhere"), at(f, "User"));
      },
    ],
    [
      "a link in the manifest's place",
      "ARCHIVE_INVALID",
      async (f) => {
        await rename(join(f, manifest), join(f, "..", "elsewhere"));
        await symlink(join(f, "..", "elsewhere"), join(f, manifest));
      },
    ],
    [
      "a link in place of the folder of tables",
      "ARCHIVE_INVALID",
      async (f) => {
        await rename(join(f, "tables"), join(f, "..", "elsewhere"));
        await symlink(join(f, "..", "elsewhere"), join(f, "tables"));
      },
    ],
    [
      "a pipe in a file's place",
      "ARCHIVE_INVALID",
      async (f) => {
        await rm(at(f, "User"));
        await promisify(execFile)("mkfifo", [at(f, "User")]);
      },
    ],
    [
      "a folder in a file's place",
      "ARCHIVE_INVALID",
      async (f) => {
        await rm(at(f, "User"));
        await mkdir(at(f, "User"));
      },
    ],
  ];
  const tables = { ...TABLES, a: '[{"id":1}\n]\n', b: '[{"id":2}\n]\n' };
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "archive-test-"));
    await writeFolder(join(home, "b"), mode === "none" ? NONE : recipientsKey, tables);
    return () => rm(home, { recursive: true });
  });
  async function copyFolder(): Promise<string> {
    const folder = join(await temporaryFolder(), "b");
    await cp(join(home, "b"), folder, { recursive: true });
    return folder;
  }

  it("not yet", async () => {
    expect(await readWhole(await copyFolder(), { identity })).toEqual(tables);
  });

  it.each(damages)("%s: %s", async (_what, code, damage) => {
    const folder = await copyFolder();
    await damage(folder);
    expect(await codeOf(readWhole(folder, { identity }))).toBe(code);
    expect(openFiles()).not.toContain(folder);
  });

  const changes: Array<[string, string, Damage]> = [
    ["shrinks", "ARCHIVE_TRUNCATED", (f) => truncate(at(f, "User"), 10)],
    ["changes", "DIGEST_MISMATCH", (f) => flip(at(f, "User"))],
    ["disappears", "NOT_FOUND", (f) => rm(at(f, "User"))],
    [
      "becomes a link",
      "ARCHIVE_INVALID",
      async (f) => {
        await rename(at(f, "User"), join(f, "..", "elsewhere"));
        await symlink(join(f, "..", "elsewhere"), at(f, "User"));
      },
    ],
    [
      "becomes a pipe",
      "ARCHIVE_INVALID",
      async (f) => {
        await rm(at(f, "User"));
        await promisify(execFile)("mkfifo", [at(f, "User")]);
      },
    ],
  ];
  it.each(changes)("a file that %s after it was opened: %s", async (_what, code, change) => {
    const folder = await copyFolder();
    await using archive = await openArchive(folder);
    await archive.unlock({ identity });
    await change(folder);
    const user = archive.manifest.tables.find(({ name }) => name === "User");
    if (!user) throw new Error("no such table");
    // Decryption may fail before the digest is compared.
    const reading = await codeOf(text(archive.readTable(user)));
    expect([code, "ARCHIVE_INVALID"].slice(0, mode === "none" ? 1 : 2)).toContain(reading);
  });
});

it("what operating systems leave in a folder changes nothing", async () => {
  const folder = join(await temporaryFolder(), "b");
  await writeFolder(folder, NONE);
  for (const name of [
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    "._README.txt",
    "tables/.DS_Store",
  ]) {
    await writeFile(join(folder, name), randomBytes(100));
  }
  expect(await readWhole(folder, {})).toEqual(TABLES);
});

/** An endless source that shows whether it was destroyed. */
function endless(): Readable {
  return new Readable({
    read() {
      setImmediate(() => this.push(randomBytes(10_000)));
    },
  });
}

describe.each(["none", "recipients"] as const)("writing in mode %s, all is released", (mode) => {
  const TABLE = { schema: "s", name: "t" };
  async function start(signal?: AbortSignal) {
    const folder = await temporaryFolder();
    const sink = createFolderSink(folder);
    const key = mode === "none" ? NONE : recipientsKey;
    const writer = createArchiveWriter({ key, createdAt: CREATED_AT, output: sink, signal });
    return { folder, sink, writer };
  }

  it.each([0, 1, 2, 50])("when the source fails at chunk %i", async (failAt) => {
    const failure = new Error("the database went away");
    async function* chunks() {
      for (let index = 0; index < failAt; index++) yield Buffer.alloc(50_000, "x");
      throw failure;
    }
    const { folder, sink, writer } = await start();
    const source = Readable.from(chunks(), { objectMode: false });
    await expect(writer.writeTable(TABLE, source)).rejects.toBe(failure);
    await expect(sink.done).rejects.toBe(failure);
    expect(source.destroyed).toBe(true);
    await expect(writer.finish(manifestFor(mode, []))).rejects.toBe(failure);
    expect(openFiles()).not.toContain(folder);
  });

  it.each([0, 1, 20, 100])("when it is aborted after %i ms", async (waitMs) => {
    const controller = new AbortController();
    const { folder, sink, writer } = await start(controller.signal);
    const source = endless();
    const writing = codeOf(writer.writeTable(TABLE, source));
    await sleep(waitMs);
    controller.abort();
    expect(await writing).toBe("ABORTED");
    await expect(sink.done).rejects.toMatchObject({ code: "ABORTED" });
    expect(source.destroyed).toBe(true);
    expect(openFiles()).not.toContain(folder);
    // Check that nothing is written any more.
    await rm(folder, { recursive: true });
    await sleep(20);
    await expect(stat(folder)).rejects.toThrow();
  });

  it("when the folder disappears", async () => {
    const { folder, sink, writer } = await start();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    const source = endless();
    expect(await codeOf(writer.writeTable(TABLE, source))).toBe("DUMP_FAILED");
    await expect(sink.done).rejects.toThrow();
    expect(source.destroyed).toBe(true);
  });

  it.each([
    ["whose file the file system has already", "t", "upper and lower case"],
    ["whose name is too long for a file", "ü".repeat(63), "longer than"],
  ])("when there is a table %s", async (_what, name, message) => {
    const { folder, writer } = await start();
    const suffix = mode === "none" ? "json" : "json.zst.age";
    await writer.writeTable({ schema: "s", name: "first" }, Readable.from([Buffer.from("[\n]\n")]));
    await vi.waitFor(() => stat(join(folder, "tables")));
    await writeFile(join(folder, `tables/s.t.${suffix}`), "as `T` where both are the same");
    const source = endless();
    await expect(writer.writeTable({ schema: "s", name }, source)).rejects.toMatchObject({
      code: "DUMP_FAILED",
      message: expect.stringContaining(message),
      hint: expect.stringContaining("compress: true"),
    });
    expect(source.destroyed).toBe(true);
  });

  it("its memory stays bounded", async () => {
    const { writer } = await start();
    let peak = 0;
    const before = process.memoryUsage().rss;
    const watching = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 5);
    const { jsonBytes } = await writer.writeTable(TABLE, manyRows(200e6));
    clearInterval(watching);
    writer.abort(new Error("end of test"));
    expect(jsonBytes).toBeGreaterThan(190e6);
    expect(peak - before).toBeLessThan(150e6);
  });
});
