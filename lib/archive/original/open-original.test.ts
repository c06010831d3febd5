import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { BackupError } from "../../errors.ts";
import { batchRows } from "../../postgres/copy/load-rows.ts";
import { looksOriginal } from "../../shared/archive/original-files.ts";
import { codeOf } from "../../testing/archives.ts";
import { pack } from "../../testing/forge-zip.ts";
import { fixture, folderOf, opened, PASSWORD, tableFile } from "../../testing/original-backups.ts";

const SECRET = "S3CRET-value";
const USERS = tableFile("User", [
  { id: 1, name: SECRET },
  { id: 2, name: '[}"\\' },
]);

/** Returns the error, which must be a BackupError and must not contain any of the rows' content. */
async function errorOf(promise: Promise<unknown>): Promise<BackupError> {
  const error = await promise.then(
    () => new Error("there was none"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BackupError)) throw error;
  expect(JSON.stringify({ ...error, message: error.message })).not.toContain(SECRET);
  return error;
}

async function namesIn(path: string, unlock = {}): Promise<Record<string, number>> {
  await using archive = await opened(path, unlock);
  expect(archive.isOriginal).toBe(true);
  return Object.fromEntries(archive.manifest.tables.map(({ name, rows }) => [name, rows]));
}

const ALL = {
  A: 2,
  B: 2,
  Blob: 2,
  Category: 2,
  Doc: 3,
  Employee: 5,
  Empty: 0,
  Measure: 3,
  Membership: 2,
  Misc: 2,
  Page: 25,
  Post: 3,
  User: 3,
  _CategoryToPost: 3,
  _prisma_migrations: 1,
  products: 2,
};

test.for([
  ["plain", {}],
  ["zipped/zipped.zip", {}],
  ["encrypted", PASSWORD],
  ["encrypted-zipped/encrypted-zipped.zip", PASSWORD],
] as const)("tables and rows of %s", async ([path, unlock]) => {
  expect(await namesIn(fixture(path), unlock)).toEqual(ALL);
  await using archive = await opened(fixture(path), unlock);
  expect(archive.manifest).toMatchObject({
    createdAt: null,
    tool: "@vorlefan/prisma-backup",
    encryption: path.includes("encrypted") ? "passphrase" : "none",
    migrations: [{ name: "20240101000000_init", finishedAt: "2024-01-01T00:00:00.500Z" }],
  });
  for (const table of archive.manifest.tables) {
    let rows = 0;
    for await (const batch of batchRows(archive.readTable(table))) rows += batch.rows;
    expect(rows).toBe(table.rows);
    // The file's own rows, regardless of the database.
    const json = await text(archive.readTable(table));
    expect(Buffer.byteLength(json)).toBe(table.jsonBytes);
    if (path === "plain") {
      const file = await readFile(join(fixture(path), table.entry), "utf8");
      expect(JSON.parse(json)).toEqual(JSON.parse(file));
    }
  }
});

describe("what is in a backup's folder or zip, too", () => {
  const foreign = {
    "notes.txt": "hello",
    "package.json": '{"name": "shop"}',
    "old.zip": Buffer.from("PK"),
    ".env.json": "no JSON at all",
    "Thumbs.db": "x",
  };

  test("is ignored with a note", async () => {
    const folder = await folderOf({ "User.json": USERS, "Empty.json": "[]", ...foreign });
    await using archive = await opened(folder);
    expect(archive.manifest.tables.map(({ name }) => name).sort()).toEqual(["Empty", "User"]);
    const note = archive.manifest.warnings.find(({ code }) => code === "ORIGINAL_FILES_IGNORED");
    for (const name of ["notes.txt", "package.json", "old.zip", "Thumbs.db"]) {
      if (name !== "Thumbs.db" && !note?.message.includes("more")) {
        expect(note?.message).toContain(`"${name}"`);
      }
    }
    expect(note?.message).toMatch(
      /^Files that are not tables of the backup are ignored: "[^"]+", "[^"]+", "[^"]+" and 1 more\.$/,
    );
  });

  test("a folder packed whole, by a Mac", async () => {
    const folder = await folderOf({
      "backup.zip": pack(
        Object.entries({
          "my backup/User.json": USERS,
          "my backup/.DS_Store": "x",
          "__MACOSX/my backup/._User.json": "x",
        }).map(([name, content]) => ({ name, content: Buffer.from(content), deflate: true })),
      ),
    });
    expect(await namesIn(join(folder, "backup.zip"))).toEqual({ User: 2 });
  });

  test("alone is no backup", async () => {
    expect(await codeOf(opened(await folderOf(foreign)))).toBe("ARCHIVE_INVALID");
    const source = (names: string[]) => ({
      kind: "folder" as const,
      sizeBytes: 0,
      entries: new Map(names.map((name) => [name, { name, sizeBytes: 2 }])),
      others: [],
      async *read() {
        yield Buffer.from("{}");
      },
      readHead: async () => "{}",
      readBytes: async () => Buffer.from("{}"),
      close: async () => {},
    });
    expect(await looksOriginal(source(["package.json"]))).toBe(false);
  });
});

test("a table that is named manifest", async () => {
  const plain = { "manifest.json": tableFile("manifest", [{ id: 1 }]), "User.json": USERS };
  expect(await namesIn(await folderOf(plain))).toEqual({ manifest: 1, User: 2 });
  const encrypted = await readFile(join(fixture("encrypted"), "User.json"));
  const folder = await folderOf({ "manifest.json": encrypted });
  expect(await namesIn(folder, PASSWORD)).toEqual({ User: 3 });
});

test("formatted, with a byte order mark and Windows' line ends", async () => {
  const formatted = JSON.stringify(JSON.parse(USERS), null, 2).replaceAll("\n", "\r\n");
  await using archive = await opened(await folderOf({ "User.json": `\ufeff${formatted}\r\n` }));
  const [table] = archive.manifest.tables;
  if (!table) throw new Error("no table");
  const json = await text(archive.readTable(table));
  expect(JSON.parse(json)).toEqual(JSON.parse(USERS));
  expect(json.split("\n")).toHaveLength(4);
});

describe("damage is found, and never taken for somebody else's file", () => {
  test("a file that was cut off anywhere", async () => {
    for (let end = 0; end < USERS.length; end += 7) {
      const folder = await folderOf({ "User.json": USERS.slice(0, end), "Empty.json": "[]" });
      const error = await errorOf(opened(folder));
      expect(error.code).toBe("ARCHIVE_TRUNCATED");
      expect(error.message).toContain('"User.json"');
    }
  });

  test("an encrypted file that was cut off anywhere", async () => {
    const whole = await readFile(join(fixture("encrypted"), "User.json"));
    for (let end = 0; end < whole.length; end += 170) {
      const folder = await folderOf({
        "User.json": whole.subarray(0, end),
        "A.json": await readFile(join(fixture("encrypted"), "A.json")),
      });
      const error = await errorOf(opened(folder, PASSWORD));
      expect(error.code).toMatch(/^ARCHIVE_(TRUNCATED|INVALID)$/);
      expect(error.message).toContain('"User.json"');
    }
  });

  test.for([
    ["no JSON", '[{"id":1,}]', "ARCHIVE_INVALID"],
    ["not UTF-8", Buffer.from('[{"id":"\xff"}]', "latin1"), "ARCHIVE_INVALID"],
    ["only spaces", " \n", "ARCHIVE_TRUNCATED"],
    ["an object that is cut off", '{"id":1', "ARCHIVE_INVALID"],
    ["rows that are no objects", "[1,2]", "ARCHIVE_INVALID"],
    ["too deep", `[{"a":${'{"a":'.repeat(100_000)}1${"}".repeat(100_001)}]`, "ARCHIVE_INVALID"],
    [
      "rows of two tables",
      JSON.stringify([
        { id: 1, __table_name: "User" },
        { id: 2, __table_name: "Post" },
      ]),
      "ARCHIVE_INVALID",
    ],
    [
      "a row without the table's name",
      JSON.stringify([{ id: 1, __table_name: "User" }, { id: 2 }]),
      "ARCHIVE_INVALID",
    ],
    [
      "a row without a column",
      JSON.stringify([{ id: 1, __table_name: "User" }, { __table_name: "User" }]),
      "ARCHIVE_INVALID",
    ],
  ] as const)("%s", async ([, content, code]) => {
    const folder = await folderOf({ "Broken.json": content, "User.json": USERS });
    const error = await errorOf(opened(folder));
    expect(error.code).toBe(code);
    expect(error.message).toContain('"Broken.json"');
  });

  test("two files of one table are named", async () => {
    const error = await errorOf(opened(await folderOf({ "User.json": USERS, "Copy.json": USERS })));
    expect(error.code).toBe("ARCHIVE_INVALID");
    expect(error.message).toMatch(/"Copy.json", "User.json"|"User.json", "Copy.json"/);
  });

  test("a damaged zip", async () => {
    const zip = await readFile(fixture("zipped/zipped.zip"));
    // In the middle of the largest entry's compressed bytes.
    const at = zip.indexOf("Page.json") + 100;
    zip[at] = (zip[at] ?? 0) ^ 0xff;
    const folder = await folderOf({ "backup.zip": zip });
    expect((await errorOf(opened(join(folder, "backup.zip")))).code).toMatch(/^ARCHIVE_/);
  });

  test("a file that has changed since it was read", async () => {
    const folder = await folderOf({ "User.json": USERS });
    await using archive = await opened(folder);
    const [table] = archive.manifest.tables;
    if (!table) throw new Error("no table");
    await writeFile(join(folder, "User.json"), USERS.replace(SECRET, SECRET.toLowerCase()));
    expect(await codeOf(text(archive.readTable(table)))).toBe("DIGEST_MISMATCH");
  });
});

describe("passwords", () => {
  test.for([
    ["none", {}],
    ["empty", { passphrase: "" }],
    ["wrong", { passphrase: "a-very-strong-passwore" }],
    ["an identity instead", { identity: "AGE-SECRET-KEY-1" }],
  ] as const)("%s", async ([, unlock]) => {
    expect(await codeOf(opened(fixture("encrypted"), unlock))).toBe("WRONG_PASSPHRASE");
  });

  test("many wrong ones: also where a table is empty", async () => {
    const folder = await folderOf({
      "Empty.json": await readFile(join(fixture("encrypted"), "Empty.json")),
    });
    expect(await namesIn(folder, PASSWORD)).toEqual({ Empty: 0 });
    for (let attempt = 0; attempt < 8; attempt++) {
      const wrong = { passphrase: `wrong ${attempt}` };
      expect(await codeOf(opened(folder, wrong))).toBe("WRONG_PASSPHRASE");
    }
  });

  test("the damaged ones of several files are named", async () => {
    const files: Record<string, Buffer> = {};
    for (const name of await readdir(fixture("encrypted"))) {
      files[name] = await readFile(join(fixture("encrypted"), name));
    }
    for (const name of ["User.json", "Page.json"]) files[name] = altered(files[name], 0);
    const error = await errorOf(opened(await folderOf(files), PASSWORD));
    expect(error.code).toBe("ARCHIVE_INVALID");
    expect(error.details?.entries).toEqual(["Page.json", "User.json"]);
  });

  test("an altered byte is either no JSON any more, or cannot be told: never a failure of ours", async () => {
    const whole = await readFile(join(fixture("encrypted"), "User.json"));
    const outcomes = new Set<string>();
    for (const at of [0, 1, 2, 5, 10, 31, 37, 60, 80, 130, 210, 300]) {
      const folder = await folderOf({ "User.json": altered(whole, at) });
      outcomes.add(await codeOf(opened(folder, PASSWORD).then((archive) => archive.close())));
    }
    expect([...outcomes].sort()).toEqual([
      "ARCHIVE_INVALID",
      ...(outcomes.has("ARCHIVE_TRUNCATED") ? ["ARCHIVE_TRUNCATED"] : []),
      "WRONG_PASSPHRASE",
      "no error",
    ]);
  });

  test("plain and encrypted files in one folder open, and it is said", async () => {
    const folder = await folderOf({
      "A.json": await readFile(join(fixture("encrypted"), "A.json")),
      "User.json": USERS,
    });
    expect(await codeOf(opened(folder))).toBe("WRONG_PASSPHRASE");
    await using archive = await opened(folder, PASSWORD);
    expect(archive.manifest.warnings.map(({ code }) => code)).toContain(
      "ORIGINAL_PARTLY_ENCRYPTED",
    );
  });

  /** Changes a hexadecimal digit of the encrypted text, `at` characters from its beginning. */
  function altered(file: Buffer | undefined, at: number): Buffer {
    const changed = Buffer.from(file ?? "");
    const position = changed.indexOf('":"') + 3 + at;
    changed[position] = changed[position] === 0x30 ? 0x31 : 0x30;
    return changed;
  }
});

test("an archive that is closed stops being read", async () => {
  const archive = await opened(fixture("plain"));
  const [table] = archive.manifest.tables;
  if (!table) throw new Error("no table");
  await archive.close();
  await archive.close();
  expect(await codeOf(text(archive.readTable(table)))).toBe("ABORTED");
});
