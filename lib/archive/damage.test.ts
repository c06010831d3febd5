/** All damage is found before it can reach a database, and is reported with the right code. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, it } from "vitest";
import {
  cheapPassphraseKey,
  codeOf,
  overwrite,
  PASSPHRASE,
  readWhole,
  TABLES,
  temporaryFolder,
  writeArchive,
} from "../testing/archives.ts";
import { type ForgedEntry, pack, unpack } from "../testing/forge-zip.ts";
import { openArchive } from "./archive-reader.ts";
import { type ArchiveKey, createArchiveKey } from "./encryption.ts";

const NONE: ArchiveKey = { mode: "none" };
let identity: string;
let key: ArchiveKey;
beforeAll(async () => {
  identity = await generateX25519Identity();
  key = await createArchiveKey({
    mode: "recipients",
    recipients: [await identityToRecipient(identity)],
  });
});

/** Changes an archive's entries and packs them again. Returns the new path. */
async function forge(
  key: ArchiveKey,
  change: (entries: ForgedEntry[]) => ForgedEntry[],
  tables = TABLES,
): Promise<string> {
  const path = join(await temporaryFolder(), "a.zip");
  await writeArchive(path, key, tables);
  await writeFile(path, pack(change(await unpack(path))));
  return path;
}

async function file(content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), "a.zip");
  await writeFile(path, content);
  return path;
}

const read = (path: string) => codeOf(readWhole(path, { identity }));
const isTable = (entry: ForgedEntry) => entry.name.startsWith("tables/");
const isManifest = (entry: ForgedEntry) => entry.name.startsWith("manifest");
const edit = (which: string, change: Partial<ForgedEntry>) => (entries: ForgedEntry[]) =>
  entries.map((entry) => (entry.name.includes(which) ? { ...entry, ...change } : entry));

describe("a file that is no backup is ARCHIVE_INVALID", () => {
  it.each([
    ["an empty file", ""],
    ["a text", "CREATE TABLE x ();\n"],
    ["a gzip", Buffer.from("1f8b08000000000000030300000000000000000000", "hex")],
    ["a zip of something else", pack([{ name: "photo.jpg", content: Buffer.from("x") }])],
    ["a zip without entries", pack([])],
  ])("%s", async (_what, content) => {
    const path = await file(content);
    await expect(openArchive(path)).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      message: expect.stringContaining("Nothing was changed"),
      hint: expect.stringContaining("zip"),
    });
  });
});

it("cut off anywhere, it is ARCHIVE_TRUNCATED", async () => {
  const path = join(await temporaryFolder(), "a.zip");
  await writeArchive(path, key);
  const whole = await readFile(path);
  for (let length = 4; length < whole.length; length += 49_999) {
    expect(await read(await file(whole.subarray(0, length)))).toBe("ARCHIVE_TRUNCATED");
  }
  expect(await read(await file(whole.subarray(0, -1)))).toBe("ARCHIVE_TRUNCATED");
  expect(await read(await file(Buffer.concat([whole, Buffer.from("\n")])))).toBe("ARCHIVE_INVALID");
  const middleMissing = [whole.subarray(0, 5000), whole.subarray(5010)];
  expect(await read(await file(Buffer.concat(middleMissing)))).toBe("ARCHIVE_TRUNCATED");
});

it.each(["none", "recipients"] as const)(
  "with any byte changed, in mode %s, it fails or is still what was backed up",
  async (mode) => {
    const tables = { User: TABLES.User ?? "", empty: TABLES.empty ?? "" };
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, mode === "none" ? NONE : key, tables);
    const whole = await readFile(path);
    const codes = new Map<string, number>();
    for (let position = 0; position < whole.length; position += 11) {
      const damaged = Buffer.from(whole);
      damaged[position] = (damaged[position] ?? 0) ^ (1 << (position % 8));
      overwrite(path, damaged);
      let result = "unharmed";
      const code = await codeOf(
        readWhole(path, { identity }).then((found) => expect(found).toEqual(tables)),
      );
      if (code !== "no error") result = code;
      codes.set(result, (codes.get(result) ?? 0) + 1);
    }
    for (const code of codes.keys()) {
      expect([
        "unharmed", // times, file modes
        "ARCHIVE_INVALID",
        "ARCHIVE_TRUNCATED",
        "DIGEST_MISMATCH",
        "FORMAT_UNSUPPORTED",
        "NO_MATCHING_IDENTITY",
      ]).toContain(code);
    }
    expect(codes.get("ARCHIVE_INVALID")).toBeGreaterThan(5);
    expect(codes.get("DIGEST_MISMATCH")).toBeGreaterThan(0);
  },
);

describe("its entries", () => {
  it("dropped: ARCHIVE_INVALID", async () => {
    for (const name of ["public.User", "public.empty", "manifest"]) {
      const path = await forge(key, (entries) => entries.filter((e) => !e.name.includes(name)));
      expect(await read(path)).toBe("ARCHIVE_INVALID");
    }
  });

  it("repeated: ARCHIVE_INVALID", async () => {
    for (const which of [isTable, isManifest]) {
      const path = await forge(key, (entries) => [
        ...entries,
        ...entries.filter(which).slice(0, 1),
      ]);
      expect(await read(path)).toBe("ARCHIVE_INVALID");
    }
  });

  it("added: ARCHIVE_INVALID", async () => {
    for (const name of [
      "tables/public.extra.json.zst.age",
      "tables/public.extra.json",
      "manifest.json",
      "run-me.exe",
      "/etc/passwd",
      "../../etc/passwd",
      "tables/../../evil.json.zst.age",
      "tables\\public.x.json.zst.age",
      "C:\\evil",
      "tables/",
      "",
    ]) {
      const path = await forge(key, (entries) => [...entries, { name, content: Buffer.from("x") }]);
      expect([name, await read(path)]).toEqual([name, "ARCHIVE_INVALID"]);
    }
  });

  it("exchanged: DIGEST_MISMATCH", async () => {
    const tables = { a: '[{"id":1}\n]\n', b: '[{"id":2}\n]\n' };
    const swap = (entries: ForgedEntry[]) =>
      entries.map((entry) => ({
        ...entry,
        name: entry.name.replace(
          /public\.(a|b)/,
          (_, name) => `public.${name === "a" ? "b" : "a"}`,
        ),
      }));
    expect(await read(await forge(key, swap, tables))).toBe("DIGEST_MISMATCH");
    expect(await read(await forge(NONE, swap, tables))).toBe("DIGEST_MISMATCH");
  });

  it("taken from another archive of the same database: DIGEST_MISMATCH", async () => {
    const older = await unpack(await forge(key, (entries) => entries, { a: '[{"id":1}\n]\n' }));
    const replacement = older.find(isTable);
    if (!replacement) throw new Error("no table");
    const path = await forge(key, edit("tables/", replacement), { a: '[{"id":2}\n]\n' });
    expect(await read(path)).toBe("DIGEST_MISMATCH");
  });

  it.each<[string, Partial<ForgedEntry>]>([
    ["a symbolic link", { mode: 0o120777 }],
    ["a device", { mode: 0o060600 }],
    ["encrypted by the zip", { central: { flags: 1 }, local: { flags: 1 } }],
    ["packed by an unknown method", { central: { method: 12 }, local: { method: 12 } }],
    [
      "with another name beside the content",
      { local: { name: "tables/public.Evil.json.zst.age" } },
    ],
    ["with other flags beside the content", { local: { flags: 0 } }],
    ["with another size beside the content", { local: { sizeBytes: 1 } }],
    ["with another checksum beside the content", { local: { crc32: 1 } }],
    ["larger than the file", { central: { compressedBytes: 1e9, sizeBytes: 1e9 } }],
    ["with a data descriptor that is none", { central: { flags: 8 }, local: { flags: 8 } }],
    ["inside another", { offset: 0 }],
  ])("%s: ARCHIVE_INVALID", async (_what, change) => {
    expect(await read(await forge(key, edit("public.User", change)))).toBe("ARCHIVE_INVALID");
  });

  it("overlapping, as in a bomb: ARCHIVE_INVALID", async () => {
    const path = await forge(key, (entries) => {
      const [table] = entries.filter(isTable);
      if (!table) throw new Error("no table");
      const at = entries
        .slice(0, entries.indexOf(table))
        .reduce((sum, { name, content }) => sum + 30 + name.length + content.length, 0);
      return [...entries, { ...table, offset: at, name: table.name }];
    });
    expect(await read(path)).toBe("ARCHIVE_INVALID");
  });

  it("claimed to be very many: ARCHIVE_INVALID, at once", async () => {
    const path = await file(pack([{ name: "README.txt", content: Buffer.from("x") }], 60_000));
    await expect(openArchive(path)).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      message: expect.stringContaining("60000"),
    });
  });
});

describe("a passphrase archive", () => {
  it("with a damaged key is not called a wrong passphrase", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, await cheapPassphraseKey());
    const whole = await readFile(path);
    const at = whole.indexOf("-> scrypt") + 50;
    whole[at] = (whole[at] ?? 0) ^ 1;
    await writeFile(path, whole);
    expect(await codeOf(readWhole(path, { passphrase: PASSPHRASE }))).toBe("ARCHIVE_INVALID");
  });

  it("with the key of another archive is ARCHIVE_INVALID", async () => {
    const other = await cheapPassphraseKey();
    const content = Buffer.from(other.keyFile, "base64");
    const path = await forge(await cheapPassphraseKey(), edit("key.age", { content }));
    expect(await codeOf(readWhole(path, { passphrase: PASSPHRASE }))).toBe("ARCHIVE_INVALID");
  });
});
