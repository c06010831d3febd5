import zlib from "node:zlib";
import { BackupError, systemCodeOf } from "../errors.ts";
import { isSystemFile, wrappingFolder } from "../shared/archive/entry-names.ts";
import { damagedEntry } from "../shared/archive/fault.ts";
import { toArchiveError } from "./archive-error.ts";
import { inflate } from "./compression.ts";
import { collectEntry, headOf, readRange } from "./entry-content.ts";
import type { EntrySource } from "./entry-source.ts";
import { type OpenFile, openFile } from "./files.ts";
import { readZipStructure, type ZipEntry } from "./zip-structure.ts";

/**
 * Opens a zip file and checks its structure. If all entries are below one folder, because a backup's folder was packed,
 * the entries are named relative to it.
 *
 * @throws NOT_FOUND, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function openZipSource(path: string): Promise<EntrySource> {
  const file = await openZip(path);
  try {
    const { size } = await file.stat();
    return new ZipSource(file, size, await readZipStructure(file, size));
  } catch (error) {
    await file.close();
    throw error;
  }
}

class ZipSource implements EntrySource {
  readonly kind = "zip";
  readonly sizeBytes: number;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly others = [];
  readonly #file: OpenFile;
  #closing: Promise<void> | undefined;

  constructor(file: OpenFile, sizeBytes: number, entries: Map<string, ZipEntry>) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    const own = [...entries.values()].filter(({ name }) => !isSystemFile(name));
    const start = wrappingFolder(own.map(({ name }) => name)).length;
    this.entries = new Map(
      own.map((entry) => {
        const name = entry.name.slice(start);
        return [name, { ...entry, name }];
      }),
    );
  }

  read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entry(name);
    const raw = readRange(this.#file, entry.dataStart, entry.dataEnd);
    return entry.deflated ? inflate(raw, entry.sizeBytes) : raw;
  }

  readHead(name: string): Promise<string> {
    return headOf(this.read(name));
  }

  /** Checks the zip's own size and CRC-32. */
  async readBytes(name: string, maxBytes: number): Promise<Buffer> {
    const entry = this.#entry(name);
    const content = await collectEntry(this.read(name), entry, maxBytes);
    if (zlib.crc32(content) !== entry.crc32) {
      throw toArchiveError(damagedEntry(name));
    }
    return content;
  }

  #entry(name: string): ZipEntry {
    const entry = this.entries.get(name);
    if (!entry) throw new BackupError("INTERNAL", `The backup has no file ${name}.`);
    return entry;
  }

  close(): Promise<void> {
    this.#closing ??= this.#file.close();
    return this.#closing;
  }
}

async function openZip(path: string): Promise<OpenFile> {
  try {
    return await openFile(path);
  } catch (cause) {
    throw new BackupError("NOT_FOUND", `The backup cannot be opened (${systemCodeOf(cause)}).`, {
      cause,
    });
  }
}
