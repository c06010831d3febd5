/** One archive that is opened in the browser. Does the worker's work, and can be used without a worker. */
import type { TableName, Unlock } from "../../lib/shared/api.ts";
import {
  ArchiveFault,
  damagedTables,
  differs,
  encryptedToOthers,
} from "../../lib/shared/archive/fault.ts";
import { isNoMatch } from "../../lib/shared/archive/identities.ts";
import type { ManifestTable } from "../../lib/shared/archive/manifest.ts";
import { findOriginalFiles } from "../../lib/shared/archive/original-files.ts";
import { ArchiveProblem, type LocalVerdict, problemOf } from "./archive-problem.ts";
import { type Column, columnsOfRows } from "./cells.ts";
import { readVerified } from "./decrypt-entry.ts";
import { BROWSE_MAX_BYTES } from "./limits.ts";
import { type LocalReport, openZip } from "./local-archive.ts";
import { openManifest } from "./open-manifest.ts";
import { chunksOf, countNewlines } from "./read-entry.ts";
import { RowIndex } from "./row-index.ts";
import type { TableChange } from "./worker-protocol.ts";
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
  /** How many tables the backup could choose from. Null if it does not say. */
  tablesInDatabase: number | null;
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
      const opened =
        this.#report.kind === "backup"
          ? await openManifest(this.#zip, this.#report.encryption, unlock)
          : null;
      const { manifest, identity } = opened ?? { manifest: null, identity: null };
      this.#identity = identity;
      this.#sources = manifest
        ? manifest.tables.map((table) => ({ ...table, manifest: table }))
        : await this.#originals();
      return {
        provesReadme: manifest?.readmeSha256 !== undefined,
        isEncrypted: identity !== null,
        madeOf: manifest && {
          createdAt: manifest.createdAt,
          tool: manifest.tool,
          databaseName: manifest.database.name,
        },
        tablesInDatabase: manifest?.tablesInDatabase ?? null,
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
    onTable: (...change: TableChange) => void,
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
      const stored = this.#zip.read(entry);
      const chunks = manifest ? readVerified(stored, manifest, this.#identity) : chunksOf(stored);
      for await (const chunk of chunks) {
        signal.throwIfAborted();
        yield chunk;
      }
    } catch (cause) {
      signal.throwIfAborted();
      const say = isNoMatch(cause) ? encryptedToOthers : differs;
      throw problemOf(say(entry, this.#source(index), cause));
    }
  }

  /** Reads a table for browsing. @throws ArchiveProblem, RangeError above BROWSE_MAX_BYTES */
  async openTable(
    index: number,
    onRead: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<OpenTable> {
    const { manifest, jsonBytes } = this.#source(index);
    if (jsonBytes > BROWSE_MAX_BYTES) throw new RangeError("The table is too large to be shown.");
    const json = new Uint8Array(jsonBytes);
    let bytes = 0;
    for await (const chunk of this.readTable(index, signal)) {
      if (bytes + chunk.length > jsonBytes)
        throw new RangeError("The table is longer than it says.");
      json.set(chunk, bytes);
      bytes += chunk.length;
      onRead(bytes);
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
