import { Readable } from "node:stream";
import { BackupError } from "../../errors.ts";
import type { Catalog } from "../../schema/catalog.ts";
import type { PrismaModels } from "../../schema/prisma-models.ts";
import type { EncryptionMode, Unlock, Warning } from "../../shared/api.ts";
import { findOriginalFiles, type OriginalFile } from "../../shared/archive/original-files.ts";
import type { Archive } from "../archive.ts";
import { notUnlocked, passphraseNeeded, throwJudged } from "../archive-error.ts";
import type { ArchiveKey } from "../encryption.ts";
import type { EntrySource } from "../entry-source.ts";
import type { Manifest, ManifestTable } from "../manifest.ts";
import { deriveKey } from "./decrypt-file.ts";
import { generalLosses } from "./losses.ts";
import { sameTable } from "./match-tables.ts";
import {
  fittedManifest,
  type PlannedManifest,
  plainManifest,
  type ScannedOriginal,
} from "./original-manifest.ts";
import { readFile } from "./read-file.ts";
import { readPlannedTable } from "./read-rows.ts";
import type { ScannedFile } from "./scan-file.ts";
import { scanFiles } from "./scan-files.ts";
import { splitRows } from "./split-rows.ts";

/**
 * Opens a backup by `@vorlefan/prisma-backup` 0.3.5 or 0.4.0. Closing it also closes the source.
 *
 * @throws ARCHIVE_INVALID or ARCHIVE_TRUNCATED for an incomplete file
 */
export async function openOriginal(source: EntrySource): Promise<Archive> {
  const { files, warnings } = await findOriginalFiles(source).catch(throwJudged);
  return new OriginalArchive(source, files, warnings);
}

class OriginalArchive implements Archive {
  readonly isOriginal = true;
  readonly encryption: EncryptionMode;
  readonly sizeBytes: number;
  readonly #source: EntrySource;
  readonly #files: OriginalFile[];
  readonly #ignored: Warning[];
  readonly #closed = new AbortController();
  #key: Buffer | null = null;
  #scanned: ScannedOriginal | undefined;
  #planned: PlannedManifest | undefined;

  constructor(source: EntrySource, files: OriginalFile[], ignored: Warning[]) {
    this.#source = source;
    this.#files = files;
    this.#ignored = ignored;
    this.sizeBytes = source.sizeBytes;
    this.encryption = files.some(({ isEncrypted }) => isEncrypted) ? "passphrase" : "none";
  }

  /** The manifest for the database that was passed last. */
  get manifest(): Manifest {
    return this.#unlocked.manifest;
  }

  get #unlocked(): PlannedManifest {
    if (!this.#planned) throw notUnlocked();
    return this.#planned;
  }

  /** Reads every file completely. There is no other way to learn their contents, or whether the password is right. */
  async unlock({ passphrase }: Unlock): Promise<void> {
    let key: Buffer | null = null;
    if (this.encryption === "passphrase") {
      if (!passphrase) throw passphraseNeeded("password");
      key = await deriveKey(passphrase);
    }
    const files = await scanFiles(this.#source, this.#files, key, this.#closed.signal);
    requireOneFilePerTable(files);
    const warnings = [...generalLosses(files), ...this.#ignored];
    this.#key = key;
    this.#scanned = { files, encryption: this.encryption, warnings };
    this.#planned = plainManifest(this.#scanned);
  }

  manifestFor(catalog: Catalog, models: PrismaModels): Manifest {
    if (!this.#scanned) throw notUnlocked();
    this.#planned = fittedManifest(this.#scanned, catalog, models);
    return this.#planned.manifest;
  }

  async keyForAnother(): Promise<ArchiveKey | null> {
    return this.encryption === "none" ? { mode: "none" } : null;
  }

  readTable(table: ManifestTable, signal?: AbortSignal): Readable {
    const stop = AbortSignal.any([this.#closed.signal, ...(signal ? [signal] : [])]);
    const options = { key: this.#key, signal: stop };
    const plan = this.#unlocked.plans.get(table.entry);
    if (!plan) throw new BackupError("INTERNAL", `The backup has no entry ${table.entry}.`);
    const rows = readPlannedTable(plan, (file) => {
      const content = readFile(this.#source, file, { ...options, sha256: file.sha256 });
      return splitRows(content, file.entry);
    });
    return Readable.from(rows, { objectMode: false });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#key = null;
    await this.#source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function requireOneFilePerTable(scanned: readonly ScannedFile[]): void {
  const named = scanned.filter(({ tableName }) => tableName !== null);
  for (const [name, files] of Map.groupBy(named, ({ tableName }) => tableName)) {
    if (name !== null && files.length > 1) throw sameTable(name, files);
  }
}
