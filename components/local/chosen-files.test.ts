import JSZip from "jszip";
import { describe, expect, it } from "vitest";
import { type ArchiveFile, type ChosenFiles, toArchive } from "./chosen-files.ts";
import { inspectArchive } from "./local-archive.ts";

const MODIFIED_AT = Date.UTC(2026, 2, 1);

/** Makes files as a browser provides them. The content is the path unless another is given. */
const chosen = (
  folder: string | null,
  paths: string[],
  contents: Record<string, string> = {},
): ChosenFiles => ({
  folder,
  files: paths.map((path) => ({
    path,
    file: new File([contents[path] ?? path], path.split("/").at(-1) ?? "", {
      lastModified: MODIFIED_AT,
    }),
  })),
});

async function packed(files: ChosenFiles): Promise<ArchiveFile> {
  const archive = await toArchive(files);
  if ("kind" in archive) throw new Error(archive.message);
  return archive;
}

async function refused(files: ChosenFiles, maxBytes?: number) {
  const archive = await toArchive(files, maxBytes);
  if (!("kind" in archive)) throw new Error(`packed as ${archive.file.name}`);
  return archive;
}

async function contentOf({ file }: ArchiveFile): Promise<Record<string, string>> {
  const zip = await JSZip.loadAsync(await file.arrayBuffer());
  const entries = Object.values(zip.files).map(
    async (entry) => [entry.name, await entry.async("string")] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

const OURS = ["manifest.json", "README.txt", "tables/public.User.json"];

describe("one file", () => {
  it("is taken as it is, whatever it is", async () => {
    for (const name of ["shop.zip", "notes.txt"]) {
      const files = chosen(null, [name]);
      expect(await toArchive(files)).toEqual({ file: files.files[0]?.file, packed: null });
    }
  });

  it("of a backup's folder is not the backup", async () => {
    for (const name of ["User.json", "key.age"]) {
      const { message, hint } = await refused(chosen(null, [name]));
      expect(message).toContain("one file of a backup");
      expect(hint).toContain("Drop the whole folder");
    }
  });
});

describe("a folder", () => {
  it.each([
    ["of the original", "nightly", ["User.json", "_CategoryToPost.json"]],
    ["of ours", "shop-2026", OURS],
    ["of ours, encrypted", "shop", ["key.age", "manifest.json.age", "tables/a.b.json.zst.age"]],
  ])("%s is packed, with names relative to it", async (_what, folder, paths) => {
    const archive = await packed(chosen(folder, paths));
    expect(archive.file.name).toBe(`${folder}.zip`);
    expect(archive.packed).toEqual({ folder, files: paths.length, leftOut: 0 });
    expect(await contentOf(archive)).toEqual(Object.fromEntries(paths.map((it) => [it, it])));
  });

  it("gives the same bytes in any order, so that its upload can go on", async () => {
    const one = await packed(chosen("shop", OURS));
    const other = await packed(chosen("shop", OURS.toReversed()));
    expect(await other.file.bytes()).toEqual(await one.file.bytes());
    expect(one.file.lastModified).toBe(MODIFIED_AT);
  });

  it("may be wrapped in others", async () => {
    const archive = await packed(chosen(".db_backups", ["2026/shop/A.json", "2026/shop/B.json"]));
    expect(archive.file.name).toBe("shop.zip");
    expect(Object.keys(await contentOf(archive))).toEqual(["A.json", "B.json"]);
  });

  it("is freed from what does not belong to it", async () => {
    const others = [".DS_Store", "tables/.DS_Store", "old.zip", "photo.jpg", "src/index.ts"];
    const archive = await packed(chosen("shop", [...OURS, ...others]));
    expect(Object.keys(await contentOf(archive)).sort()).toEqual(OURS.toSorted());
    // Files of the operating system are not mentioned.
    expect(archive.packed).toMatchObject({ files: 3, leftOut: 3 });
  });

  it("that holds one zip file, is that zip file", async () => {
    const files = chosen("backups", ["shop.zip", ".DS_Store"]);
    expect(await toArchive(files)).toEqual({ file: files.files[0]?.file, packed: null });
  });

  it.each([
    ["several zips", ["a.zip", "b.zip"], "several files or folders"],
    ["several backups", ["a/manifest.json", "b/manifest.json"], "several files or folders"],
    ["nothing", [], "There is no backup"],
    ["other files", ["photo.jpg", "cat.jpg"], "There is no backup"],
  ])("with %s is refused", async (_what, paths, message) => {
    expect((await refused(chosen("folder", paths))).message).toContain(message);
  });

  it("too large to be packed is refused, saying what to do", async () => {
    const { message, hint } = await refused(chosen("shop", ["A.json"], { "A.json": "0123456" }), 6);
    expect(message).toContain("too large for the browser to pack");
    expect(hint).toContain("terminal");
  });
});

describe("several files at once", () => {
  it("are a folder", async () => {
    const archive = await packed(chosen(null, ["A.json", "B.json"]));
    expect(archive.file.name).toBe("backup.zip");
    expect(archive.packed).toEqual({ folder: null, files: 2, leftOut: 0 });
    expect((await packed(chosen(null, OURS))).packed).toMatchObject({ files: 3 });
  });

  it("that are several backups are refused", async () => {
    expect((await refused(chosen(null, ["a.zip", "b.zip"]))).message).toBe(
      "These are several files.",
    );
  });
});

it("what is packed is recognised as what it is", async () => {
  const original = await packed(
    chosen("nightly", ["Größe.json", "Empty.json", "older.zip"], {
      "Größe.json": '[{"id":1,"__table_name":"Größe","__row_count":1}]',
      "Empty.json": "[]",
    }),
  );
  expect(await inspectArchive(original.file)).toEqual({
    kind: "original",
    tables: 2,
    isEncrypted: false,
  });
});
