/** Shared by the archive's tests: a small archive to write, and independent tools to inspect it. */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  createWriteStream,
  ftruncateSync,
  openSync,
  writeSync,
} from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { onTestFinished } from "vitest";
import type { Archive } from "../archive/archive.ts";
import { openArchive } from "../archive/archive-reader.ts";
import { type ArchiveWriterOptions, createArchiveWriter } from "../archive/archive-writer.ts";
import type { ArchiveKey } from "../archive/encryption.ts";
import { createFolderSink } from "../archive/folder-sink.ts";
import type { ManifestTable, StoredManifest } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import type { EncryptionMode, Unlock } from "../shared/api.ts";
import { FORMAT_VERSION } from "../shared/archive-format.ts";

export { shell, terminal } from "./oracles.ts";

export const CREATED_AT = new Date("2026-01-02T03:04:05.678Z");
export const PASSPHRASE = "correct horse battery staple";

export type PassphraseKey = Extract<ArchiveKey, { mode: "passphrase" }>;

/**
 * Makes the key of PASSPHRASE as `createArchiveKey` does, but with a low work factor. The real one costs a second each
 * time that the key is made or opened. For tests that are not about deriving keys.
 */
export async function cheapPassphraseKey(): Promise<PassphraseKey & { identity: string }> {
  const identity = await generateX25519Identity();
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(1);
  encrypter.setPassphrase(PASSPHRASE);
  const keyFile = Buffer.from(await encrypter.encrypt(`${identity}\n`)).toString("base64");
  const recipient = await identityToRecipient(identity);
  return { mode: "passphrase", recipient, keyFile, identity };
}

/** Tables as a backup writes them: the table's name in schema public, and its JSON. */
export type TestTables = Record<string, string>;

export const TABLES: TestTables = {
  User: '[{"id":1,"name":"Ada"}\n,{"id":2,"name":"Grace"}\n]\n',
  empty: "[\n]\n",
  "Größe/1.2": '[{"id":1,"note":"names need encoding"}\n]\n',
  // Larger than several chunks of age (64 KiB) and of the reader, with content that varies.
  large: `[${Array.from({ length: 20_000 }, (_, id) => JSON.stringify({ id, digest: sha256(String(id)) })).join("\n,")}\n]\n`,
};

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Makes a new folder and removes it after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "archive-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const TEXT = "lorem ipsum ".repeat(80);

/** Overwrites a file in place. If the file were emptied first, ext4 would wait for the disk when the file is closed. */
export function overwrite(path: string, content: Uint8Array): void {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    writeSync(file, content);
    ftruncateSync(file, content.length);
  } finally {
    closeSync(file);
  }
}

/** Makes JSON of about `sizeBytes` bytes while it is read. It compresses like a table of long texts. */
export function manyRows(sizeBytes: number): Readable {
  const noise = randomBytes(1e6).toString("hex");
  let sent = 0;
  return new Readable({
    read() {
      const rows = Array.from({ length: 60 }, () => {
        const id = Math.floor(Math.random() * 1e6);
        const digest = noise.slice(id, id + 64);
        return `,{"id":${id},"text":"${TEXT}","digest":"${digest}"}\n`;
      });
      const chunk = Buffer.from(rows.join(""));
      sent += chunk.length;
      this.push(sent > sizeBytes ? null : chunk);
    },
  });
}

/** Makes a manifest for these tables. Details that do not affect the archive are invented. */
export function manifestFor(encryption: EncryptionMode, tables: ManifestTable[]): StoredManifest {
  return {
    formatVersion: FORMAT_VERSION,
    createdAt: CREATED_AT.toISOString(),
    tool: "prisma-backup-admin/0.0.0-test",
    database: { name: "shop", serverVersion: "15.4", serverVersionNum: 150004, encoding: "UTF8" },
    schemaFingerprint: sha256("schema"),
    migrations: [{ name: "0_init", checksum: "c", finishedAt: null, rolledBackAt: null }],
    encryption,
    insertionOrder: {
      components: tables.map(({ schema, name }) => ({
        tables: [{ schema, name }],
        cyclic: false,
        level: 0,
      })),
      edges: [],
    },
    tables,
    sequences: [
      {
        schema: "public",
        name: "User_id_seq",
        ownerTable: { schema: "public", name: "User" },
        ownerColumn: "id",
        lastValue: "9223372036854775807",
        isCalled: true,
      },
    ],
    warnings: [],
  };
}

export function writeArchive(
  path: string,
  key: ArchiveKey,
  tables?: TestTables,
): Promise<StoredManifest> {
  return writeTo(createWriteStream(path), key, tables);
}

/** Writes an archive of the tables into a new folder. */
export async function writeFolder(
  path: string,
  key: ArchiveKey,
  tables?: TestTables,
): Promise<StoredManifest> {
  await mkdir(path);
  return await writeTo(createFolderSink(path), key, tables);
}

async function writeTo(
  output: ArchiveWriterOptions["output"],
  key: ArchiveKey,
  tables: TestTables = TABLES,
): Promise<StoredManifest> {
  const writer = createArchiveWriter({ key, createdAt: CREATED_AT, output });
  const written: ManifestTable[] = [];
  for (const [name, json] of Object.entries(tables)) {
    const table = { schema: "public", name };
    const result = await writer.writeTable(table, Readable.from([json], { objectMode: false }));
    const rows = (JSON.parse(json) as unknown[]).length;
    written.push({ ...table, model: null, kind: "table", columns: [], rows, ...result });
  }
  return (await writer.finish(manifestFor(key.mode, written))).manifest;
}

/** Opens an archive and reads all of it, as a restore does. */
export async function readWhole(path: string, unlock: Unlock): Promise<Record<string, string>> {
  await using archive = await openArchive(path);
  await archive.unlock(unlock);
  return await readTables(archive);
}

export async function readTables(archive: Archive): Promise<Record<string, string>> {
  const tables: Record<string, string> = {};
  for (const table of archive.manifest.tables) {
    tables[table.name] = await text(archive.readTable(table));
  }
  return tables;
}

/** Returns the code of the BackupError that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
  return "no error";
}
