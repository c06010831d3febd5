/** Tests the browser's reader with archives from the server's writer, and with every kind of damage. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import JSZip from "jszip";
import { describe, expect, it } from "vitest";
import { type ArchiveKey, createArchiveKey } from "../../lib/archive/encryption.ts";
import type { EncryptionChoice, Unlock } from "../../lib/shared/api.ts";
import {
  cheapPassphraseKey,
  PASSPHRASE,
  TABLES,
  temporaryFolder,
  writeArchive,
} from "../../lib/testing/archives.ts";
import { ArchiveProblem, type LocalVerdict } from "./archive-problem.ts";
import { cellsOf } from "./cells.ts";
import { rowsOfIndex, rowsOfLines, tableCsv } from "./csv.ts";
import { BROWSE_MAX_BYTES } from "./limits.ts";
import { LocalArchiveSession } from "./local-archive-session.ts";
import { searchRows } from "./search-rows.ts";

const golden = (name: string) => new URL(`../../lib/archive/golden/${name}`, import.meta.url);
const GOLDEN: Array<[string, Unlock]> = [
  ["format-1.none.zip", {}],
  ["format-1.recipients.zip", { identity: readFileSync(golden("identity.txt"), "utf8") }],
  ["format-1.passphrase.zip", { passphrase: "golden archive of format 1" }],
];
const never = new AbortController().signal;

async function open(bytes: Uint8Array): Promise<LocalArchiveSession> {
  const { report, session } = await LocalArchiveSession.open(new Blob([bytes as BlobPart]));
  if (!session) throw new Error(`not opened: ${JSON.stringify(report)}`);
  return session;
}

/** Returns the browser's verdict about an archive. */
async function verdictOf(bytes: Uint8Array, unlock: Unlock): Promise<LocalVerdict> {
  const { report, session } = await LocalArchiveSession.open(new Blob([bytes as BlobPart]));
  if (report.kind === "not-a-backup") return { tables: [], ...report, kind: report.verdict };
  if (!session) throw new Error("not opened");
  try {
    await session.unlock(unlock);
    return await session.verify(() => {}, never);
  } catch (error) {
    if (error instanceof ArchiveProblem) return error.verdict;
    throw error;
  }
}

async function write(choice: EncryptionChoice, tables = TABLES): Promise<Buffer> {
  return writeBy(await createArchiveKey(choice), tables);
}

/** Uses a cheap key, because deriving a normal one takes JavaScript seconds. */
const writeLocked = async () => writeBy(await cheapPassphraseKey());

async function writeBy(key: ArchiveKey, tables = TABLES): Promise<Buffer> {
  const file = join(await temporaryFolder(), "backup.zip");
  await writeArchive(file, key, tables);
  return readFile(file);
}

/** Packs a changed archive again, like an attacker who knows zip files. */
async function repack(bytes: Uint8Array, change: (zip: JSZip) => Promise<void> | void) {
  const zip = await JSZip.loadAsync(bytes);
  await change(zip);
  return zip.generateAsync({ type: "uint8array", compression: "DEFLATE" });
}

describe.each(GOLDEN)("%s", (name, unlock) => {
  it("is fine, and its rows are what the server reads", async () => {
    const session = await open(await readFile(golden(name)));
    const { madeOf, tables } = await session.unlock(unlock);
    expect(await session.verify(() => {}, never)).toEqual({ kind: "fine" });
    expect(madeOf).toMatchObject({
      createdAt: "2026-01-02T03:04:05.678Z",
      databaseName: "shop",
    });
    expect(tables.map((table) => [table.name, table.rows])).toEqual([
      ["User", 2],
      ["empty.table", 0],
    ]);
    const { columns, index } = await session.openTable(0, () => {}, never);
    expect([...rowsOfIndex(index)].map((row) => cellsOf(row, columns))).toEqual([
      ["1", "Ada", "9223372036854775807", "null"],
      ["2", "Grüße ☂", null, null],
    ]);
    expect((await session.openTable(1, () => {}, never)).index.rows).toBe(0);
  });
});

it("does not open with another secret", async () => {
  const other = { passphrase: `${PASSPHRASE}!`, identity: await generateX25519Identity() };
  const recipients = [await identityToRecipient(await generateX25519Identity())];
  for (const [kind, bytes] of [
    ["wrong-passphrase", await writeLocked()],
    ["wrong-identity", await write({ mode: "recipients", recipients })],
  ] as const) {
    expect(await verdictOf(bytes, other)).toMatchObject({ kind });
    expect(await verdictOf(bytes, { passphrase: "", identity: "age1…" })).toMatchObject({ kind });
  }
});

describe("of an archive that the writer wrote", () => {
  it("every table is read whole, however large", async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    for (const choice of [{ mode: "recipients", recipients }, { mode: "none" }] as const) {
      const session = await open(await write({ ...choice } as EncryptionChoice));
      const { tables } = await session.unlock({ identity });
      for (const [at, { name }] of tables.entries()) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of session.readTable(at, never)) chunks.push(chunk.slice());
        expect(Buffer.concat(chunks).toString()).toBe(TABLES[name]);
        const lines: string[] = [];
        for await (const row of rowsOfLines(session.readTable(at, never))) lines.push(row);
        const { index } = await session.openTable(at, () => {}, never);
        expect(lines).toEqual([...rowsOfIndex(index)]);
        expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(TABLES[name] ?? ""));
      }
    }
  });

  it("a damaged table is named, and the others are still verified", async () => {
    const identity = await generateX25519Identity();
    const archive = await write({
      mode: "recipients",
      recipients: [await identityToRecipient(identity)],
    });
    const entry = "tables/public.User.json.zst.age";
    const damagedOne = Buffer.from(archive);
    // README.txt also contains the name, so search for it after the last field of the local header, with which the
    // entry itself begins.
    const at = damagedOne.indexOf(`\0\0${entry}`) + 2 + entry.length + 150;
    damagedOne[at] = (damagedOne[at] ?? 0) ^ 1;
    expect(await verdictOf(damagedOne, { identity })).toMatchObject({
      kind: "damaged",
      tables: [{ schema: "public", name: "User" }],
    });

    const swapped = await repack(archive, async (zip) => {
      const user = await zip.file(entry)?.async("uint8array");
      const large = await zip.file("tables/public.large.json.zst.age")?.async("uint8array");
      zip.file(entry, large ?? "", { createFolders: false });
      zip.file("tables/public.large.json.zst.age", user ?? "", { createFolders: false });
    });
    expect(await verdictOf(swapped, { identity })).toMatchObject({
      kind: "damaged",
      tables: [{ name: "User" }, { name: "large" }],
    });
  });

  it("one byte of a plain table is enough", async () => {
    const archive = await write({ mode: "none" });
    const edited = await repack(archive, (zip) => {
      zip.file("tables/public.User.json", (TABLES.User ?? "").replace("Ada", "Eve"), {
        createFolders: false,
      });
    });
    expect(await verdictOf(edited, {})).toMatchObject({
      kind: "damaged",
      tables: [{ name: "User" }],
    });
    const bomb = await repack(archive, (zip) => {
      zip.file("tables/public.User.json", "0".repeat(5_000_000), { createFolders: false });
    });
    expect(await verdictOf(bomb, {})).toMatchObject({
      kind: "damaged",
      tables: [{ name: "User" }],
    });
  });

  it("packed again whole, also in a folder, it is still fine", async () => {
    const archive = await write({ mode: "none" });
    expect(await verdictOf(await repack(archive, () => {}), {})).toEqual({ kind: "fine" });
    const inFolder = new JSZip();
    const zip = await JSZip.loadAsync(archive);
    for (const [name, file] of Object.entries(zip.files)) {
      inFolder.file(`shop/${name}`, await file.async("uint8array"));
    }
    inFolder.file("__MACOSX/shop/._README.txt", "x");
    const bytes = await inFolder.generateAsync({ type: "uint8array" });
    expect(await verdictOf(bytes, {})).toEqual({ kind: "fine" });
  });

  it("what is missing makes it incomplete", async () => {
    const archive = await write({ mode: "none" });
    const withoutTable = await repack(archive, (zip) => void zip.remove("tables/public.User.json"));
    const verdict = await verdictOf(withoutTable, {});
    expect(verdict).toMatchObject({
      kind: "incomplete",
      message: "The table public.User is missing from the backup.",
    });
    const withoutManifest = await repack(archive, (zip) => void zip.remove("manifest.json"));
    expect(await verdictOf(withoutManifest, {})).toMatchObject({ kind: "incomplete" });
    for (const end of [archive.length - 1, archive.length >> 1, 5]) {
      expect(await verdictOf(archive.subarray(0, end), {})).toMatchObject({ kind: "incomplete" });
    }
    const hole = Buffer.concat([archive.subarray(0, 100), archive.subarray(1100)]);
    expect(await verdictOf(hole, {})).toMatchObject({ kind: "incomplete" });
  });

  it("of a newer version says so, and of what", async () => {
    const archive = await write({ mode: "none" });
    const newer = await repack(archive, async (zip) => {
      const text = (await zip.file("manifest.json")?.async("string")) ?? "";
      zip.file("manifest.json", text.replace('"formatVersion": 1', '"formatVersion": 2'));
    });
    const verdict = await verdictOf(newer, {});
    expect(verdict).toMatchObject({ kind: "newer-version" });
    expect("message" in verdict && verdict.message).toContain("its format is 2");
    const unknown = await repack(archive, (zip) => {
      zip.file("manifest.json", '{"formatVersion":7,"all":"else is different"}');
    });
    expect(await verdictOf(unknown, {})).toMatchObject({ kind: "newer-version" });
  });

  it("a damaged manifest or key, and what was added, are no wrong passphrase", async () => {
    const plain = await write({ mode: "none" });
    const text = await repack(plain, (zip) => void zip.file("manifest.json", "[1"));
    expect(await verdictOf(text, {})).toMatchObject({ kind: "damaged", tables: [] });
    const added = await repack(plain, (zip) => void zip.file("notes.txt", "hello"));
    expect(await verdictOf(added, {})).toMatchObject({ kind: "damaged", tables: [] });

    const locked = await writeLocked();
    expect(await verdictOf(locked, { passphrase: PASSPHRASE })).toEqual({ kind: "fine" });
    const at = locked.indexOf("-> scrypt") + 70;
    locked[at] = locked[at] === 0x41 ? 0x42 : 0x41;
    expect(await verdictOf(locked, { passphrase: PASSPHRASE })).toMatchObject({
      kind: "damaged",
      message: 'The backup\'s file "key.age" is damaged.',
    });
  });

  it("stops when it is asked to", async () => {
    const session = await open(await write({ mode: "none" }));
    await session.unlock({});
    const controller = new AbortController();
    const verifying = session.verify(
      (index) => index === 1 && controller.abort(),
      controller.signal,
    );
    await expect(verifying).rejects.toMatchObject({ name: "AbortError" });
    expect(await session.verify(() => {}, never)).toEqual({ kind: "fine" });
  });
});

it("above the limit nothing is opened", async () => {
  const archive = await write({ mode: "none" });
  const file = new Blob([archive as BlobPart]);
  expect(await LocalArchiveSession.open(file, 100)).toEqual({
    report: { kind: "large-zip" },
    session: null,
  });
});

it("a table above the limit is not read to be browsed, and one at the limit is", async () => {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const archive = await write({ mode: "recipients", recipients: [recipient] });
  const claiming = async (jsonBytes: number) => {
    const bytes = await repack(archive, async (zip) => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      const stored = (await zip.file("manifest.json.age")?.async("uint8array")) ?? new Uint8Array();
      const manifest = JSON.parse(await decrypter.decrypt(stored, "text"));
      manifest.tables[0].jsonBytes = jsonBytes;
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipient);
      zip.file("manifest.json.age", await encrypter.encrypt(JSON.stringify(manifest)));
    });
    const session = await open(bytes);
    await session.unlock({ identity });
    return session.openTable(0, () => {}, never);
  };
  await expect(claiming(BROWSE_MAX_BYTES + 1)).rejects.toThrow("too large to be shown");
  // The table is read, and found to be shorter than its manifest says.
  await expect(claiming(BROWSE_MAX_BYTES)).rejects.toThrow(ArchiveProblem);
});

describe("rows", () => {
  const ROWS = [
    { id: 1, name: 'Ada "the first"', note: "line\nbreak", data: { a: [1, "x"] } },
    { id: 20, name: "grüße", note: null, data: null },
    { id: 3, name: "", note: "name", data: { $json: null } },
  ];
  const rows = () =>
    write({ mode: "none" }, { T: `[${ROWS.map((row) => JSON.stringify(row)).join("\n,")}\n]\n` });

  it("are found by their values, and never by the names of columns", async () => {
    const session = await open(await rows());
    await session.unlock({});
    const { index } = await session.openTable(0, () => {}, never);
    const columns = ["id", "name", "note", "data"].map((name) => ({
      name,
      type: name === "data" ? "jsonb" : "text",
    }));
    const find = (query: string) =>
      [...searchRows(index, columns, query)].flatMap((found) => found.rows);
    expect(find("ADA")).toEqual([0]);
    expect(find('"the')).toEqual([0]);
    expect(find("line\nbr")).toEqual([0]);
    expect(find("Grüsse")).toEqual([]);
    expect(find("GRÜSSE".replace("SS", "ß"))).toEqual([1]);
    expect(find("name")).toEqual([2]);
    expect(find('"a":[1')).toEqual([0]);
    expect(find("2")).toEqual([1]);
    expect(find("$json")).toEqual([]);
    const csv = await (
      await tableCsv(rowsOfIndex(index), columns, { forSpreadsheet: false })
    ).text();
    expect(csv).toBe(
      'id,name,note,data\r\n1,"Ada ""the first""","line\nbreak","{""a"":[1,""x""]}"\r\n20,grüße,,\r\n3,"",name,null\r\n',
    );
  });
});

describe("the original's", () => {
  const fixture = (path: string) =>
    readFile(new URL(`../../lib/archive/original/fixtures/${path}`, import.meta.url));

  it("plain backup can be browsed", async () => {
    const session = await open(await fixture("zipped/zipped.zip"));
    const { madeOf, tables } = await session.unlock({});
    expect(madeOf).toBeNull();
    expect(tables).toHaveLength(16);
    for (const [at, { name }] of tables.entries()) {
      const { index, columns } = await session.openTable(at, () => {}, never);
      const rows = JSON.parse((await fixture(`zipped/${name}.json`)).toString());
      expect([...rowsOfIndex(index)].map((row) => JSON.parse(row))).toEqual(rows);
      expect(columns.map((column) => column.name)).toEqual([
        ...new Set(rows.flatMap((row: object) => Object.keys(row))),
      ]);
    }
  });
});
