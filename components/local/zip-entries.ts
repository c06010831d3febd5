import JSZip from "jszip";
import { isOutside, isSystemFile, wrappingFolder } from "../../lib/shared/archive/entry-names.ts";
import { type EntryReader, HEAD_BYTES } from "../../lib/shared/archive/entry-reader.ts";
import {
  damagedEntry,
  duplicateEntry,
  outsideEntry,
  oversizedEntry,
  specialEntry,
} from "../../lib/shared/archive/fault.ts";
import {
  checkZipEnds,
  ZIP_HEAD_BYTES,
  ZIP_TAIL_BYTES,
  zipDamaged,
} from "../../lib/shared/archive/zip-ends.ts";
import { chunksOf, readSmall, readStored } from "./read-entry.ts";

interface ZipEntry {
  name: string;
  sizeBytes: number;
  object: JSZip.JSZipObject;
}

/** Checks the beginning and the end of a file. @throws ArchiveFault */
export async function checkEnds(file: Blob): Promise<{ entryCount: number | null }> {
  const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
  const tail = await bytesOf(file.slice(Math.max(0, file.size - ZIP_TAIL_BYTES)));
  return checkZipEnds(await bytesOf(file.slice(0, ZIP_HEAD_BYTES)), tail, file.size);
}

/** The entries of a zip in the browser. The file is in memory as a whole, its entries are not. */
export class ZipEntries implements EntryReader {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly others = [];

  private constructor(entries: ReadonlyMap<string, ZipEntry>) {
    this.entries = entries;
  }

  /** @param entryCount as the zip's end states it, if it does. @throws ArchiveFault */
  static async open(file: Blob, entryCount: number | null): Promise<ZipEntries> {
    const zip = await JSZip.loadAsync(await file.arrayBuffer()).catch((cause) => {
      throw zipDamaged(cause);
    });
    const objects = Object.values(zip.files);
    const files = objects.filter(({ dir }) => !dir);
    // If several entries have the same name, JSZip keeps only the last.
    if (files.length === objects.length && entryCount !== null && entryCount !== files.length) {
      throw duplicateEntry();
    }
    const named = files.map((object) => ({ name: nameOf(object), object }));
    for (const { name, object } of named) {
      const asPacked = object.unsafeOriginalName ?? name;
      if (isOutside(asPacked)) throw outsideEntry(asPacked);
      if (isSpecial(object)) throw specialEntry(name);
    }
    const own = named.filter(({ name }) => !isSystemFile(name));
    const start = wrappingFolder(own.map(({ name }) => name)).length;
    return new ZipEntries(
      new Map(
        own.map(({ name, object }) => {
          const entry = { name: name.slice(start), object };
          return [entry.name, { ...entry, sizeBytes: object._data.uncompressedSize }];
        }),
      ),
    );
  }

  /** Reads an entry's content as a zip tool extracts it. */
  read(name: string): ReadableStream<Uint8Array> {
    return readStored(this.#entry(name).object);
  }

  async readHead(name: string): Promise<string> {
    const latin1 = new TextDecoder("latin1");
    let head = "";
    try {
      for await (const chunk of chunksOf(this.read(name))) {
        head += latin1.decode(chunk);
        if (head.length >= HEAD_BYTES) break;
      }
    } catch (cause) {
      throw damagedEntry(name, cause);
    }
    return head.slice(0, HEAD_BYTES);
  }

  async readBytes(name: string, maxBytes: number): Promise<Uint8Array> {
    const { object, sizeBytes } = this.#entry(name);
    if (sizeBytes > maxBytes) throw oversizedEntry(name);
    return readSmall(object, sizeBytes).catch((cause) => {
      throw damagedEntry(name, cause);
    });
  }

  #entry(name: string): ZipEntry {
    const entry = this.entries.get(name);
    if (!entry) throw new RangeError(`The zip has no entry ${name}.`);
    return entry;
  }
}

/** Old tools on Windows separate folders with backslashes. On other systems a backslash is an ordinary character. */
const nameOf = ({ name, unixPermissions, dosPermissions }: JSZip.JSZipObject): string =>
  unixPermissions === null && dosPermissions !== null ? name.replaceAll("\\", "/") : name;

const FILE_TYPE = 0o170000;
const REGULAR_FILE = 0o100000;

function isSpecial({ unixPermissions }: JSZip.JSZipObject): boolean {
  const type = Number(unixPermissions ?? 0) & FILE_TYPE;
  return type !== 0 && type !== REGULAR_FILE;
}
