import { isSystemFile, wrappingFolder } from "../shared/archive/entry-names.ts";
import { unopenable } from "./archive-error.ts";
import { inflate } from "./compression.ts";
import { EntrySource, readRange } from "./entry-source.ts";
import { type OpenFile, openFile } from "./files.ts";
import { readZipStructure, type ZipEntry } from "./zip-structure.ts";

/**
 * Opens a zip file and checks its structure. If all entries are below one folder, they are named relative to it.
 *
 * @throws NOT_FOUND, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function openZipSource(path: string): Promise<EntrySource> {
  const file = await openFile(path).catch((cause) => {
    throw unopenable(cause);
  });
  try {
    const { size } = await file.stat();
    return new ZipSource(file, size, await readZipStructure(file, size));
  } catch (error) {
    await file.close();
    throw error;
  }
}

class ZipSource extends EntrySource<ZipEntry> {
  readonly kind = "zip";
  readonly sizeBytes: number;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly others = [];
  readonly #file: OpenFile;
  #closing: Promise<void> | undefined;

  constructor(file: OpenFile, sizeBytes: number, entries: Map<string, ZipEntry>) {
    super();
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
    const entry = this.entry(name);
    const raw = readRange(this.#file, entry.dataStart, entry.dataEnd);
    return entry.deflated ? inflate(raw, entry.sizeBytes) : raw;
  }

  close(): Promise<void> {
    this.#closing ??= this.#file.close();
    return this.#closing;
  }
}
