/**
 * Which files and folders are recognised as backups, and of which kind, regardless of their place and of the tool that
 * packed them.
 */
import { cp, mkdir, readFile, rename, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  codeOf,
  readWhole,
  shell,
  TABLES,
  temporaryFolder,
  writeArchive,
  writeFolder,
} from "../testing/archives.ts";
import { pack, unpack } from "../testing/forge-zip.ts";
import { requireTool } from "../testing/oracles.ts";
import { openArchive } from "./archive-reader.ts";
import { findBackups, isBackup } from "./find-backups.ts";
import { openEntrySource } from "./open-entry-source.ts";

const NONE = { mode: "none" } as const;

/** Writes a folder like the original's, in which a table has the name of our manifest. */
async function writeOriginal(folder: string, manifest = '[{"id":1,"__table_name":"manifest"}]') {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "User.json"), "[]");
  await writeFile(join(folder, "manifest.json"), manifest);
}

describe.each(["b", "."])("a folder of ours that another tool packed, from %s", (what) => {
  const tools: Array<[string, string, string]> = [
    ["zip", "zip", "zip -qr"],
    ["zip, without folders", "zip", "zip -qrD"],
    ["zip, streamed", "zip", "zip -qr -fd"],
    ["zip, stored", "zip", "zip -qr0"],
    ["jar", "jar", "jar cMf"],
    ["Python", "python3", "python3 -m zipfile -c"],
  ];
  it.each(tools.filter(([, tool]) => requireTool(tool)))(
    "opens: %s",
    async (_what, _tool, command) => {
      const home = await temporaryFolder();
      await writeFolder(join(home, "b"), NONE);
      await shell(
        what === "b"
          ? `${command} a.zip b`
          : `cd b && ${command} ../a.zip ${command.includes("python3") ? "*" : "."}`,
        home,
      );
      expect(await readWhole(join(home, "a.zip"), {})).toEqual(TABLES);
    },
  );
});

describe("a zip with the traces of its tool opens", () => {
  const folder = (name: string, mode: number) => ({ name, content: Buffer.alloc(0), mode });
  it.each([
    ["folders", [folder("tables/", 0o040755)]],
    ["folders of an unknown type", [folder("tables/", 0)]],
    [
      "what macOS adds",
      [
        { name: "__MACOSX/._README.txt", content: Buffer.from("x") },
        { name: "__MACOSX/tables/._public.User.json", content: Buffer.from("x") },
        { name: ".DS_Store", content: Buffer.from("x") },
      ],
    ],
  ])("%s", async (_what, more) => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, NONE);
    await writeFile(path, pack([...more, ...(await unpack(path))]));
    expect(await readWhole(path, {})).toEqual(TABLES);
  });

  it.each([
    ["a folder with content", { name: "tables/", content: Buffer.from("x"), mode: 0o040755 }],
    ["a link to a folder", { name: "more/", content: Buffer.alloc(0), mode: 0o120777 }],
    ["a file named as a folder", { name: "more/", content: Buffer.alloc(0), mode: 0o100600 }],
    [
      "a file above",
      { name: "../x/tables/public.User.json", content: Buffer.from("x"), mode: 0o100600 },
    ],
  ])("but not %s", async (_what, entry) => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, NONE);
    await writeFile(path, pack([...(await unpack(path)), entry]));
    expect(await codeOf(openArchive(path))).toBe("ARCHIVE_INVALID");
  });

  it("folders separated as old tools on Windows do", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, NONE);
    const files = (await unpack(path)).filter(({ name }) => !name.endsWith("/"));
    const zip = pack(files.map((it) => ({ ...it, name: `b\\${it.name.replaceAll("/", "\\")}` })));
    const onUnix = Buffer.from("PK\x01\x02\x3f\x03", "latin1");
    for (let at = zip.indexOf(onUnix); at >= 0; at = zip.indexOf(onUnix, at + 1)) zip[at + 5] = 0;
    await writeFile(path, zip);
    expect(await readWhole(path, {})).toEqual(TABLES);
  });

  it("names in UTF-8 that is not marked as such, as on macOS", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    const flags = { flags: 0 };
    await writeFile(
      path,
      pack([{ name: "Größe.json", content: Buffer.from("[]"), central: flags, local: flags }]),
    );
    const source = await openEntrySource(path);
    expect([...source.entries.keys()]).toEqual(["Größe.json"]);
    await source.close();
  });

  it("but not two backups in one", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, NONE);
    const entries = await unpack(path);
    const below = (folder: string) =>
      entries.map((it) => ({ ...it, name: `${folder}/${it.name}` }));
    await writeFile(path, pack([...below("x"), ...below("y")]));
    expect(await codeOf(openArchive(path))).toBe("ARCHIVE_INVALID");
    await writeFile(path, pack(below("home/me/x")));
    expect(await readWhole(path, {})).toEqual(TABLES);
  });
});

describe("whose it is", () => {
  it("is told from the content where the original has a table named manifest", async () => {
    const home = await temporaryFolder();
    await writeOriginal(join(home, "o"));
    await using original = await openArchive(join(home, "o"));
    expect(original.isOriginal).toBe(true);
    await writeOriginal(join(home, "e"), '{"encryptedText":"00","iv":"{}"}');
    await using encrypted = await openArchive(join(home, "e"));
    expect(encrypted.isOriginal).toBe(true);
  });

  it("is ours, though there is no table in it", async () => {
    const home = await temporaryFolder();
    await writeFolder(join(home, "b"), NONE, {});
    await using archive = await openArchive(join(home, "b"));
    expect(archive.isOriginal).toBe(false);
    expect(await readWhole(join(home, "b"), {})).toEqual({});
  });

  it("is not guessed where the original's files lie beside newer backups", async () => {
    const home = await temporaryFolder();
    await writeOriginal(home);
    await writeArchive(join(home, "new.zip"), NONE);
    await expect(openArchive(home)).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      hint: expect.stringContaining("new.zip"),
    });
  });

  it("is the original's, though its own zip lies in it", async () => {
    const home = await temporaryFolder();
    await writeOriginal(home);
    const files = ["User.json", "manifest.json"].map(async (name) => ({
      name,
      content: await readFile(join(home, name)),
    }));
    await writeFile(join(home, "nested.zip"), pack(await Promise.all(files)));
    await using archive = await openArchive(home);
    expect(archive.isOriginal).toBe(true);
  });
});

describe("below a folder", () => {
  it("all backups are found, and nothing else", async () => {
    const home = await temporaryFolder();
    await writeArchive(join(home, "b.zip"), NONE);
    await writeFolder(join(home, "a"), NONE);
    await writeOriginal(join(home, "original"));
    await cp(join(home, "b.zip"), join(home, "damaged.zip"));
    await truncate(join(home, "damaged.zip"), 1000);

    await cp(join(home, "a"), join(home, "c.partial"), { recursive: true });
    await cp(join(home, "b.zip"), join(home, "d.zip.partial"));
    await symlink(join(home, "a"), join(home, "latest"));
    await symlink(join(home, "b.zip"), join(home, "latest.zip"));
    await writeFile(join(home, "photos.zip"), pack([{ name: "x.jpg", content: Buffer.from("x") }]));
    await writeFile(join(home, "notes.txt"), "x");
    await mkdir(join(home, "empty"));
    await cp(join(home, "a"), join(home, ".hidden"), { recursive: true });

    expect(await findBackups(home)).toEqual(["a", "b.zip", "damaged.zip", "original"]);
    expect(await isBackup(home)).toBe(false);
    expect(await isBackup(join(home, "a"))).toBe(true);
    await expect(openArchive(home)).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      message: expect.stringContaining("holds 4 backups"),
      details: { backups: ["a", "b.zip", "damaged.zip", "original"] },
    });
  });

  it("one that was never finished is said to be that", async () => {
    const home = await temporaryFolder();
    const folder = join(home, "a.partial");
    await writeFolder(folder, NONE);
    await rename(join(folder, "manifest.json"), join(home, "gone"));
    expect(await findBackups(home)).toEqual([]);
    await expect(openArchive(folder)).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      hint: expect.stringContaining("never finished"),
    });
  });

  it("one table's file is not a backup", async () => {
    const home = await temporaryFolder();
    await writeOriginal(home);
    await expect(openArchive(join(home, "User.json"))).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      hint: expect.stringContaining("folder"),
    });
  });
});
