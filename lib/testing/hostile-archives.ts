/** Shared by the tests of hostile archives: real archives of every mode, and a judge of the results. */
import { join } from "node:path";
import { Readable } from "node:stream";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Archive } from "../archive/archive.ts";
import { openArchive } from "../archive/archive-reader.ts";
import { type ArchiveKey, createArchiveKey, unlockKeyFile } from "../archive/encryption.ts";
import type { ManifestTable, StoredManifest } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import { verifyTables } from "../restore/verify-tables.ts";
import type { EncryptionMode, Unlock } from "../shared/api.ts";
import {
  cheapPassphraseKey,
  PASSPHRASE,
  type TestTables,
  temporaryFolder,
  writeArchive,
} from "./archives.ts";
import { type ForgedEntry, unpack } from "./forge-zip.ts";
import { PATIENCE_MS } from "./patience.ts";

/** Large enough that a random bit often hits a table, small enough for thousands of archives. */
export const SMALL_TABLES: TestTables = {
  User: jsonOf(60, "used"),
  empty: "[\n]\n",
  Order: jsonOf(60, "order"),
};
/** The same sizes, also when compressed, so only the content differs. */
const OTHER_TABLES: TestTables = {
  User: jsonOf(60, "uses"),
  empty: "[\n]\n",
  Order: jsonOf(60, "redro"),
};

function jsonOf(rows: number, word: string): string {
  const lines = Array.from({ length: rows }, (_, id) =>
    JSON.stringify({ id, [word]: `${word} ${(id * 2654435761) % 1e9}`.padEnd(20) }),
  );
  return `[${lines.join("\n,")}\n]\n`;
}

export interface Scene {
  mode: EncryptionMode;
  key: ArchiveKey;
  path: string;
  manifest: StoredManifest;
  entries: ForgedEntry[];
  /** Entries of another archive: the same tables, sizes, and passphrase or public keys, but other rows. */
  other: ForgedEntry[];
  /** A private key, even if a passphrase protects the archive, because deriving the key takes a process each time. */
  unlock: Unlock;
}

/** Makes a real archive. */
export async function createScene(mode: EncryptionMode): Promise<Scene> {
  const folder = await temporaryFolder();
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const createKey = () =>
    mode === "passphrase" ? cheapPassphraseKey() : createArchiveKey({ mode, recipients });
  const key = await createKey();
  const path = join(folder, "a.zip");
  const manifest = await writeArchive(path, key, SMALL_TABLES);
  const otherPath = join(folder, "b.zip");
  await writeArchive(otherPath, await createKey(), OTHER_TABLES);
  const own =
    key.mode === "passphrase"
      ? await unlockKeyFile(Buffer.from(key.keyFile, "base64"), PASSPHRASE)
      : identity;
  return {
    mode,
    key,
    path,
    manifest,
    entries: await unpack(path),
    other: await unpack(otherPath),
    unlock: mode === "none" ? {} : { identity: own },
  };
}

const MAX_CASE_CPU_S = 10;

/**
 * Opens a backup and reads it as a restore does. Returns "accepted" if every row of every table is an original one in
 * its place, compared value by value with what was backed up, and no table is missing. Otherwise returns the error's
 * code.
 *
 * @throws Error if anything else was accepted, an error is not a BackupError, or the case hangs or costs too much
 */
export async function judge(
  path: string,
  unlock: Unlock,
  expected: TestTables = SMALL_TABLES,
): Promise<{ outcome: string; manifest?: StoredManifest }> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it hangs")), PATIENCE_MS);
  const before = process.cpuUsage();
  const judged = await Promise.race([read(path, unlock, expected), timeout]).finally(() =>
    clearTimeout(timer),
  );
  const { user, system } = process.cpuUsage(before);
  if (user + system > MAX_CASE_CPU_S * 1e6) throw new Error("it costs too much");
  return judged;
}

/** Reads every table's JSON once, by name, as the check before a restore does, which has found it correct. */
export async function verifiedTables(
  archive: Pick<Archive, "manifest" | "readTable">,
): Promise<TestTables> {
  const tables: TestTables = {};
  const readTable = (table: ManifestTable, signal?: AbortSignal) =>
    Readable.from(
      (async function* () {
        const chunks: Buffer[] = [];
        for await (const chunk of archive.readTable(table, signal)) {
          // Copy it, because the code that verifies a table frees what it has read.
          chunks.push(Buffer.from(chunk));
          yield chunk;
        }
        tables[table.name] = Buffer.concat(chunks).toString();
      })(),
      { objectMode: false },
    );
  await verifyTables({ manifest: archive.manifest, readTable }, () => {});
  return tables;
}

async function read(path: string, unlock: Unlock, expected: TestTables) {
  let tables: TestTables;
  let manifest: StoredManifest;
  try {
    await using archive = await openArchive(path);
    await archive.unlock(unlock);
    tables = await verifiedTables(archive);
    // Our own writer wrote it, or it passed for that.
    manifest = archive.manifest as StoredManifest;
  } catch (error) {
    if (error instanceof BackupError) return { outcome: error.code };
    throw error;
  }
  const rowsOf = (them: TestTables) =>
    JSON.stringify(
      Object.entries(them)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, json]) => [name, JSON.parse(json)]),
    );
  if (rowsOf(tables) !== rowsOf(expected)) {
    throw new Error("other rows than were backed up are accepted");
  }
  return { outcome: "accepted", manifest };
}
