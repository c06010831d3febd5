/** One archive, opened where it is: everything that the worker does, without the worker. */
import { Decrypter } from "age-encryption";
import type JSZip from "jszip";
import type { TableName, Unlock } from "../../lib/shared/api.ts";
import {
  KEY_ENTRY,
  MAX_KEY_BYTES,
  MAX_README_BYTES,
  MAX_STORED_MANIFEST_BYTES,
  manifestEntryName,
  README_ENTRY,
} from "../../lib/shared/archive-format.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { passphraseForms } from "../../lib/shared/passphrase-forms.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import { type LocalReport, openZip, type ZipEntries } from "../local-archive.ts";
import { flatJsonFiles } from "../original-backup.ts";
import { ArchiveProblem, damaged, incomplete, type LocalVerdict } from "./archive-problem.ts";
import { type Column, columnsOfRows } from "./cells.ts";
import { findIdentities, isNoMatch, parseIdentities, wrongIdentity } from "./identities.ts";
import { BROWSE_MAX_BYTES } from "./limits.ts";
import { type LocalManifest, type ManifestTable, readManifest } from "./local-manifest.ts";
import {
  abortable,
  chunksOf,
  collect,
  countNewlines,
  decompress,
  decrypt,
  readSmall,
  readStored,
} from "./read-entry.ts";
import { RowIndex } from "./row-index.ts";
import { Sha256 } from "./sha256.ts";

export interface LocalTable extends TableName {
  model: string | null;
  /** Null where the backup does not say. */
  rows: number | null;
  jsonBytes: number;
}

/** What is in an archive that is open. */
export interface LocalContents {
  /** Null where `@vorlefan/prisma-backup` wrote it, which says nothing of all this. */
  madeOf: { createdAt: string; tool: string; databaseName: string } | null;
  /** Whether README.txt is as it was when the backup was made. Not known of a backup that an older version made. */
  provesReadme: boolean;
  /** Without that, whoever has the file could have made another one. */
  isEncrypted: boolean;
  tables: LocalTable[];
}

export interface OpenTable {
  columns: Column[];
  index: RowIndex;
}

/** How far a table is read. */
export type OnRead = (rows: number, bytes: number) => void;

interface Source extends LocalTable {
  manifest: ManifestTable | null;
  entry: JSZip.JSZipObject;
}

export class LocalArchiveSession {
  readonly #report: LocalReport;
  readonly #entries: ZipEntries;
  /** The one that opened the manifest. Null where nothing is encrypted. */
  #identity: string | null = null;
  #sources: Source[] = [];

  private constructor(report: LocalReport, entries: ZipEntries) {
    this.#report = report;
    this.#entries = entries;
  }

  /** The session is null where there is nothing to look into, or too much. */
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
    const manifest = this.#report.kind === "backup" ? await this.#openOurs(unlock) : null;
    this.#sources = manifest ? this.#match(manifest) : this.#originals();
    if (manifest) {
      await this.#checkDigest(README_ENTRY, MAX_README_BYTES, manifest.readmeSha256);
      await this.#checkDigest(KEY_ENTRY, MAX_KEY_BYTES, manifest.keySha256);
    }
    return {
      provesReadme: manifest?.readmeSha256 != null,
      isEncrypted: this.#identity !== null,
      madeOf: manifest && {
        createdAt: manifest.createdAt,
        tool: manifest.tool,
        databaseName: manifest.databaseName,
      },
      tables: this.#sources.map(({ schema, name, model, rows, jsonBytes }) => ({
        schema,
        name,
        model,
        rows,
        jsonBytes,
      })),
    };
  }

  async #openOurs(unlock: Unlock): Promise<LocalManifest> {
    const encryption = this.#report.kind === "backup" ? this.#report.encryption : "none";
    const identities =
      encryption === "passphrase"
        ? [await this.#openKey(unlock.passphrase ?? "")]
        : encryption === "recipients"
          ? parseIdentities(unlock.identity ?? "")
          : [];
    const entry = this.#entry(manifestEntryName(encryption));
    const stored = await readSmall(entry, MAX_STORED_MANIFEST_BYTES).catch((cause) => {
      throw damaged([], "Its manifest, which describes all the rest, cannot be read.", cause);
    });
    if (encryption === "none") return readManifest(stored);
    const bytes = await this.#decryptManifest(identities, stored, encryption);
    const manifest = readManifest(bytes);
    if (manifest.encryption !== encryption) {
      throw damaged([], "Its manifest belongs to another backup.");
    }
    return manifest;
  }

  /** Remembers the identity that fits: all other entries are encrypted to the same recipients. */
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
        if (!isNoMatch(cause)) {
          const what = "Its manifest, which describes all the rest, cannot be decrypted.";
          throw damaged([], what, cause);
        }
        noMatch = cause;
      }
    }
    if (encryption === "recipients") throw wrongIdentity(noMatch);
    throw damaged([], "Its key belongs to another backup.", noMatch);
  }

  async #openKey(passphrase: string): Promise<string> {
    try {
      const keyFile = await readSmall(this.#entry(KEY_ENTRY), MAX_KEY_BYTES);
      const decrypter = new Decrypter();
      for (const form of passphraseForms(passphrase)) decrypter.addPassphrase(form);
      const [identity] = findIdentities(await decrypter.decrypt(keyFile, "text"));
      if (identity === undefined) throw new Error("The key file holds no identity.");
      return identity;
    } catch (cause) {
      if (!isNoMatch(cause)) throw damaged([], "Its key cannot be read.", cause);
      throw new ArchiveProblem(
        {
          kind: "wrong-passphrase",
          message:
            "Check upper and lower case and spaces. Each backup has the passphrase that was chosen when it was made.",
        },
        { cause },
      );
    }
  }

  /** Of a small file that is no table. */
  async #checkDigest(name: string, maxBytes: number, expected: string | null): Promise<void> {
    if (expected === null) return;
    const entry = this.#entry(name);
    const sha256 = new Sha256();
    const isWhole = await readSmall(entry, maxBytes).then(
      (bytes) => {
        sha256.update(bytes);
        return sha256.digest() === expected;
      },
      () => false,
    );
    if (!isWhole) throw damaged([], `Its ${name} is not the one that it was made with.`);
  }

  #entry(name: string): JSZip.JSZipObject {
    const entry = this.#entries.get(name);
    if (!entry) throw incomplete(`It has no ${name}.`);
    return entry;
  }

  /** @throws ArchiveProblem where manifest and entries do not agree one to one */
  #match(manifest: LocalManifest): Source[] {
    const { tables, encryption } = manifest;
    const missing = tables.filter(({ entry }) => !this.#entries.has(entry));
    const [first] = missing;
    if (first) {
      const more =
        missing.length > 1 ? ` and ${formatNoun(missing.length - 1, "other table")}` : "";
      const verb = more ? "are" : "is";
      throw incomplete(`The table ${tableLabel(first)}${more} ${verb} missing from it.`);
    }
    const known = new Set([README_ENTRY, manifestEntryName(encryption)]);
    if (encryption === "passphrase") known.add(KEY_ENTRY);
    for (const { entry } of tables) known.add(entry);
    for (const name of this.#entries.keys()) {
      if (!known.has(name))
        throw damaged([], `It holds a file that it was not made with: ${name}.`);
    }
    return tables.map((table) => ({ ...table, manifest: table, entry: this.#entry(table.entry) }));
  }

  #originals(): Source[] {
    return flatJsonFiles(this.#entries.values()).map((entry) => ({
      schema: "",
      name: (entry.name.split("/").at(-1) ?? "").replace(/\.json$/, ""),
      model: null,
      rows: null,
      jsonBytes: entry._data.uncompressedSize,
      manifest: null,
      entry,
    }));
  }

  /**
   * Reads every table and compares its digests and rows with the manifest. Goes on behind a damaged one, so that
   * all of them are named.
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
    const broken: TableName[] = [];
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
        broken.push({ schema: source.schema, name: source.name });
        onTable(index, "damaged", rows, bytes);
      }
    }
    if (broken.length === 0) return { kind: "fine" };
    return damaged(
      broken,
      broken.length === 1
        ? "One table is not what was backed up."
        : `${formatNoun(broken.length, "table")} are not what was backed up.`,
    ).verdict;
  }

  /**
   * A table's JSON. Fails before its end where anything differs from the manifest.
   *
   * @throws ArchiveProblem, damaged; or the signal's reason
   */
  async *readTable(index: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    const { manifest, entry } = this.#source(index);
    try {
      if (!manifest) yield* abortable(chunksOf(readStored(entry)), signal);
      else yield* this.#readVerified(manifest, entry, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const { schema, name } = this.#source(index);
      throw damaged([{ schema, name }], "This table is not what was backed up.", cause);
    }
  }

  async *#readVerified(
    table: ManifestTable,
    entry: JSZip.JSZipObject,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    const stored = new Sha256();
    const json = new Sha256();
    const identity = this.#identity;
    const source = readStored(entry).pipeThrough(
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
      // A decompression bomb ends here.
      if (json.bytes > table.jsonBytes) throw new Error("The table is too long.");
      newlines += countNewlines(chunk);
      yield chunk;
    }
    const agrees =
      json.bytes === table.jsonBytes &&
      json.digest() === table.jsonSha256 &&
      (identity === null ||
        (stored.bytes === table.storedBytes && stored.digest() === table.storedSha256)) &&
      // One row a line, and the last line closes the array; that of no rows has a line of its own to open it.
      newlines === (table.rows === 0 ? 2 : table.rows + 1);
    if (!agrees) throw new Error("The table differs from the manifest.");
  }

  /** Reads a table to be browsed. @throws ArchiveProblem, RangeError above BROWSE_MAX_BYTES */
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
