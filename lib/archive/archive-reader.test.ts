import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { beforeAll, describe, expect, it } from "vitest";
import {
  CREATED_AT,
  cheapPassphraseKey,
  codeOf,
  manifestFor,
  manyRows,
  PASSPHRASE,
  type PassphraseKey,
  readWhole,
  TABLES,
  temporaryFolder,
  writeArchive,
} from "../testing/archives.ts";
import { pack, unpack } from "../testing/forge-zip.ts";
import { openArchive } from "./archive-reader.ts";
import { createArchiveWriter } from "./archive-writer.ts";
import { type ArchiveKey, createArchiveKey, unlockKeyFile } from "./encryption.ts";

let passphraseKey: PassphraseKey;
let identity: string;
let recipientsKey: ArchiveKey;
beforeAll(async () => {
  passphraseKey = await cheapPassphraseKey();
  identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  recipientsKey = await createArchiveKey({ mode: "recipients", recipients });
});

describe("an archive opens again", () => {
  it("by passphrase", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, passphraseKey);
    expect(await readWhole(path, { passphrase: PASSPHRASE })).toEqual(TABLES);
    await using archive = await openArchive(path);
    expect(archive.encryption).toBe("passphrase");
    expect(await codeOf(archive.unlock({}))).toBe("WRONG_PASSPHRASE");
    expect(await codeOf(archive.unlock({ passphrase: "wrong" }))).toBe("WRONG_PASSPHRASE");
    expect(await codeOf(archive.unlock({ identity }))).toBe("NO_MATCHING_IDENTITY");
  });

  it("by the identity in its key file, once somebody opened that by hand", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, passphraseKey);
    const keyFile = Buffer.from(passphraseKey.keyFile, "base64");
    const own = await unlockKeyFile(keyFile, PASSPHRASE);
    expect(await readWhole(path, { identity: own })).toEqual(TABLES);
  });

  it("by identity", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, recipientsKey);
    expect(await readWhole(path, { identity: `# mine\n${identity}\n` })).toEqual(TABLES);
    await using archive = await openArchive(path);
    expect(archive.encryption).toBe("recipients");
    const other = await generateX25519Identity();
    expect(await codeOf(archive.unlock({ identity: other }))).toBe("NO_MATCHING_IDENTITY");
    expect(await codeOf(archive.unlock({ identity: "hello" }))).toBe("NO_MATCHING_IDENTITY");
    expect(await codeOf(archive.unlock({ passphrase: PASSPHRASE }))).toBe("NO_MATCHING_IDENTITY");
    await archive.unlock({ identity });
    expect(archive.manifest.tables).toHaveLength(4);
  });

  it("as it is, where it is not encrypted", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, { mode: "none" });
    expect(await readWhole(path, {})).toEqual(TABLES);
  });

  it("after another zip tool packed it again", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, recipientsKey);
    const entries = await unpack(path);
    await writeFile(path, pack(entries.filter(({ name }) => !name.endsWith("/"))));
    expect(await readWhole(path, { identity })).toEqual(TABLES);
  });

  it("with no table in it", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, recipientsKey, {});
    expect(await readWhole(path, { identity })).toEqual({});
  });
});

describe("reading", () => {
  it("gives the manifest only when unlocked", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, { mode: "none" });
    await using archive = await openArchive(path);
    expect(() => archive.manifest).toThrow("not unlocked");
    expect(archive.sizeBytes).toBe((await readFile(path)).length);
  });

  it("stops on abort, on close, and when the reader goes", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, recipientsKey);
    const archive = await openArchive(path);
    await archive.unlock({ identity });
    const table = archive.manifest.tables.find(({ name }) => name === "large");
    if (!table) throw new Error("no such table");

    expect(await codeOf(text(archive.readTable(table, AbortSignal.abort())))).toBe("ABORTED");

    const controller = new AbortController();
    const reading = archive.readTable(table, controller.signal);
    const rest = (async () => {
      for await (const _chunk of reading) controller.abort();
    })();
    expect(await codeOf(rest)).toBe("ABORTED");

    for await (const _chunk of archive.readTable(table)) break;
    archive.readTable(table).destroy();

    const afterClose = archive.readTable(table);
    await archive.close();
    await archive.close();
    expect(await codeOf(text(afterClose))).toBe("ABORTED");
  });

  it("leaves no file open", async () => {
    const path = join(await temporaryFolder(), "a.zip");
    await writeArchive(path, { mode: "none" });
    await readWhole(path, {});
    await writeFile(`${path}.bad`, "PK\x03\x04 is how it begins");
    await codeOf(openArchive(`${path}.bad`));
    const openFiles = execFileSync("ls", ["-l", `/proc/${process.pid}/fd`], { encoding: "utf8" });
    expect(openFiles).not.toContain(path);
  });

  it.each(["none", "recipients"] as const)("keeps memory bounded, mode %s", async (mode) => {
    const path = join(await temporaryFolder(), "a.zip");
    const key: ArchiveKey = mode === "none" ? { mode } : recipientsKey;
    const output = createWriteStream(path);
    const writer = createArchiveWriter({ key, createdAt: CREATED_AT, output });
    const name = { schema: "public", name: "many" };
    const written = await writer.writeTable(name, manyRows(200e6));
    const facts = { model: null, kind: "table" as const, columns: [], rows: 0 };
    await writer.finish(manifestFor(mode, [{ ...name, ...facts, ...written }]));

    await using archive = await openArchive(path);
    await archive.unlock({ identity });
    const before = process.memoryUsage().rss;
    let peak = 0;
    let bytes = 0;
    for (const table of archive.manifest.tables) {
      for await (const chunk of archive.readTable(table)) {
        bytes += chunk.length;
        peak = Math.max(peak, process.memoryUsage().rss);
      }
    }
    expect(bytes).toBe(written.jsonBytes);
    expect(peak - before).toBeLessThan(100e6);
  });

  it("says that there is no such file", async () => {
    expect(await codeOf(openArchive("/nowhere/at-all.zip"))).toBe("NOT_FOUND");
    expect(await codeOf(openArchive("/"))).toBe("ARCHIVE_INVALID");
  });
});
