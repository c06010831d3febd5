/** One archive that is opened in the browser. Does the worker's work, and can be used without a worker. */
import { Decrypter } from "age-encryption";
import type { TableName, Unlock } from "../../lib/shared/api.ts";
import { checkAgreement, smallEntries } from "../../lib/shared/archive/entries.ts";
import {
  ArchiveFault,
  damaged,
  damagedTables,
  differs,
  encryptedToOthers,
  foreignKey,
  undecryptable,
  wrongIdentity,
  wrongPassphrase,
} from "../../lib/shared/archive/fault.ts";
import { findIdentities, isNoMatch, parseIdentities } from "../../lib/shared/archive/identities.ts";
import {
  type ManifestTable,
  readManifest,
  type StoredManifest,
} from "../../lib/shared/archive/manifest.ts";
import { findOriginalFiles } from "../../lib/shared/archive/original-files.ts";
import {
  KEY_ENTRY,
  MAX_KEY_BYTES,
  MAX_STORED_MANIFEST_BYTES,
  manifestEntryName,
} from "../../lib/shared/archive-format.ts";
import { passphraseForms } from "../../lib/shared/passphrase-forms.ts";
import { ArchiveProblem, type LocalVerdict, problemOf } from "./archive-problem.ts";
import { type Column, columnsOfRows } from "./cells.ts";
import { decrypt } from "./decrypt-entry.ts";
import { BROWSE_MAX_BYTES } from "./limits.ts";
import { type LocalReport, openZip } from "./local-archive.ts";
import { abortable, chunksOf, collect, countNewlines, decompress } from "./read-entry.ts";
import { RowIndex } from "./row-index.ts";
import { Sha256 } from "./sha256.ts";
import type { ZipEntries } from "./zip-entries.ts";

export interface LocalTable extends TableName {
  model: string | null;
  /** Null if the backup does not contain it. */
  rows: number | null;
  jsonBytes: number;
}

/** The contents of an unlocked archive. */
export interface LocalContents {
  /** Null if `@vorlefan/prisma-backup` wrote the backup, which stored none of this. */
  madeOf: { createdAt: string; tool: string; databaseName: string } | null;
  /** Whether README.txt is proven to be unchanged. Backups by older versions cannot prove it. */
  provesReadme: boolean;
  /** Without encryption, anyone with the file could have replaced it by another. */
  isEncrypted: boolean;
  tables: LocalTable[];
}

export interface OpenTable {
  columns: Column[];
  index: RowIndex;
}

/** Reports the progress of reading a table. */
export type OnRead = (rows: number, bytes: number) => void;

interface Source extends LocalTable {
  manifest: ManifestTable | null;
  entry: string;
}

export class LocalArchiveSession {
  readonly #report: LocalReport;
  readonly #zip: ZipEntries;
  /** The identity that opened the manifest. Null if nothing is encrypted. */
  #identity: string | null = null;
  #sources: Source[] = [];

  private constructor(report: LocalReport, zip: ZipEntries) {
    this.#report = report;
    this.#zip = zip;
  }

  /** The session is null if the file is not a backup, or is too large. */
  static async open(
    file: Blob,
    maxBytes?: number,
  ): Promise<{ report: LocalReport; session: LocalArchiveSession | null }> {
    const { report, entries } = await openZip(file, maxBytes);
    return { report, session: entries && new LocalArchiveSession(report, entries) };
  }

  /** @throws ArchiveProblem */
  async unlock(unlock: Unlock): Promise<LocalContents> {
    this.#identity = null;
    try {
      const manifest = this.#report.kind === "backup" ? await this.#openOurs(unlock) : null;
      this.#sources = manifest
        ? manifest.tables.map((table) => ({ ...table, manifest: table }))
        : await this.#originals();
      return {
        provesReadme: manifest?.readmeSha256 !== undefined,
        isEncrypted: this.#identity !== null,
        madeOf: manifest && {
          createdAt: manifest.createdAt,
          tool: manifest.tool,
          databaseName: manifest.database.name,
        },
        tables: this.#sources.map(({ schema, name, model, rows, jsonBytes }) => ({
          schema,
          name,
          model,
          rows,
          jsonBytes,
        })),
      };
    } catch (error) {
      throw error instanceof ArchiveFault ? problemOf(error) : error;
    }
  }

  async #openOurs(unlock: Unlock): Promise<StoredManifest> {
    const encryption = this.#report.kind === "backup" ? this.#report.encryption : "none";
    const identities =
      encryption === "passphrase"
        ? [await this.#openKey(unlock.passphrase ?? "")]
        : encryption === "recipients"
          ? parseIdentities(unlock.identity ?? "")
          : [];
    const entry = manifestEntryName(encryption);
    const stored = await this.#zip.readBytes(entry, MAX_STORED_MANIFEST_BYTES);
    const bytes =
      encryption === "none" ? stored : await this.#decryptManifest(identities, stored, encryption);
    const manifest = readManifest(bytes);
    checkAgreement(manifest, this.#zip.entries, encryption);
    for (const [name, expected, maxBytes] of smallEntries(manifest)) {
      if (expected === undefined) continue;
      const sha256 = new Sha256();
      sha256.update(await this.#zip.readBytes(name, maxBytes));
      if (sha256.digest() !== expected) throw differs(name);
    }
    return manifest;
  }

  /** Remembers the matching identity, because all other entries are encrypted to the same recipients. */
  async #decryptManifest(
    identities: string[],
    stored: Uint8Array,
    encryption: "passphrase" | "recipients",
  ): Promise<Uint8Array> {
    let noMatch: unknown;
    for (const identity of identities) {
      try {
        const plain = await decrypt(identity, new Blob([stored as BlobPart]).stream());
        const bytes = await collect(plain, MAX_STORED_MANIFEST_BYTES);
        this.#identity = identity;
        return bytes;
      } catch (cause) {
        if (cause instanceof ArchiveFault) throw cause;
        if (!isNoMatch(cause)) throw undecryptable(cause);
        noMatch = cause;
      }
    }
    throw encryption === "recipients" ? wrongIdentity(noMatch) : foreignKey(noMatch);
  }

  async #openKey(passphrase: string): Promise<string> {
    const keyFile = await this.#zip.readBytes(KEY_ENTRY, MAX_KEY_BYTES);
    const decrypter = new Decrypter();
    for (const form of passphraseForms(passphrase)) decrypter.addPassphrase(form);
    const text = await decrypter.decrypt(keyFile, "text").catch((cause) => {
      throw isNoMatch(cause) ? wrongPassphrase(cause) : undecryptable(cause);
    });
    const [identity] = findIdentities(text);
    if (identity === undefined) throw damaged("The backup's key file holds no private key.");
    return identity;
  }

  async #originals(): Promise<Source[]> {
    const { files } = await findOriginalFiles(this.#zip);
    return files.map(({ entry, name, sizeBytes }) => ({
      schema: "",
      name,
      model: null,
      rows: null,
      jsonBytes: sizeBytes,
      manifest: null,
      entry,
    }));
  }

  /**
   * Reads every table and compares its digests and rows with the manifest. Continues after a damaged table, so that all
   * of them are named.
   */
  async verify(
    onTable: (
      index: number,
      state: "running" | "done" | "damaged",
      rows: number,
      bytes: number,
    ) => void,
    signal: AbortSignal,
  ): Promise<LocalVerdict> {
    const problems: ArchiveProblem[] = [];
    for (const [index, source] of this.#sources.entries()) {
      let [rows, bytes] = [0, 0];
      onTable(index, "running", 0, 0);
      try {
        for await (const chunk of this.readTable(index, signal)) {
          bytes += chunk.length;
          rows += countNewlines(chunk);
          onTable(index, "running", rows, bytes);
        }
        onTable(index, "done", source.rows ?? 0, bytes);
      } catch (error) {
        if (!(error instanceof ArchiveProblem)) throw error;
        problems.push(error);
        onTable(index, "damaged", rows, bytes);
      }
    }
    const [first] = problems;
    if (!first) return { kind: "fine" };
    if (problems.length === 1) return first.verdict;
    const tables = problems.flatMap(({ verdict }) =>
      verdict.kind === "damaged" ? verdict.tables : [],
    );
    return problemOf(damagedTables(tables)).verdict;
  }

  /**
   * Reads a table's JSON. If anything differs from the manifest, it fails before its end.
   *
   * @throws ArchiveProblem, damaged; or the signal's reason
   */
  async *readTable(index: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    const { manifest, entry } = this.#source(index);
    try {
      if (!manifest) yield* abortable(chunksOf(this.#zip.read(entry)), signal);
      else yield* this.#readVerified(manifest, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const say = isNoMatch(cause) ? encryptedToOthers : differs;
      throw problemOf(say(entry, this.#source(index), cause));
    }
  }

  async *#readVerified(
    table: ManifestTable,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const stored = new Sha256();
    const json = new Sha256();
    const identity = this.#identity;
    const source = this.#zip.read(table.entry).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          if (identity !== null) stored.update(chunk);
          if (stored.bytes > table.storedBytes) throw new Error("The entry is too long.");
          controller.enqueue(chunk);
        },
      }),
    );
    let newlines = 0;
    const content =
      identity === null ? chunksOf(source) : decompress(await decrypt(identity, source));
    for await (const chunk of abortable(content, signal)) {
      json.update(chunk);
      // This stops a decompression bomb.
      if (json.bytes > table.jsonBytes) throw new Error("The table is too long.");
      newlines += countNewlines(chunk);
      yield chunk;
    }
    const agrees =
      json.bytes === table.jsonBytes &&
      json.digest() === table.jsonSha256 &&
      (identity === null ||
        (stored.bytes === table.storedBytes && stored.digest() === table.storedSha256)) &&
      // There is one line per row, and a last line that closes the array. Without rows, a separate line opens it.
      newlines === (table.rows === 0 ? 2 : table.rows + 1);
    if (!agrees) throw new Error("The table differs from the manifest.");
  }

  /** Reads a table for browsing. @throws ArchiveProblem, RangeError above BROWSE_MAX_BYTES */
  async openTable(index: number, onRead: OnRead, signal: AbortSignal): Promise<OpenTable> {
    const { manifest, jsonBytes } = this.#source(index);
    if (jsonBytes > BROWSE_MAX_BYTES) throw new RangeError("The table is too large to be shown.");
    const json = new Uint8Array(jsonBytes);
    let [rows, bytes] = [0, 0];
    for await (const chunk of this.readTable(index, signal)) {
      if (bytes + chunk.length > jsonBytes)
        throw new RangeError("The table is longer than it says.");
      json.set(chunk, bytes);
      bytes += chunk.length;
      rows += countNewlines(chunk);
      onRead(rows, bytes);
    }
    if (manifest) {
      return { columns: manifest.columns, index: RowIndex.ofLines(json, manifest.rows) };
    }
    const rowIndex = RowIndex.ofArray(json.subarray(0, bytes));
    return { columns: columnsOfRows(rowIndex), index: rowIndex };
  }

  columns(index: number): Column[] | null {
    return this.#source(index).manifest?.columns ?? null;
  }

  #source(index: number): Source {
    const source = this.#sources[index];
    if (!source) throw new RangeError("There is no such table.");
    return source;
  }
}
