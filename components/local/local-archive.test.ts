import { readdir, readFile } from "node:fs/promises";
import JSZip from "jszip";
import { describe, expect, it } from "vitest";
import { toArchive } from "./chosen-files.ts";
import { inspectArchive } from "./local-archive.ts";

const manifest = JSON.stringify({
  formatVersion: 1,
  createdAt: "2026-03-01T08:30:00.000Z",
  tool: "prisma-backup-admin 0.1.0",
  database: { name: "shop", serverVersion: "18.4" },
});

async function zipOf(entries: Record<string, string>, comment = ""): Promise<Blob> {
  const zip = new JSZip();
  for (const [name, text] of Object.entries(entries)) zip.file(name, text);
  return new Blob([await zip.generateAsync({ type: "arraybuffer", comment })]);
}

const encrypted = {
  "README.txt": "how to",
  "tables/public.User.json.zst.age": "x",
  "tables/public.Post.json.zst.age": "x",
  "manifest.json.age": "x",
};

describe("a backup", () => {
  it("encrypted with a passphrase carries its own wrapped key", async () => {
    const file = await zipOf({ ...encrypted, "key.age": "x" });
    expect(await inspectArchive(file)).toEqual({
      kind: "backup",
      encryption: "passphrase",
      tables: 2,
      manifest: null,
    });
  });

  it("encrypted for recipients does not", async () => {
    expect(await inspectArchive(await zipOf(encrypted))).toMatchObject({
      kind: "backup",
      encryption: "recipients",
    });
  });

  it("without encryption tells when and from what it was made", async () => {
    const file = await zipOf({ "tables/public.User.json": "[\n]\n", "manifest.json": manifest });
    expect(await inspectArchive(file)).toEqual({
      kind: "backup",
      encryption: "none",
      tables: 1,
      manifest: {
        createdAt: "2026-03-01T08:30:00.000Z",
        tool: "prisma-backup-admin 0.1.0",
        databaseName: "shop",
      },
    });
  });

  it("is still one when the zip has a comment", async () => {
    const file = await zipOf({ "manifest.json": manifest }, "kept for the auditors");
    expect(await inspectArchive(file)).toMatchObject({ kind: "backup" });
  });

  it("above the limit is only looked at from both ends", async () => {
    const file = await zipOf(encrypted);
    expect(await inspectArchive(file, file.size - 1)).toEqual({ kind: "large-zip" });
    const cut = file.slice(0, file.size - 1);
    expect(await inspectArchive(cut, 10)).toMatchObject({ kind: "not-a-backup" });
  });
});

const ROW = '{"id":1,"__table_name":"User","__row_count":1}';
const SECRET_0_4 = '{"encryptedText":"d57f","iv":"{}"}';
const SECRET_0_3 = '{"iv":"00ff","encrypted":"d57f"}';

describe("a backup by the original", () => {
  it.each([
    ["plain", { "User.json": `[${ROW}]`, "Empty.json": "[]" }, 2, false],
    ["without any row", { "User.json": "[]", "Post.json": "[]" }, 2, false],
    ["plain by 0.3.5", { "user.json": '[{"id":1}]' }, 1, false],
    ["encrypted by 0.4.0", { "User.json": SECRET_0_4, "Post.json": SECRET_0_4 }, 2, true],
    ["encrypted by 0.3.5", { "User.json": SECRET_0_3 }, 1, true],
    ["with a table named manifest", { "manifest.json": `[${ROW}]` }, 1, false],
    ["with an encrypted table named manifest", { "manifest.json": SECRET_0_4 }, 1, true],
    ["in a folder", { "nightly/User.json": `[${ROW}]`, "nightly/Post.json": "[]" }, 2, false],
    [
      "beside what does not belong to it",
      {
        "User.json": `[${ROW}]`,
        "older.zip": "PK",
        "package.json": "{}",
        "__MACOSX/._User.json": "x",
        "src/data.json": "[]",
      },
      1,
      false,
    ],
  ])("%s is recognised", async (_what, entries, tables, isEncrypted) => {
    const file = await zipOf(entries as Record<string, string>);
    expect(await inspectArchive(file)).toEqual({ kind: "original", tables, isEncrypted });
  });

  it.each([
    ["zipped/zipped.zip", false],
    ["encrypted-zipped/encrypted-zipped.zip", true],
  ])("that it really wrote is recognised: %s", async (path, isEncrypted) => {
    const fixtures = new URL("../../lib/archive/original/fixtures/", import.meta.url);
    const file = new Blob([await readFile(new URL(path, fixtures))]);
    expect(await inspectArchive(file)).toEqual({ kind: "original", tables: 16, isEncrypted });
  });

  it.each([
    ["0.3.5-plain", false],
    ["0.3.5-encrypted", true],
    ["zipped", false],
  ])(
    "that it really wrote into a folder is packed and recognised: %s",
    async (name, isEncrypted) => {
      const folder = new URL(`../../lib/archive/original/fixtures/${name}/`, import.meta.url);
      const files = (await readdir(folder)).map(async (path) => ({
        path,
        file: new File([await readFile(new URL(path, folder))], path),
      }));
      const archive = await toArchive({ folder: name, files: await Promise.all(files) });
      if ("kind" in archive) throw new Error(archive.message);
      const tables = (await readdir(folder)).filter((path) => path.endsWith(".json")).length;
      expect(await inspectArchive(archive.file)).toEqual({ kind: "original", tables, isEncrypted });
    },
  );

  it("with a table too large to be read here whole", async () => {
    const rows = Array.from({ length: 20_000 }, () => ROW).join(",");
    const file = await zipOf({ "User.json": `[${rows}]` });
    expect(await inspectArchive(file)).toMatchObject({ kind: "original", tables: 1 });
  });

  it.each([
    ["other JSON", { "package.json": '{"name":"app"}', "data.json": '{"a":[1]}' }],
    ["JSON in several folders", { "a/User.json": "[]", "b/User.json": "[]" }],
  ])("is not taken for one: %s", async (_what, entries) => {
    const file = await zipOf(entries as Record<string, string>);
    expect(await inspectArchive(file)).toMatchObject({ kind: "not-a-backup" });
  });
});

describe("what is not a backup", () => {
  const messageOf = async (file: Blob) => {
    const report = await inspectArchive(file);
    return report.kind === "not-a-backup" ? report.message : report.kind;
  };

  it("an empty file", async () => {
    expect(await messageOf(new Blob([]))).toBe("This file is empty.");
  });

  it("a file that is no zip, however short", async () => {
    for (const text of ["P", "PK", "-- PostgreSQL database dump", "\u0089PNG"]) {
      expect(await messageOf(new Blob([text]))).toBe("This is not a backup: it is no zip file.");
    }
  });

  it("a zip with other content, or with nothing in it", async () => {
    const others: Record<string, string>[] = [{ "photos/cat.jpg": "x" }, {}];
    for (const entries of others) {
      expect(await messageOf(await zipOf(entries))).toBe("This is a zip file, but not a backup.");
    }
  });

  it("a manifest.json of something else", async () => {
    for (const text of ["{}", "not JSON", '{"name":"app","version":"1"}', "null"]) {
      expect(await messageOf(await zipOf({ "manifest.json": text }))).toBe(
        "This is a zip file, but not a backup.",
      );
    }
  });

  it("tables without a manifest", async () => {
    expect(await messageOf(await zipOf({ "tables/public.User.json": "[\n]\n" }))).toBe(
      "The backup's manifest is missing. It is written last.",
    );
  });

  it("a zip cut off at any byte", async () => {
    const file = await zipOf({ "manifest.json": manifest }, "comment");
    for (let end = 4; end < file.size; end += 1) {
      expect(await messageOf(file.slice(0, end))).toBe(
        "This zip file is incomplete: its end is missing.",
      );
    }
  });

  it("a zip whose directory is overwritten", async () => {
    const file = await zipOf(encrypted);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const directory = new TextDecoder("latin1").decode(bytes).indexOf("PK\u0001\u0002");
    bytes.fill(0, directory, directory + 8);
    expect(await messageOf(new Blob([bytes]))).toBe("This zip file is damaged.");
  });
});
