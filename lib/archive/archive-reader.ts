import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { identityToRecipient } from "age-encryption";
import { BackupError, ownError } from "../errors.ts";
import type { EncryptionMode, Unlock } from "../shared/api.ts";
import { checkAgreement, findMode, smallEntries } from "../shared/archive/entries.ts";
import { encryptedToOthers, foreignKey } from "../shared/archive/fault.ts";
import { recognise } from "../shared/archive/recognise.ts";
import {
  KEY_ENTRY,
  MAX_KEY_BYTES,
  MAX_STORED_MANIFEST_BYTES,
  manifestEntryName,
} from "../shared/archive-format.ts";
import type { Archive } from "./archive.ts";
import {
  digestMismatch,
  judged,
  notUnlocked,
  passphraseNeeded,
  toArchiveError,
} from "./archive-error.ts";
import { createDecompressor } from "./compression.ts";
import { sha256, VerifyStream } from "./digest.ts";
import {
  type ArchiveKey,
  decryptBytes,
  decryptStream,
  parseIdentities,
  unlockKeyFile,
} from "./encryption.ts";
import { type EntrySource, translateReadError } from "./entry-source.ts";
import { notABackup, requireNoNewer } from "./find-backups.ts";
import { notAFile } from "./folder-source.ts";
import { type ManifestTable, parseManifest, type StoredManifest } from "./manifest.ts";
import { openEntrySource } from "./open-entry-source.ts";
import { openOriginal } from "./original/open-original.ts";

/**
 * Opens a backup, zip or folder, ours or the original's, and checks its structure, without any key.
 *
 * @throws NOT_FOUND, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function openArchive(path: string): Promise<Archive> {
  const source = await openEntrySource(path);
  try {
    switch (await recognise(source)) {
      case "ours":
        requireFiles(source, (name) => !name.endsWith("/"));
        return new OpenArchive(
          source,
          judged(() => findMode(source)),
        );
      case "original":
        requireFiles(source, (name) => name.endsWith(".json"));
        await requireNoNewer(source, path);
        return await openOriginal(source);
      case null:
        throw await notABackup(source, path);
    }
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Refuses a link in place of a table's file. Otherwise the table would count as missing. */
function requireFiles({ others }: EntrySource, isMeant: (name: string) => boolean): void {
  const link = others.find(isMeant);
  if (link !== undefined) throw notAFile(link);
}

class OpenArchive implements Archive {
  readonly encryption: EncryptionMode;
  readonly sizeBytes: number;
  readonly #source: EntrySource;
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;
  /** The identity that opened the manifest. Empty if nothing is encrypted. */
  #identity: string[] = [];
  #manifest: StoredManifest | undefined;

  constructor(source: EntrySource, encryption: EncryptionMode) {
    this.#source = source;
    this.encryption = encryption;
    this.sizeBytes = source.sizeBytes;
  }

  readonly isOriginal = false;

  manifestFor(): StoredManifest {
    return this.manifest;
  }

  get manifest(): StoredManifest {
    if (!this.#manifest) throw notUnlocked();
    return this.#manifest;
  }

  async unlock(unlock: Unlock): Promise<void> {
    const { content, identity } = await this.#openManifest(unlock);
    const manifest = parseManifest(content);
    judged(() => checkAgreement(manifest, this.#source.entries, this.encryption));
    for (const [entry, expected, maxBytes] of smallEntries(manifest)) {
      // Older versions did not store the digest, so the entry cannot be verified.
      if (expected === undefined) continue;
      const bytes = await this.#source.readBytes(entry, maxBytes);
      if (sha256(bytes) !== expected) throw digestMismatch(entry);
    }
    this.#identity = identity;
    this.#manifest = manifest;
  }

  async #findIdentities({ passphrase, identity }: Unlock): Promise<string[]> {
    switch (this.encryption) {
      case "none":
        return [];
      case "recipients":
        if (!identity) throw identityNeeded();
        return parseIdentities(identity);
      case "passphrase": {
        if (!passphrase && identity) return parseIdentities(identity);
        if (!passphrase) throw passphraseNeeded("passphrase");
        const keyFile = await this.#source.readBytes(KEY_ENTRY, MAX_KEY_BYTES);
        return [await unlockKeyFile(keyFile, passphrase)];
      }
      default:
        throw this.encryption satisfies never;
    }
  }

  /** Also returns the matching identity, because all other entries are encrypted to the same recipients. */
  async #openManifest(unlock: Unlock): Promise<{ content: Buffer; identity: string[] }> {
    const identities = await this.#findIdentities(unlock);
    const entry = manifestEntryName(this.encryption);
    const stored = await this.#source.readBytes(entry, MAX_STORED_MANIFEST_BYTES);
    if (this.encryption === "none") return { content: stored, identity: [] };
    let noMatch: unknown;
    for (const one of identities) {
      const identity = [one];
      try {
        return { content: await decryptBytes(identity, stored), identity };
      } catch (error) {
        if (ownError(error)?.code !== "NO_MATCHING_IDENTITY") throw error;
        noMatch = error;
      }
    }
    if (this.encryption === "passphrase" && unlock.passphrase) {
      throw toArchiveError(foreignKey(noMatch));
    }
    throw noMatch;
  }

  async keyForAnother(): Promise<ArchiveKey> {
    if (this.encryption === "none") return { mode: "none" };
    const [identity] = this.#identity;
    if (identity === undefined) throw notUnlocked();
    const recipient = await identityToRecipient(identity);
    if (this.encryption === "recipients") return { mode: "recipients", recipients: [recipient] };
    const keyFile = await this.#source.readBytes(KEY_ENTRY, MAX_KEY_BYTES);
    return { mode: "passphrase", recipient, keyFile: keyFile.toString("base64") };
  }

  readTable(table: ManifestTable, signal?: AbortSignal): Readable {
    return Readable.from(this.#read(table, signal), { objectMode: false });
  }

  /** A generator, so that nothing is opened before the first read, and all errors pass through one place. */
  async *#read(table: ManifestTable, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    const { entry, jsonBytes, storedBytes } = table;
    const source = this.#source.read(entry);
    const json = new VerifyStream(entry, { bytes: jsonBytes, sha256: table.jsonSha256 });
    const stop = { signal: AbortSignal.any([this.#closed.signal, ...(signal ? [signal] : [])]) };
    const done =
      this.encryption === "none"
        ? // The stored bytes are the JSON, so one digest is enough: `readManifest` requires both to be equal.
          pipeline(source, json, stop)
        : pipeline(
            source,
            new VerifyStream(entry, { bytes: storedBytes, sha256: table.storedSha256 }),
            decryptStream(this.#identity),
            createDecompressor(jsonBytes),
            json,
            stop,
          );
    // The pipeline's last stream fails with the same error.
    done.catch(() => {});
    try {
      yield* json;
      await done;
    } catch (error) {
      throw ofTable(ofOwnRecipients(translateReadError(error), table), table);
    }
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#closed.abort();
      this.#identity = [];
      await this.#source.close();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const identityNeeded = (): BackupError =>
  new BackupError("NO_MATCHING_IDENTITY", "This backup is encrypted for age public keys.", {
    hint: "Give the private key of one of them (AGE-SECRET-KEY-1…).",
  });

/** The manifest was encrypted to this identity, so every table of the backup must be too. */
function ofOwnRecipients(error: BackupError, table: ManifestTable): BackupError {
  if (error.code !== "NO_MATCHING_IDENTITY") return error;
  return toArchiveError(encryptedToOthers(table.entry, table, error));
}

function ofTable(error: BackupError, { schema, name }: ManifestTable): BackupError {
  if (error.code === "ABORTED" || error.details?.entry !== undefined) return error;
  const { code, message, hint, details, cause } = error;
  return new BackupError(code, `Table ${schema}.${name}: ${message}`, {
    hint,
    details: { ...details, table: { schema, name } },
    cause,
  });
}
